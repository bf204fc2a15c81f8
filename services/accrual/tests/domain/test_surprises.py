"""A surprise is drawn by a secret seed and the purchase, so that anybody can do it again once the seed is shown; never more than its budget."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accrual.domain.accounts import AccountState
from accrual.domain.compiler import compile_document
from accrual.domain.decisions import Operation, RewardDue
from accrual.domain.document.reading import read
from accrual.domain.exchanges import as_exchanged
from accrual.domain.programme import Programme
from accrual.domain.rewards.giving import surprise_key
from accrual.domain.rewards.secrecy import secret_until
from accrual.domain.rewards.surprises import commitment_of, faults, is_lucky, seed_of

from .builders import NEW, a_document, a_line, a_programme, a_purchase, decided

BASE = "- {id: base, give: {points: 1, per: 1.00}}"
SPRING, SUMMER = bytes(32), bytes(range(32))
SPENT = surprise_key("lucky")


def a_shop(seed: bytes | None = SPRING, sections: Any = (), **changes: str) -> Programme:
    said = {"id": "lucky", "reward": "mug", "chance": "99.9999%"} | changes
    surprise = "{" + ", ".join(f"{key}: {value}" for key, value in said.items()) + "}"
    text = a_document(BASE, rewards="[{id: mug, kind: gift}]", surprises=surprise, **dict(sections))
    return compile_document(read(text), seeds={} if seed is None else {"lucky": seed})


def lucky(shop: Programme) -> set[str]:
    receipts = [a_purchase(100, purchase_id=str(number)) for number in range(2000)]
    return {receipt.purchase_id for receipt in receipts if decided(shop, receipt).effects.rewards}


def test_one_in_twenty_is_lucky_the_same_ones_each_time_and_others_by_another_seed():
    found = lucky(a_shop(chance="5%"))
    assert 60 < len(found) < 140
    assert found == lucky(a_shop(chance="5%")) == {
        str(number) for number in range(2000) if is_lucky("lucky", "5%", SPRING, merchant="shop", purchase_id=str(number))
    }  # fmt: skip
    others = [lucky(a_shop(seed, chance="5%")) for seed in (SUMMER, None)]
    assert found not in others
    assert all(60 < len(each) < 140 for each in others)


def test_a_lucky_purchase_is_told_so():
    decision = decided(a_shop(), a_purchase(100))
    assert decision.effects.rewards == (RewardDue("lucky", "mug"),)
    (step,) = (step for step in decision.explanation.steps if step.rule == "lucky")
    assert (step.operation, step.numerator, step.text) == (Operation.REWARD, 0, "drawn with a chance of 99.9999%: mug")


def test_no_surprise_below_the_minimum_beyond_the_budget_for_nobody_or_in_a_quote():
    assert decided(a_shop(minimum="1.01"), a_purchase(100)).effects.rewards == ()
    assert decided(a_shop(minimum="1.00"), a_purchase(100)).effects.rewards != ()
    spent = AccountState(shared={SPENT: 3})
    assert decided(a_shop(budget="3"), a_purchase(100), spent).effects.rewards == ()
    assert dict(decided(a_shop(budget="4"), a_purchase(100), spent).effects.shared) == {SPENT: 4}
    assert decided(a_shop(), a_purchase(100, purchase_id="")).effects.rewards == ()
    assert a_shop().decide(a_purchase(100, identified=False), NEW).effects.rewards == ()


def test_a_basket_of_two_lines_counts_as_one():
    assert decided(a_shop(minimum="2.00"), a_purchase(a_line(100, "a"), a_line(100, "b"))).effects.rewards != ()


def test_no_surprise_after_its_last_day_or_on_the_day_of_an_exchanged_purchase():
    shop, noon, midnight = a_shop(until="2026-11-20"), a_purchase(100), a_purchase(100, occurred_at=datetime(2026, 11, 21, tzinfo=UTC))
    assert [len(decided(shop, each).effects.rewards) for each in (noon, midnight, as_exchanged(midnight, noon))] == [1, 0, 0]


def test_a_seed_is_secret_until_no_purchase_can_be_told_any_more():
    def version(number: int, starts: str, **changes: str) -> Programme:
        return a_shop(sections={"version": str(number), "effective_from": starts, "late": "{accept: 10 days}"}, **changes)

    without = a_programme(BASE, version="3", effective_from="2026-03-01")
    endless, ends = version(1, "2026-01-01"), version(1, "2026-01-01", until="2026-01-31")
    assert secret_until([endless], "lucky") is None
    assert secret_until([ends], "lucky") == datetime(2026, 2, 11, tzinfo=UTC)
    assert secret_until([endless, version(2, "2026-02-01"), without], "lucky") == datetime(2026, 3, 11, tzinfo=UTC)
    assert secret_until([ends, version(2, "2026-02-01")], "lucky") is None
    eased = a_programme(BASE, version="2", effective_from="2026-02-01", transition="{existing: better_of, until: 2026-02-28}")
    assert secret_until([endless, eased], "lucky") == datetime(2026, 3, 11, tzinfo=UTC)


SHOWN = {"programme": "shop", "surprise": "lucky", "chance": "5%", "seed": SPRING.hex(), "commitment": commitment_of("shop", "lucky", "5%", SPRING).hex()}


def test_a_seed_that_was_promised_is_confirmed():
    assert faults(SHOWN, commitment=SHOWN["commitment"].upper()) == []
    assert seed_of(SUMMER, "shop", "lucky") != seed_of(SUMMER, "shop", "other")


@pytest.mark.parametrize(
    "changes", [{"seed": SUMMER.hex()}, {"chance": "6%"}, {"chance": "many"}, {"surprise": "other"}, {"programme": "other"}, {"seed": None}, {"commitment": 5}]
)
def test_whatever_is_shown_otherwise_than_promised_is_found(changes: dict[str, Any]):
    assert len(faults(SHOWN | changes)) == 1
    assert faults(SHOWN, commitment="00") == ["the commitment is not the one that was noted before"]
