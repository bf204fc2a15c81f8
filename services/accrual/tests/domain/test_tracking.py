"""Rules that count from purchase to purchase: each tenth, so much spent, weeks in a row, a quarter's volume. What comes back is counted back."""

from datetime import UTC, datetime, timedelta

import pytest

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.decisions import Grant, NothingEarned, RewardDue
from accrual.domain.facts import Purchase
from accrual.domain.given import given_of
from accrual.domain.keeping import NOTHING, keep, undone
from accrual.domain.programme import Programme
from accrual.domain.returns import Back, Returned

from .builders import FRIDAY_NOON, NEW, a_line, a_programme, a_purchase, points, reasons

EVERYTHING = Returned({"1": Back(10_000_000, 0)})
REWARDS = "[{id: free-drink, kind: gift}]"


def given_for(programme: Programme, *purchases: Purchase, state: AccountState = NEW) -> list[int]:
    given = []
    for purchase in purchases:
        decision, state = programme.earn(purchase, state)
        given.append(decision.explanation.points)  # type: ignore[union-attr]
    return given


def drinks(number: int, **more: object) -> Purchase:
    return a_purchase(a_line(number * 2_00, "1", category="drink", quantity=number * 1_000), **more)


def taken_back(programme: Programme, purchase: Purchase, decision: Grant | NothingEarned, state: AccountState, returned: Returned) -> AccountState:
    given = given_of(decision.explanation)
    return undone(state, keep(programme, purchase, given, Returned()), keep(programme, purchase, given, returned))[0]


def test_each_third_purchase_is_given_something():
    programme = a_programme("- {id: third, when: {every: 3}, give: {fixed: 10}}")
    assert given_for(programme, *[a_purchase(1_00)] * 7) == [0, 0, 10, 0, 0, 10, 0]
    silent = programme.earn(a_purchase(1_00), NEW)[0].explanation.not_given[0]  # type: ignore[union-attr]
    assert (silent.reason, silent.text) == ("not-yet", "1 of 3")


def test_only_purchases_that_meet_the_rule_are_counted():
    programme = a_programme("- {id: second, when: {every: 2, category: drink, minimum: 3.00}, give: {fixed: 10}}")
    assert given_for(programme, drinks(2), a_purchase(9_00), drinks(1), drinks(2)) == [0, 0, 0, 10]


def test_each_tenth_piece_counts_across_receipts_and_several_times_within_one():
    programme = a_programme("- {id: tenth, when: {category: drink, every: 10, unit: item}, give: {reward: free-drink}}", rewards=REWARDS)
    state, rewards = NEW, []
    for number in (7, 3, 25, 4, 1):
        decision, state = programme.earn(drinks(number), state)
        rewards.append(decision.effects.rewards)  # type: ignore[union-attr]
    assert rewards == [(), (RewardDue("tenth", "free-drink"),), (RewardDue("tenth", "free-drink", 2),), (), (RewardDue("tenth", "free-drink"),)]
    assert set(state.counters) <= set(programme.counters(drinks(1)))


def test_what_a_cap_does_not_let_through_is_due_later():
    programme = a_programme("- {id: second, when: {every: 2}, give: {fixed: 10}, cap: {times: 1, per: day}}")
    tomorrow = a_purchase(1_00, occurred_at=FRIDAY_NOON + timedelta(days=1))
    assert given_for(programme, *[a_purchase(1_00)] * 4, tomorrow, tomorrow) == [0, 10, 0, 0, 10, 0]


def test_buying_and_bringing_back_again_and_again_brings_one_gift():
    programme = a_programme("- {id: tenth, when: {every: 10, unit: item}, give: {fixed: 100}}")
    decision, state = programme.earn(drinks(10), NEW)
    assert isinstance(decision, Grant)
    state = taken_back(programme, drinks(10), decision, state, Returned({"1": Back(9_000, 18_00)}))  # one is kept, and the gift with it
    again, state = programme.earn(drinks(9), state)
    assert (decision.points, reasons(again)) == (100, {"tenth": "not-yet"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "rule",
    [
        "when: {every: 2}, give: {fixed: 10}",
        "when: {every: 10, unit: item}, give: {reward: free-drink}",
        "when: {spent: {from: 9.00, per: month}}, give: {fixed: 10}",
        "when: {streak: {per: week, times: 2}}, give: {points: 1, per: 1.00}",
        "give: {volume: [{from: 0, points: 1, per: 1.00}, {from: 10.00, points: 2, per: 1.00}], per: quarter}",
    ],
)
@pytest.mark.parametrize("by", ["lines", "money"])
def test_when_everything_comes_back_nothing_was_counted(rule: str, by: str):
    programme = a_programme(f"- {{id: rule, {rule}}}", rewards=REWARDS, returns=f"{{by: {by}}}")
    state = NEW
    for week in range(4):
        bought = drinks(3, occurred_at=FRIDAY_NOON + timedelta(weeks=week))
        decision, after = programme.earn(bought, state)
        assert isinstance(decision, Grant | NothingEarned)
        back = taken_back(programme, bought, decision, after, Returned({"1": Back(3_000, 6_00)}))
        assert {key: value for key, value in back.counters.items() if value} == {key: value for key, value in state.counters.items() if value}
        given = given_of(decision.explanation)
        at_once, _ = undone(after, keep(programme, bought, given, Returned()), NOTHING)
        assert at_once.counters == back.counters
        assert keep(programme, bought, given, Returned()).rewards == decision.effects.rewards
        state = after


@pytest.mark.parametrize("give", ["fixed: 10", "reward: free-drink", "reward: free-drink, quantity: 3"])
def test_what_was_given_several_times_at_once_is_given_back_as_often(give: str):
    programme = a_programme(f"- {{id: tenth, when: {{every: 10, unit: item}}, give: {{{give}}}}}", rewards=REWARDS)
    decision, state = programme.earn(drinks(25), NEW)
    assert isinstance(decision, Grant | NothingEarned)
    kept = keep(programme, drinks(25), given_of(decision.explanation), Returned({"1": Back(24_000, 0)}))
    assert dict(keep(programme, drinks(25), given_of(decision.explanation), Returned()).counters) == state.counters
    assert dict(kept.counters) == {CounterKey("tenth", "items"): 1_000, CounterKey("tenth", "given-items"): 2}
    assert (kept.points, kept.rewards) == (decision.explanation.points, decision.effects.rewards)


def test_money_spent_in_a_month_opens_a_rule_with_the_purchase_that_reaches_it():
    programme = a_programme(
        "- {id: fan, when: {category: drink, spent: {from: 20.00, per: month}}, give: {multiply: 2}}\n- {id: one, give: {points: 1, per: 1.00}}"
    )
    december = drinks(5, occurred_at=datetime(2026, 12, 1, tzinfo=UTC))
    assert given_for(programme, drinks(5), a_purchase(50_00), drinks(5), drinks(1), december) == [10, 50, 20, 4, 10]


def test_weeks_in_a_row_count_when_each_had_its_purchases_and_then_begin_anew():
    programme = a_programme("- {id: row, when: {streak: {purchases: 2, per: week, times: 2}}, give: {fixed: 10}}")
    monday = datetime(2026, 11, 2, 9, tzinfo=UTC)
    weeks = [[0, 1], [7, 8, 9], [14, 15], [21, 22], [28], [35, 36], [42, 43]]
    shopping = [a_purchase(1_00, occurred_at=monday + timedelta(days=day)) for week in weeks for day in week]
    assert given_for(programme, *shopping) == [0, 0, 0, 10, 0, 0, 0, 0, 10, 0, 0, 0, 0, 10]


def test_months_in_a_row_go_over_the_turn_of_the_year():
    programme = a_programme("- {id: row, when: {streak: {per: month, times: 3}}, give: {fixed: 10}}")
    months = [datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 31, tzinfo=UTC)]
    assert given_for(programme, *[a_purchase(1_00, occurred_at=month) for month in months]) == [0, 0, 10]


VOLUME = "- {id: rebate, give: {volume: [{from: 0, points: 1, per: 100.00}, {from: 1000.00, points: 2, per: 100.00}], per: quarter}}"


def test_a_volume_reaches_a_better_rate_for_all_of_it():
    programme = a_programme(VOLUME)
    january = a_purchase(250_00, occurred_at=datetime(2027, 1, 1, tzinfo=UTC))
    assert given_for(programme, a_purchase(350_00), a_purchase(350_00), a_purchase(350_00), a_purchase(50_00), january) == [3, 4, 14, 1, 2]
    decision, _ = programme.earn(a_purchase(1_250_00), NEW)
    assert [step.text for step in decision.explanation.steps] == ["1250.00 so far at 2 per 100.00: 25, less 0 given before"]  # type: ignore[union-attr]


def test_a_volume_gives_the_same_however_it_is_divided():
    programme = a_programme(VOLUME, points=points(rounding="half_up"))
    parts = (33_33, 166_67, 799_99, 1, 49_99, 50_01)
    assert sum(given_for(programme, *(a_purchase(part) for part in parts))) == sum(given_for(programme, a_purchase(sum(parts))))


def test_reaching_a_volume_twice_with_the_same_goods_gives_nothing_twice():
    programme = a_programme(VOLUME)
    first, state = programme.earn(a_purchase(900_00), NEW)
    lump, state = programme.earn(a_purchase(100_00), state)
    assert isinstance(first, Grant)
    assert isinstance(lump, Grant)
    assert (first.points, lump.points) == (9, 11)
    half = taken_back(programme, a_purchase(100_00), lump, state, Returned({"1": Back(1, 50_00)}))
    assert half.counters[CounterKey("rebate", "given-volume-EUR/quarter:2026-Q4")] == 9 + 5
    assert given_for(programme, a_purchase(50_00), state=half) == [20 - 14]


def test_a_volume_of_another_currency_is_counted_by_itself():
    programme = a_programme(
        "- {id: rebate, give: {volume: [{from: 0, points: 1, per: {EUR: 1.00, JPY: 100}}], per: year}}",
        currency="",
        currencies="[EUR, JPY]",
        points=points(worth="{EUR: 0.01, JPY: 1}"),
    )
    assert given_for(programme, a_purchase(1_50), a_purchase(150, currency="JPY"), a_purchase(50)) == [1, 1, 1]
