"""Laws of deciding: a second evaluator agrees, caps hold, order between accounts does not matter, more money earns no less."""

from collections import Counter
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accrual.domain.accounts import AccountState
from accrual.domain.compiler import compile_document
from accrual.domain.decisions import Decision, Grant, Operation, Refusal
from accrual.domain.documents import read_json
from accrual.domain.facts import Line, Purchase
from accrual.domain.programme import Programme

from .builders import FRIDAY_NOON, NEW, a_purchase
from .naive import Naive

QUICK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

_CATEGORIES, _BRANDS, _LABELS = ("rock", "jazz", "pop"), ("x", "y"), ("new", "sale")
_RULE_CAPS = (
    [{"points": "60", "per": "day"}],
    [{"times": "1", "per": "day"}],
    [{"points": "50", "per": "receipt"}, {"points": "70", "per": "month"}],
)
_PROGRAMME_CAPS = ([], [{"points": "120", "per": "day"}], [{"times": "2", "per": "month"}, {"points": "150", "per": "ever"}])
_WITH = st.sampled_from(("with", "without"))
_BASES = st.fixed_dictionaries({"amount": st.sampled_from(("after_discounts", "before_discounts")), "tax": _WITH, "delivery": _WITH})
_ROUNDINGS = st.fixed_dictionaries({"mode": st.sampled_from(("floor", "half_up", "ceil")), "per": st.sampled_from(("rule", "receipt"))})


def _some(words: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(words), min_size=1, max_size=2, unique=True)


@st.composite
def _whens(draw: st.DrawFn) -> dict[str, Any]:
    when: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "category": _some(_CATEGORIES),
                "brand": _some(_BRANDS),
                "label": _some(_LABELS),
                "store": st.just(["s1"]),
                "days": st.sampled_from((["fri", "sat"], ["mon"])),
                "minimum": st.sampled_from(("10.00", "0.01")),
                "quantity": st.sampled_from(("1.5", "3")),
                "first_purchase": st.just("true"),
            },
        ).filter(lambda when: len(when) < 4)
    )
    if draw(st.integers(0, 3)) == 0:
        kind, words = draw(st.sampled_from((("category", _CATEGORIES), ("brand", _BRANDS), ("label", _LABELS))))
        free = [word for word in words if word not in when.get(kind, [])]
        if free:
            when["exclude"] = {kind: [free[0]]}
    return when


@st.composite
def _rules(draw: st.DrawFn, *, number: int, base: list[str], stacking: bool) -> dict[str, Any]:
    kinds = ["money", "money", "visit", "unit", "fixed"] + (["multiply", "multiply"] if base else [])
    kind = draw(st.sampled_from(kinds))
    name = f"{kind}-{number}"
    if kind == "fixed":
        give: dict[str, Any] = {"fixed": str(draw(st.integers(1, 50)))}
    elif kind == "multiply":
        give = {"multiply": draw(st.sampled_from(("1.5", "2", "1.25", "3")))}
        if draw(st.booleans()):
            give["of"] = [draw(st.sampled_from(base))]
    else:
        per = draw(st.sampled_from(("1.00", "3", "0.75", "20.00"))) if kind == "money" else kind
        give = {"points": str(draw(st.integers(1, 9))), "per": per}
        if kind == "money" and draw(st.integers(0, 3)) == 0:
            give["whole_steps"] = "true"
    rule = {"id": name, "give": give, "when": draw(_whens()), "priority": str(draw(st.integers(-2, 2)))}
    if stacking and draw(st.integers(0, 2)) == 0:
        rule["stacking"] = draw(st.sampled_from(("exclusive", "best_of", "best_of")))
        if rule["stacking"] == "best_of":
            rule["group"] = "multipliers" if kind == "multiply" else draw(st.sampled_from(("g1", "g2")))
    if draw(st.integers(0, 2)) == 0:
        rule["cap"] = draw(st.sampled_from(_RULE_CAPS))
    if draw(st.integers(0, 7)) == 0:
        rule["enabled"] = False
    return rule


@st.composite
def documents(draw: st.DrawFn, *, stacking: bool = True) -> dict[str, Any]:
    rules: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 6))):
        base = [rule["id"] for rule in rules if "points" in rule["give"]]
        rules.append(draw(_rules(number=number, base=base, stacking=stacking)))
    terms = {"basis": draw(_BASES), "rounding": draw(_ROUNDINGS), "decimals": str(draw(st.integers(0, 2)))}
    cap = draw(st.sampled_from(_PROGRAMME_CAPS))
    document = {
        "programme": "shop",
        "version": "1",
        "effective_from": "2020-01-01",
        "zone": "UTC",
        "currency": "EUR",
        "merchants": ["shop"],
        "points": {"name": {"en": "p"}, "worth": "0.01"} | terms,
        "earning": draw(st.permutations(rules)),
    }
    return document | {"cap": cap} if cap else document


_LINES = st.builds(
    Line,
    line_id=st.just("?"),
    sku=st.just("s"),
    paid_amount=st.integers(0, 60_00),
    list_amount=st.none() | st.integers(0, 80_00),
    tax_amount=st.integers(0, 9_00),
    quantity=st.sampled_from((1000, 1500, 3000)),
    category=st.sampled_from((*_CATEGORIES, None)),
    brand=st.sampled_from((*_BRANDS, None)),
    labels=st.lists(st.sampled_from(_LABELS), max_size=2, unique=True).map(tuple),
)


@st.composite
def purchases(draw: st.DrawFn) -> Purchase:
    drawn = draw(st.lists(_LINES, min_size=1, max_size=3))
    lines = tuple(Line(**{name: getattr(line, name) for name in Line.__slots__ if name != "line_id"}, line_id=str(number)) for number, line in enumerate(drawn))
    return a_purchase(
        *lines,
        delivery_amount=draw(st.sampled_from((0, 0, 5_00))),
        delivery_tax_amount=draw(st.sampled_from((0, 80))),
        store=draw(st.sampled_from((None, "s1", "s2"))),
        occurred_at=FRIDAY_NOON + timedelta(days=draw(st.integers(0, 3))),
    )


def compiled(document: dict[str, Any]) -> Programme:
    return compile_document(read_json(document))


def exact(decision: Decision, *operations: Operation) -> dict[str, Fraction]:
    assert not isinstance(decision, Refusal)
    steps = [step for step in decision.explanation.steps if step.operation in operations]
    found = {step.rule: Fraction(step.points_exact) for step in steps}
    assert len(found) == len(steps)
    return found


@QUICK
@given(document=documents(), shopping=st.lists(purchases(), min_size=1, max_size=4))
def test_a_second_evaluator_agrees_to_the_last_fraction(document: dict[str, Any], shopping: list[Purchase]):
    programme, state = compiled(document), NEW
    counters: dict[tuple[str, str], int] = {}
    for count, purchase in enumerate(shopping):
        expected = Naive(document, purchase, purchases=count, counters=counters).evaluate()
        decision, state = programme.earn(purchase, state)
        assert not isinstance(decision, Refusal)
        assert exact(decision, Operation.EARN, Operation.MULTIPLY, Operation.FIXED) == expected.exact
        assert {each.rule: each.reason for each in decision.explanation.not_given} == expected.silent
        assert decision.explanation.points == sum(expected.whole.values())
        assert dict(decision.counters if isinstance(decision, Grant) else ()) == expected.counters
        counters |= expected.counters


@QUICK
@given(document=documents(), purchase=purchases())
def test_the_steps_add_up_to_the_points_and_every_rule_is_spoken_of_once(document: dict[str, Any], purchase: Purchase):
    decision = compiled(document).decide(purchase, NEW)
    assert not isinstance(decision, Refusal)
    explanation = decision.explanation
    assert sum(Fraction(step.points_exact) for step in explanation.steps) == explanation.points
    giving = [step.rule for step in explanation.steps if step.operation in (Operation.EARN, Operation.MULTIPLY, Operation.FIXED)]
    assert sorted(giving + [each.rule for each in explanation.not_given]) == sorted(rule["id"] for rule in document["earning"])
    assert all(step.text for step in explanation.steps)
    assert all(each.text for each in explanation.not_given)


@QUICK
@given(document=documents(), shopping=st.lists(purchases(), min_size=1, max_size=8))
def test_caps_are_never_exceeded(document: dict[str, Any], shopping: list[Purchase]):
    programme, state = compiled(document), NEW
    for purchase in shopping:
        _, state = programme.earn(purchase, state)
    scale = 10 ** int(document["points"]["decimals"])
    caps = {("programme", f"{'points' if 'points' in cap else 'times'}/{cap['per']}"): cap for cap in document.get("cap", [])}
    caps |= {(rule["id"], f"{'points' if 'points' in cap else 'times'}/{cap['per']}"): cap for rule in document["earning"] for cap in rule.get("cap", [])}
    for (rule, period), count in state.counters.items():
        cap = caps[rule, period.partition(":")[0]]
        assert 0 < count <= (int(cap["points"]) * scale if "points" in cap else int(cap["times"]))


@QUICK
@given(document=documents(stacking=False), purchase=purchases(), more=st.integers(1, 50_00))
def test_paying_more_never_earns_less(document: dict[str, Any], purchase: Purchase, more: int):
    programme = compiled(document)
    first, *rest = purchase.lines
    dearer = Line(**{name: getattr(first, name) for name in Line.__slots__ if name != "paid_amount"}, paid_amount=first.paid_amount + more)
    less, greater = programme.decide(purchase, NEW), programme.decide(a_purchase(dearer, *rest, **_rest_of(purchase)), NEW)
    assert not isinstance(less, Refusal)
    assert not isinstance(greater, Refusal)
    assert less.explanation.points <= greater.explanation.points


def _rest_of(purchase: Purchase) -> dict[str, Any]:
    return {name: getattr(purchase, name) for name in ("delivery_amount", "delivery_tax_amount", "store", "occurred_at")}


@QUICK
@given(document=documents(), shopping=st.lists(st.tuples(st.integers(0, 2), purchases()), min_size=2, max_size=9), data=st.data())
def test_the_order_between_accounts_changes_nothing(document: dict[str, Any], shopping: list[tuple[int, Purchase]], data: st.DataObject):
    programme = compiled(document)
    places = data.draw(st.permutations([holder for holder, _ in shopping]))
    queues = {holder: iter([purchase for who, purchase in shopping if who == holder]) for holder in set(places)}
    shuffled = [(holder, next(queues[holder])) for holder in places]
    assert _balances(programme, shopping) == _balances(programme, shuffled)


def _balances(programme: Programme, shopping: list[tuple[int, Purchase]]) -> tuple[Counter[int], dict[int, AccountState]]:
    balances: Counter[int] = Counter()
    states: dict[int, AccountState] = {}
    for holder, purchase in shopping:
        decision, states[holder] = programme.earn(purchase, states.get(holder, NEW))
        assert not isinstance(decision, Refusal)
        balances[holder] += decision.explanation.points
    return balances, states


@QUICK
@given(document=documents(), purchase=purchases())
def test_compiling_again_decides_the_same_and_decides_the_same_twice(document: dict[str, Any], purchase: Purchase):
    programme = compiled(document)
    decisions = [programme.decide(purchase, NEW), programme.decide(purchase, NEW), compiled(document).decide(purchase, NEW)]
    assert all(one == other for one, other in pairwise(decisions))
