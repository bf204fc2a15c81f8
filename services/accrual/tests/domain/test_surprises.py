"""A surprise is drawn by seed and purchase, so that anybody with both can draw it again; never more than its budget."""

from accrual.domain.accounts import AccountState
from accrual.domain.decisions import Operation, RewardDue
from accrual.domain.document.rewards import Surprise
from accrual.domain.programme import Programme
from accrual.domain.rewards.giving import is_drawn, surprise_key

from .builders import NEW, a_line, a_programme, a_purchase, decided

BASE = "- {id: base, give: {points: 1, per: 1.00}}"
LUCKY = Surprise(id="lucky", reward="mug", chance="5%", seed="spring")


def a_shop(**changes: str) -> Programme:
    said = {"id": "lucky", "reward": "mug", "chance": "99.9999%", "seed": "spring"} | changes
    surprise = "{" + ", ".join(f"{key}: {value}" for key, value in said.items()) + "}"
    return a_programme(BASE, rewards="[{id: mug, kind: gift}]", surprises=surprise)


def test_one_in_twenty_is_lucky_the_same_ones_each_time_and_others_by_another_seed():
    receipts = [a_purchase(100, purchase_id=str(number)) for number in range(4000)]
    lucky = {receipt.purchase_id for receipt in receipts if is_drawn(LUCKY, receipt)}
    assert 140 < len(lucky) < 260
    assert lucky == {receipt.purchase_id for receipt in receipts if is_drawn(LUCKY, receipt)}
    assert lucky != {receipt.purchase_id for receipt in receipts if is_drawn(LUCKY.model_copy(update={"seed": "summer"}), receipt)}


def test_a_lucky_purchase_is_told_so():
    decision = decided(a_shop(), a_purchase(100))
    assert decision.effects.rewards == (RewardDue("lucky", "mug"),)
    (step,) = (step for step in decision.explanation.steps if step.rule == "lucky")
    assert (step.operation, step.numerator, step.text) == (Operation.REWARD, 0, "drawn with a chance of 99.9999%: mug")


def test_no_surprise_below_the_minimum_beyond_the_budget_for_nobody_or_in_a_quote():
    assert decided(a_shop(minimum="1.01"), a_purchase(100)).effects.rewards == ()
    assert decided(a_shop(minimum="1.00"), a_purchase(100)).effects.rewards != ()
    spent = AccountState(shared={surprise_key(LUCKY.id): 3})
    assert decided(a_shop(budget="3"), a_purchase(100), spent).effects.rewards == ()
    assert dict(decided(a_shop(budget="4"), a_purchase(100), spent).effects.shared) == {surprise_key(LUCKY.id): 4}
    assert decided(a_shop(), a_purchase(100, purchase_id="")).effects.rewards == ()
    assert a_shop().decide(a_purchase(100, identified=False), NEW).effects.rewards == ()


def test_a_basket_of_two_lines_counts_as_one():
    assert decided(a_shop(minimum="2.00"), a_purchase(a_line(100, "a"), a_line(100, "b"))).effects.rewards != ()
