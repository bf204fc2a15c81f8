"""Tables and rewards: what a rule gives that is no rate and no fixed number of points."""

import pytest

from accrual.domain.accounts import CounterKey
from accrual.domain.decisions import Grant, NothingEarned, RewardDue
from accrual.domain.facts import Registration
from accrual.domain.given import given_of
from accrual.domain.keeping import keep
from accrual.domain.returns import Back, Returned

from .builders import FRIDAY_NOON, NEW, a_line, a_programme, a_purchase, by_rule, decided, earned, points, reasons

TABLE = "- {id: size, give: {table: [{from: 0, points: 10}, {from: 100.00, points: 15}, {from: 200.00, points: 20}]}}\n"
REWARDS = "[{id: drink, kind: gift}, {id: ticket, kind: ticket}]"


@pytest.mark.parametrize(("paid", "expected"), [(1, 10), (50_00, 10), (99_99, 10), (100_00, 15), (150_00, 15), (200_00, 20), (9_000_00, 20)])
def test_a_table_gives_by_the_size_of_the_receipt(paid: int, expected: int):
    decision = decided(a_programme(TABLE), a_purchase(paid))
    assert decision.explanation.points == expected
    assert decision.explanation.steps[0].text.endswith(f": {expected} by the table")


def test_a_table_may_begin_above_nothing_and_be_about_certain_goods():
    programme = a_programme("- {id: size, when: {category: food}, give: {table: [{from: 10.00, points: 5}]}}")
    assert reasons(decided(programme, a_purchase(a_line(9_99, "a", category="food"), a_line(50_00, "b")))) == {"size": "nothing-to-count"}
    assert earned(programme, a_purchase(a_line(10_00, "a", category="food"))) == 5


def test_points_of_a_table_are_base_points():
    assert by_rule(decided(a_programme(TABLE + "- {id: x2, give: {multiply: 2}}"), a_purchase(100_00))) == {"size": 15, "x2": 15}


def test_a_table_in_another_currency_begins_at_other_amounts():
    rule = "- {id: size, give: {table: [{from: 0, points: 1}, {from: {EUR: 1.00, JPY: 100}, points: 2}]}}"
    programme = a_programme(rule, currency="", currencies="[EUR, JPY]", points=points(worth="{EUR: 0.01, JPY: 1}"))
    assert [earned(programme, a_purchase(amount, currency=currency)) for amount, currency in ((99, "EUR"), (100, "EUR"), (99, "JPY"), (100, "JPY"))] == [
        1,
        2,
    ] * 2


def test_what_is_left_of_a_receipt_is_looked_up_in_the_table_again():
    programme, purchase = a_programme(TABLE), a_purchase(150_00)
    given = given_of(decided(programme, purchase).explanation)
    assert [keep(programme, purchase, given, Returned({"1": Back(1, back)})).points for back in (0, 50_00, 50_01, 149_99)] == [15, 15, 10, 10]


BANDS = "- {id: size, give: {volume: [{from: 20.00, points: 1, per: 10.00}, {from: 100.00, points: 3, per: 20.00}], per: receipt}}\n"


@pytest.mark.parametrize(("paid", "expected"), [(19_99, 0), (20_00, 2), (99_99, 9), (100_00, 15), (199_99, 29)])
def test_a_receipt_may_reach_a_rate_that_counts_for_all_of_it(paid: int, expected: int):
    assert earned(a_programme(BANDS), a_purchase(paid)) == expected


def test_the_rate_of_one_receipt_says_itself_and_knows_no_other_receipt():
    programme = a_programme(BANDS + "- {id: x2, give: {multiply: 2}}")
    decision, state = programme.earn(a_purchase(100_00), NEW)
    assert by_rule(decided(programme, a_purchase(50_00), state)) == {"size": 5, "x2": 5}
    assert isinstance(decision, Grant)
    assert (decision.explanation.steps[0].text, state.counters) == ("100.00 at 3 per 20.00", {})


def test_what_is_left_of_a_receipt_reaches_the_rate_of_what_is_left():
    programme, purchase = a_programme(BANDS), a_purchase(150_00)
    given = given_of(decided(programme, purchase).explanation)
    assert [keep(programme, purchase, given, Returned({"1": Back(1, back)})).points for back in (0, 50_00, 50_01, 140_00)] == [22, 15, 9, 0]


def test_a_reward_is_given_beside_points_and_says_so():
    programme = a_programme(
        "- {id: one, give: {points: 1, per: 1.00}}\n- {id: gift, when: {minimum: 10.00}, give: {reward: drink, quantity: 2}}", rewards=REWARDS
    )
    decision = decided(programme, a_purchase(10_00))
    assert (decision.explanation.points, decision.effects.rewards) == (10, (RewardDue("gift", "drink", 2),))
    assert [(step.rule, step.points_exact, step.quantity, step.text) for step in decision.explanation.steps] == [
        ("one", "10", 1, "10.00 at 1 per 1.00"),
        ("gift", "0", 2, "2 of the reward drink"),
    ]


@pytest.mark.parametrize(("per", "expected"), [("10.00", 3), ("unit", 2), ("40.00", 0)])
def test_rewards_may_be_given_per_money_or_per_piece(per: str, expected: int):
    programme = a_programme(f"- {{id: raffle, give: {{reward: ticket, per: {per}}}}}", rewards=REWARDS)
    decision = decided(programme, a_purchase(a_line(39_99, quantity=2_900)))
    assert sum(reward.quantity for reward in decision.effects.rewards) == expected


def test_a_purchase_may_earn_a_reward_and_no_points():
    programme = a_programme("- {id: gift, give: {reward: drink}, cap: {times: 1, per: day}}", rewards=REWARDS)
    decision, state = programme.earn(a_purchase(1_00), NEW)
    assert isinstance(decision, NothingEarned)
    assert decision.effects.rewards == (RewardDue("gift", "drink"),)
    assert state.counters == {CounterKey("gift", "times/day:2026-11-20"): 1}
    assert reasons(decided(programme, a_purchase(1_00), state)) == {"gift": "cap-reached"}


def test_a_member_is_welcomed_with_a_reward_once():
    programme = a_programme("- {id: welcome, on: registration, give: {reward: drink}}", rewards=REWARDS)
    joined = Registration(programme="shop", occurred_at=FRIDAY_NOON)
    first, state = programme.earn(joined, NEW)
    again, _ = programme.earn(joined, state)
    assert (first.effects.rewards, again.effects.rewards) == ((RewardDue("welcome", "drink"),), ())


def test_rewards_are_kept_for_what_is_left():
    rules = "- {id: gift, when: {sku: a}, give: {reward: drink}}\n- {id: raffle, give: {reward: ticket, per: 10.00}, cap: {times: 1, per: day}}"
    programme, purchase = a_programme(rules, rewards=REWARDS), a_purchase(a_line(10_00, "a"), a_line(20_00, "b"))
    decision, state = programme.earn(purchase, NEW)
    given = given_of(decision.explanation)
    kept = keep(programme, purchase, given, Returned({"a": Back(1_000, 10_00)}))
    assert keep(programme, purchase, given, Returned()).counters == decision.counters
    assert kept.rewards == (RewardDue("raffle", "ticket", 2),)
    assert dict(kept.counters) == state.counters
    everything = Returned({"a": Back(1_000, 10_00), "b": Back(1_000, 20_00)})
    nothing = keep(programme, purchase, given, everything)
    assert (nothing.rewards, nothing.counters, nothing.stands) == ((), (), False)


def test_a_cap_may_reject_what_does_not_fit_case_t_59():
    programme = a_programme("- {id: one, give: {points: 1, per: 1.00}, cap: {points: 50, per: receipt, over: reject}}")
    assert [earned(programme, a_purchase(amount)) for amount in (50_00, 50_99, 51_00)] == [50, 50, 0]
    text = decided(programme, a_purchase(51_00)).explanation.steps[-1].text
    assert text == "more than 50 points per receipt allow, 0 so far: none of 51"
    month = a_programme("- {id: one, give: {points: 1, per: 1.00}}", cap="{points: 50, per: month, over: reject}")
    state, given = NEW, []
    for _ in range(3):
        decision, state = month.earn(a_purchase(20_00), state)
        given.append(decision.explanation.points)
    assert given == [20, 20, 0]


def test_a_cap_may_be_per_quarter():
    programme = a_programme("- {id: one, give: {points: 1, per: 1.00}, cap: {points: 30, per: quarter}}")
    assert programme.counters(a_purchase(1)) == (CounterKey("one", "points/quarter:2026-Q4"),)
