"""Laws of deciding: a second evaluator agrees, caps hold, order between accounts does not matter, more money earns no less."""

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.budgets import budget_key
from accrual.domain.compiler import compile_document
from accrual.domain.decisions import Decision, Operation, Refusal
from accrual.domain.document.reading import read_json
from accrual.domain.facts import Line, Purchase
from accrual.domain.programme import Programme

from .arbitrary import Chance, a_programme_document, some_purchases, somebody
from .builders import NEW, a_purchase
from .naive import Naive

QUICK = settings(max_examples=50, deadline=None)
SEEDED = st.randoms(use_true_random=True)
GIVING = (Operation.EARN, Operation.MULTIPLY, Operation.FIXED, Operation.REWARD)


def arbitrary(chance: Chance, *, purchases: int, stacking: bool = True, campaigns: bool | None = None) -> tuple[dict[str, Any], list[Purchase]]:
    document, shopping = a_programme_document(chance, stacking=stacking, campaigns=campaigns), some_purchases(chance, purchases)
    note(f"{document}\n{shopping}")
    return document, shopping


def compiled(document: dict[str, Any]) -> Programme:
    return compile_document(read_json(document))


def exact(decision: Decision, *operations: Operation) -> dict[str, Fraction]:
    assert not isinstance(decision, Refusal)
    steps = [step for step in decision.explanation.steps if step.operation in operations]
    found = {step.rule: Fraction(step.points_exact) for step in steps}
    assert len(found) == len(steps)
    return found


@QUICK
@given(chance=SEEDED)
def test_a_second_evaluator_agrees_to_the_last_fraction(chance: Chance):
    document, shopping = arbitrary(chance, purchases=4)
    programme, state = compiled(document), somebody(chance)
    counters: dict[tuple[str, str], int] = {}
    shared: dict[tuple[str, str], int] = {}
    note(state)
    for count, purchase in enumerate(shopping):
        expected = Naive(document, purchase, purchases=count, counters=counters, shared=shared, profile=state.profile).evaluate()
        decision, state = programme.earn(purchase, state)
        assert not isinstance(decision, Refusal)
        assert exact(decision, *GIVING) == expected.exact
        assert {each.rule: each.reason for each in decision.explanation.not_given} == expected.silent
        assert decision.explanation.points == sum(expected.whole.values())
        assert dict(decision.counters) == expected.counters
        assert dict(decision.effects.shared) == expected.shared
        assert {reward.rule: reward.quantity for reward in decision.effects.rewards} == expected.rewards
        assert {key for key, _ in decision.counters} <= set(programme.counters(purchase))
        assert {key for key, _ in decision.effects.shared} <= set(programme.shared(purchase))
        counters |= expected.counters
        shared |= expected.shared


@QUICK
@given(chance=SEEDED)
def test_the_steps_add_up_to_the_points_and_every_rule_is_spoken_of_once(chance: Chance):
    document, (purchase,) = arbitrary(chance, purchases=1)
    decision = compiled(document).decide(purchase, somebody(chance))
    assert not isinstance(decision, Refusal)
    explanation = decision.explanation
    assert sum(Fraction(step.points_exact) for step in explanation.steps) == explanation.points
    giving = [step.rule for step in explanation.steps if step.operation in GIVING and not step.rule.startswith("tier:")]
    assert sorted(giving + [each.rule for each in explanation.not_given]) == sorted(rules_of(document))
    assert all(step.text for step in explanation.steps)
    assert all(each.text for each in explanation.not_given)


@QUICK
@given(chance=SEEDED)
def test_caps_are_never_exceeded(chance: Chance):
    document, shopping = arbitrary(chance, purchases=8)
    programme, state = compiled(document), somebody(chance)
    for purchase in shopping:
        _, state = programme.earn(purchase, state)
    scale = 10 ** int(document["points"]["decimals"])
    caps = {("programme", f"{'points' if 'points' in cap else 'times'}/{cap['per']}"): cap for cap in document.get("cap", [])}
    caps |= {
        (name, f"{'points' if 'points' in cap else 'times'}/{cap['per']}"): cap for name, rule in rules_of(document).items() for cap in rule.get("cap", [])
    }
    for (rule, period), count in state.counters.items():
        assert count > 0
        if period.startswith(("points/", "times/")):
            cap = caps[rule, period.partition(":")[0]]
            assert count <= (int(cap["points"]) * scale if "points" in cap else int(cap["times"]))


@QUICK
@given(chance=SEEDED)
def test_budgets_are_used_by_what_is_given_and_never_exceeded_whoever_buys_in_whatever_order(chance: Chance):
    document, shopping = arbitrary(chance, purchases=9, campaigns=True)
    programme, scale = compiled(document), 10 ** int(document["points"]["decimals"])
    states, shared, given = [somebody(chance) for _ in range(3)], dict[CounterKey, int](), Counter[str]()
    for purchase in shopping:
        who = chance.randint(0, 2)
        decision, states[who] = programme.earn(purchase, states[who]._replace(shared=shared))
        assert not isinstance(decision, Refusal)
        shared = dict(states[who].shared)
        for campaign in document["campaigns"]:
            given[campaign["id"]] += sum(whole_points(decision, campaign["id"]))
    for campaign in document["campaigns"]:
        used = {what: shared.get(budget_key(campaign["id"], what), 0) for what in ("points", "grants", "money/EUR")}
        budget = campaign.get("budget", {})
        assert used["points"] <= int(budget.get("points", 0)) * scale
        assert used["grants"] <= int(budget.get("grants", 0))
        assert used["money/EUR"] <= Fraction(budget.get("money", 0)) * 100
        if "points" in budget and document["points"]["rounding"]["per"] == "rule" and "cap" not in document:
            assert used["points"] == given[campaign["id"]]


def whole_points(decision: Decision, campaign: str) -> list[Fraction]:
    assert not isinstance(decision, Refusal)
    return [Fraction(step.points_exact) for step in decision.explanation.steps if step.rule == campaign or step.rule.startswith(f"{campaign}/")]


def rules_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All rules by the ids that explanations know them by."""
    overlays = {f"{campaign['id']}/{rule['id']}": rule for campaign in document.get("campaigns", []) for rule in campaign["earning"]}
    return {rule["id"]: rule for rule in document["earning"]} | overlays


@QUICK
@given(chance=SEEDED, more=st.integers(1, 50_00))
def test_paying_more_never_earns_less(chance: Chance, more: int):
    document, (purchase,) = arbitrary(chance, purchases=1, stacking=False)
    programme = compiled(document)
    first, *rest = purchase.lines
    dearer = Line(**{name: getattr(first, name) for name in Line._fields if name != "paid_amount"}, paid_amount=first.paid_amount + more)
    who = somebody(chance)
    less, greater = programme.decide(purchase, who), programme.decide(a_purchase(dearer, *rest, **_rest_of(purchase)), who)
    assert not isinstance(less, Refusal)
    assert not isinstance(greater, Refusal)
    assert less.explanation.points <= greater.explanation.points


def _rest_of(purchase: Purchase) -> dict[str, Any]:
    return {name: getattr(purchase, name) for name in ("delivery_amount", "delivery_tax_amount", "store", "occurred_at", "payments")}


@QUICK
@given(chance=SEEDED)
def test_the_order_between_accounts_changes_nothing_but_what_budgets_have_left(chance: Chance):
    document, bought = arbitrary(chance, purchases=9)
    programme = compiled(document)
    shopping = [(chance.randint(0, 2), purchase) for purchase in bought]
    places = [holder for holder, _ in shopping]
    chance.shuffle(places)
    queues = {holder: iter([purchase for who, purchase in shopping if who == holder]) for holder in set(places)}
    shuffled = [(holder, next(queues[holder])) for holder in places]
    assert _balances(programme, shopping) == _balances(programme, shuffled)


def _balances(programme: Programme, shopping: list[tuple[int, Purchase]]) -> tuple[Counter[int], dict[int, AccountState]]:
    balances: Counter[int] = Counter()
    states: dict[int, AccountState] = {}
    for holder, purchase in shopping:
        decision, states[holder] = programme.earn(purchase, states.get(holder, NEW)._replace(shared={}))
        assert not isinstance(decision, Refusal)
        balances[holder] += decision.explanation.points
    return balances, states


@QUICK
@given(chance=SEEDED)
def test_compiling_again_decides_the_same_and_so_does_deciding_again(chance: Chance):
    document, (purchase,) = arbitrary(chance, purchases=1)
    programme = compiled(document)
    who = somebody(chance)
    decisions = [programme.decide(purchase, who), programme.decide(purchase, who), compiled(document).decide(purchase, who)]
    assert all(one == other for one, other in pairwise(decisions))
