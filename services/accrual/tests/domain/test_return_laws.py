"""Laws of returns, over arbitrary programmes: how many returns there were never matters, nothing is taken twice, all back is all undone."""

from fractions import Fraction
from math import ceil, floor
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from accrual.domain.accounts import AccountState, Profile
from accrual.domain.compiler import compile_document
from accrual.domain.decisions import Operation, Refusal
from accrual.domain.document.reading import read_json
from accrual.domain.facts import Line, Purchase
from accrual.domain.given import Given, given_of
from accrual.domain.keeping import NOTHING, Kept, keep, undone
from accrual.domain.programme import Programme
from accrual.domain.returns import Returned, left_of

from .arbitrary import Chance, a_programme_document, so_far, some_purchases, some_returns, some_terms_of_return, somebody
from .builders import NEW, a_purchase
from .naive import Naive

QUICK = settings(max_examples=40, deadline=None)
SEEDED = st.randoms(use_true_random=True)
GIVING = (Operation.EARN, Operation.MULTIPLY, Operation.FIXED, Operation.REWARD)


class Story:
    """An arbitrary programme, purchases before the one that comes back, that one, and its returns."""

    def __init__(self, chance: Chance, *, returns: bool = True, document: dict[str, Any] | None = None) -> None:
        self.document = a_programme_document(chance) if document is None else document
        if returns:
            self.document["returns"] = some_terms_of_return(chance, self.document)
        self.programme: Programme = compile_document(read_json(self.document))
        *past, self.purchase = some_purchases(chance, 4)
        self.before = somebody(chance)
        for purchase in past:
            _, self.before = self.programme.earn(purchase, self.before)
        decision, self.after = self.programme.earn(self.purchase, self.before)
        assert not isinstance(decision, Refusal)
        self.decision = decision
        self.given: Given = given_of(decision.explanation)
        self.parts = some_returns(chance, self.purchase, 6)
        note(f"{self.document}\n{self.purchase}\n{self.before}\n{self.parts}")

    def keep(self, returned: Returned) -> Kept:
        return keep(self.programme, self.purchase, self.given, returned)


def held(state: AccountState) -> dict[Any, int]:
    return {key: value for key, value in state.counters.items() if value}


@QUICK
@given(chance=SEEDED)
def test_what_did_not_come_back_at_all_is_kept_with_all_its_counters(chance: Chance):
    story = Story(chance)
    kept = story.keep(Returned())
    assert kept.points == story.given.points
    assert kept.stands
    assert dict(kept.counters) == {key: value - story.before.counters.get(key, 0) for key, value in story.decision.counters}
    assert dict(kept.shared) == {key: value - story.before.shared.get(key, 0) for key, value in story.decision.effects.shared}
    assert kept.rewards == story.decision.effects.rewards
    given = {step[:4] for step in story.decision.explanation.steps if step.operation in GIVING}
    assert {step[:4] for step in kept.explanation.steps if step.operation in GIVING} == given or not kept.points


@QUICK
@given(chance=SEEDED)
def test_a_full_return_takes_all_that_was_granted_and_the_account_is_as_if_the_purchase_never_was(chance: Chance):
    story = Story(chance)
    state, kept = story.after, story.keep(Returned())
    for number in range(1, len(story.parts) + 1):
        less = story.keep(so_far(story.parts[:number]))
        state, _ = undone(state, kept, less)
        kept = less
    rest = left_of(story.purchase, so_far(story.parts))
    nothing = story.keep(so_far([*story.parts, rest]))
    assert (nothing.points, nothing.counters, nothing.stands, nothing.shared, nothing.rewards, nothing.coupons) == (0, (), False, (), (), frozenset())
    state, _ = undone(state, kept, nothing)
    assert (state.purchases, held(state)) == (story.before.purchases, held(story.before))
    at_once, _ = undone(story.after, story.keep(Returned()), NOTHING)
    assert (at_once.purchases, held(at_once)) == (state.purchases, held(state))


@QUICK
@given(chance=SEEDED)
def test_every_return_keeps_no_more_than_the_one_before_and_its_steps_add_up(chance: Chance):
    story = Story(chance)
    most = story.given.points
    for number in range(1, len(story.parts) + 1):
        kept = story.keep(so_far(story.parts[:number]))
        assert 0 <= kept.points <= most
        assert sum(Fraction(step.points_exact) for step in kept.explanation.steps) == kept.points
        assert all(step.text for step in kept.explanation.steps)
        whole = dict((*story.keep(Returned()).counters, *story.keep(Returned()).shared))
        assert all(0 < value <= whole[key] for key, value in (*kept.counters, *kept.shared))
        most = kept.points


@QUICK
@given(chance=SEEDED)
def test_neither_the_order_nor_the_number_of_returns_matters(chance: Chance):
    story = Story(chance)
    shuffled = list(story.parts)
    chance.shuffle(shuffled)
    ends = []
    for parts in (story.parts, shuffled, [so_far(story.parts)]):
        state, kept, taken = story.after, story.keep(Returned()), 0
        for number in range(1, len(parts) + 1):
            less = story.keep(so_far(parts[:number]))
            state, _ = undone(state, kept, less)
            taken, kept = taken + kept.points - less.points, less
        ends.append((taken, kept, held(state), state.purchases))
    assert ends[0] == ends[1] == ends[2]


@QUICK
@given(chance=SEEDED)
def test_a_second_evaluator_keeps_the_same(chance: Chance):
    story = Story(chance, returns=False, document=a_programme_document(chance, campaigns=False, tracking=False))
    returned = so_far(story.parts)
    assert story.keep(returned).points == _naively(story, returned)


@QUICK
@given(chance=SEEDED)
def test_a_share_of_the_money_is_kept_to_the_smallest_unit(chance: Chance):
    document = a_programme_document(chance) | {"returns": {"by": "money"}}
    (purchase,) = some_purchases(chance, 1)
    programme = compile_document(read_json(document))
    decision = programme.decide(purchase, NEW)
    assert not isinstance(decision, Refusal)
    returned = so_far(some_returns(chance, purchase, 4))
    note(f"{document}\n{purchase}\n{returned}")
    naive = Naive(document, _left(document, purchase, returned), purchases=0, counters={})
    whole = Naive(document, purchase, purchases=0, counters={})
    total, left = (
        sum(map(whole.money, purchase.lines)) + whole.delivery(),
        sum(line.paid_amount for line in naive.purchase.lines) + naive.purchase.delivery_amount,
    )
    stands = bool(naive.purchase.lines)
    exact = decision.explanation.points * (Fraction(left, total) if total else Fraction(stands))
    rounded = {"floor": floor(exact), "ceil": ceil(exact), "half_up": floor(exact + Fraction(1, 2))}[document["points"]["rounding"]["mode"]]
    assert keep(programme, purchase, given_of(decision.explanation), returned).points == rounded


def _left(document: dict[str, Any], purchase: Purchase, returned: Returned) -> Purchase:
    """What is left of a purchase, written from the meaning of returns: lines cost what counts of them, delivery too."""
    naive = Naive(document, purchase, purchases=0, counters={})
    lines = []
    for line in purchase.lines:
        quantity, amount = returned.lines.get(line.line_id, (0, 0))
        if quantity < line.quantity:
            share = Fraction(line.paid_amount - amount, line.paid_amount) if line.paid_amount else Fraction(line.quantity - quantity, line.quantity)
            more = {"category": line.category, "brand": line.brand, "labels": line.labels, "quantity": line.quantity - quantity}
            lines.append(Line(line_id=line.line_id, sku=line.sku, paid_amount=floor(naive.money(line) * share), **more))
    delivery = 0
    if purchase.delivery_amount:
        delivery = floor(naive.delivery() * Fraction(purchase.delivery_amount - returned.delivery_amount, purchase.delivery_amount))
    return a_purchase(*lines, delivery_amount=delivery)


def _naively(story: Story, returned: Returned) -> int:
    """Ask a document of the giving rules alone, without conditions on anything but goods; what caps had left them is a cap on a receipt."""
    rules = []
    for rule in story.document["earning"]:
        if rule["id"] in story.given.rules:
            when = {key: words for key, words in rule["when"].items() if key in ("category", "brand", "label", "exclude")}
            most = story.given.rules[rule["id"]]
            scale = 10 ** int(story.document["points"]["decimals"])
            caps = [] if most is None else [{"points": str(Fraction(most, scale)), "per": "receipt"}]
            rules.append({"id": rule["id"], "give": rule["give"], "when": when, "priority": rule["priority"], "cap": caps})
    level = next((rule.removeprefix("tier:") for rule in story.given.rules if rule.startswith("tier:")), None)
    terms = story.document["points"] | {"basis": {"delivery": "with"}}
    sections = {"points": terms, "earning": rules, "tiers": story.document.get("tiers", {})}
    left = _left(story.document, story.purchase, returned)
    answer = Naive(sections, left, purchases=0, counters={}, profile=Profile(tier=level)).evaluate()
    return min(sum(answer.whole.values()), story.given.points)
