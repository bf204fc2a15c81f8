"""What a purchase keeps when some of it came back, rule by rule."""

from fractions import Fraction

import pytest

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.decisions import Grant, Operation
from accrual.domain.facts import Purchase
from accrual.domain.given import Given, given_from, given_of
from accrual.domain.keeping import NOTHING, Kept, keep, undone
from accrual.domain.programme import Programme
from accrual.domain.returns import Back, Returned

from .builders import NEW, a_line, a_programme, a_purchase, decided, points

ONE = "- {id: one, give: {points: 1, per: 1.00}}\n"
ALL_OF_A = Returned({"a": Back(1_000, 0)})


def kept(programme: Programme, purchase: Purchase, returned: Returned = ALL_OF_A, state: AccountState = NEW) -> Kept:
    return keep(programme, purchase, given_of(decided(programme, purchase, state).explanation), returned)


def back(**amounts: int) -> Returned:
    """So much money of each line came back, with hardly any goods."""
    return Returned({line: Back(1, amount) for line, amount in amounts.items()})


@pytest.mark.parametrize(
    ("rules", "given", "left"),
    [
        pytest.param(ONE, 30, 20, id="money"),
        pytest.param("- {id: food, when: {category: food}, give: {points: 1, per: 1.00}}", 10, 0, id="money of goods that came back"),
        pytest.param("- {id: toys, when: {category: toys}, give: {points: 1, per: 1.00}}", 20, 20, id="money of goods that stay"),
        pytest.param("- {id: steps, give: {points: 1, per: 15.00, whole_steps: true}}", 2, 1, id="full steps"),
        pytest.param("- {id: unit, give: {points: 10, per: unit}}", 30, 20, id="pieces"),
        pytest.param("- {id: visit, give: {points: 5, per: visit}}", 5, 5, id="a visit"),
        pytest.param("- {id: gift, give: {fixed: 7}}", 7, 7, id="a gift for the receipt"),
        pytest.param("- {id: gift, when: {category: food}, give: {fixed: 7}}", 7, 0, id="a gift for goods that came back"),
        pytest.param("- {id: gift, when: {exclude: {category: food}}, give: {fixed: 7}}", 7, 7, id="a gift for goods that stay"),
        pytest.param(ONE + "- {id: x3, when: {category: toys}, give: {multiply: 3}}", 70, 60, id="a multiplier of goods that stay"),
        pytest.param(ONE + "- {id: x3, when: {category: food}, give: {multiply: 3}}", 50, 20, id="a multiplier of goods that came back"),
        pytest.param("- {id: visit, give: {points: 5, per: visit}}\n- {id: x2, give: {multiply: 2}}", 10, 10, id="a multiplied visit"),
        pytest.param(
            "- {id: visit, give: {points: 5, per: visit}}\n- {id: x2, when: {exclude: {category: toys}}, give: {multiply: 2}}",
            10,
            5,
            id="a visit multiplied for goods that came back",
        ),
    ],
)
def test_each_rule_keeps_what_it_gives_for_the_lines_that_are_left(rules: str, given: int, left: int):
    purchase = a_purchase(a_line(10_00, "a", category="food"), a_line(20_00, "b", category="toys", quantity=2_000))
    programme = a_programme(rules)
    assert kept(programme, purchase, Returned()).points == given
    assert kept(programme, purchase).points == left
    assert kept(programme, purchase, Returned({"a": Back(1_000, 10_00), "b": Back(2_000, 20_00)})).points == 0


def test_conditions_are_not_asked_again():
    programme = a_programme(ONE + "- {id: big, when: {minimum: 30.00}, give: {fixed: 7}}\n- {id: first, when: {first_purchase: true}, give: {fixed: 5}}")
    assert kept(programme, a_purchase(a_line(10_00, "a"), a_line(20_00, "b"))).points == 20 + 7 + 5


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("- {id: big, when: {minimum: 20.00}, give: {fixed: 7}}", 27),
        ("- {id: big, when: {minimum: 20.01}, give: {fixed: 7}}", 20),
        ("- {id: two, when: {quantity: 2}, give: {multiply: 2}}", 40),
        ("- {id: three, when: {quantity: 2.5}, give: {multiply: 2}}", 20),
    ],
)
def test_minimum_and_quantity_are_asked_again_where_the_programme_says_so(rule: str, left: int):
    programme = a_programme(ONE + rule, returns="{recheck: true}")
    found = kept(programme, a_purchase(a_line(10_00, "a"), a_line(20_00, "b", quantity=2_000)))
    assert found.points == left
    assert [silent.reason for silent in found.explanation.not_given] == ([] if left > 20 else ["below-minimum" if "minimum" in rule else "too-few-items"])


def test_a_cap_that_cut_stays_the_most_a_rule_keeps():
    programme = a_programme("- {id: one, give: {points: 1, per: 1.00}, cap: {points: 30, per: month}}")
    used = AccountState(counters={CounterKey("one", "points/month:2026-11"): 12})
    purchase = a_purchase(a_line(50_00, "a"))
    assert decided(programme, purchase, used).explanation.points == 18
    assert [kept(programme, purchase, back(a=amount), used).points for amount in (0, 32_00, 32_01, 40_00)] == [18, 18, 17, 10]
    found = kept(programme, purchase, back(a=20_00), used)
    assert [step.text for step in found.explanation.steps] == ["30.00 at 1 per 1.00", "no more than was given: 18 of 30"]


def test_a_cap_of_the_programme_bounds_the_sum():
    programme = a_programme(ONE + "- {id: gift, give: {fixed: 20}}", cap="{points: 25, per: day}")
    assert [kept(programme, a_purchase(a_line(10_00, "a")), back(a=amount)).points for amount in (0, 5_00, 6_00, 10_00)] == [25, 25, 24, 20]


def test_what_counts_of_a_line_shrinks_with_its_price_not_return_by_return():
    programme = a_programme("- {id: ten, give: {points: 1, per: 0.01}}", points=points(basis="{amount: before_discounts, tax: without}"))
    purchase = a_purchase(a_line(3_00, "a", list_amount=5_00, tax_amount=1_00))
    assert [kept(programme, purchase, back(a=amount)).points for amount in (0, 1, 1_00, 2_99, 3_00)] == [400, 398, 266, 1, 0]


def test_goods_without_a_price_count_by_quantity():
    programme = a_programme(ONE, points=points(basis="before_discounts"))
    purchase = a_purchase(a_line(0, "a", list_amount=9_00, quantity=3_000))
    assert kept(programme, purchase).points == 6


def test_delivery_counts_while_it_is_not_given_back():
    programme = a_programme(ONE + "- {id: gift, give: {fixed: 7}}", points=points(basis="{delivery: with}"))
    purchase = a_purchase(a_line(10_00, "a"), delivery_amount=5_00)
    assert [kept(programme, purchase, Returned({"a": Back(1_000, 10_00)}, delivery)).points for delivery in (0, 2_00, 5_00)] == [5, 3, 0]
    assert not kept(programme, purchase, Returned({"a": Back(1_000, 10_00)})).stands


def test_a_share_of_the_money_is_rounded_as_the_programme_rounds():
    for mode, left in (("floor", 3), ("half_up", 3), ("ceil", 4)):
        programme = a_programme("- {id: gift, give: {fixed: 10}}", points=points(rounding=mode), returns="{by: money}")
        found = kept(programme, a_purchase(a_line(30_00, "a")), back(a=20_00))
        assert found.points == left == sum(Fraction(step.points_exact) for step in found.explanation.steps)
        assert found.explanation.steps[0].text == "10.00 of 30.00 kept: the same share of 10"


def test_where_no_money_counted_a_share_is_all_until_nothing_is_left():
    programme = a_programme("- {id: gift, give: {fixed: 10}}", returns="{by: money}")
    purchase = a_purchase(a_line(0, "a"), a_line(0, "b"))
    assert kept(programme, purchase).points == 10
    assert kept(programme, purchase, Returned({"a": Back(1_000, 0), "b": Back(1_000, 0)})).points == 0


def test_caps_get_back_what_a_return_took():
    programme = a_programme(
        "- {id: one, give: {points: 1, per: 1.00}, cap: {points: 100, per: month}}\n- {id: gift, give: {fixed: 5}, cap: {times: 1, per: day}}",
        cap="{points: 200, per: ever}",
    )
    purchase = a_purchase(a_line(10_00, "a"), a_line(20_00, "b"))
    month, day, ever = CounterKey("one", "points/month:2026-11"), CounterKey("gift", "times/day:2026-11-20"), CounterKey("programme", "points/ever")
    decision, state = programme.earn(purchase, AccountState(purchases=3, counters={ever: 50}))
    assert isinstance(decision, Grant)
    whole, some, none = (kept(programme, purchase, returned) for returned in (Returned(), ALL_OF_A, Returned({"a": Back(1_000, 0), "b": Back(1_000, 0)})))
    state, changes = undone(state, whole, some)
    assert (state, dict(changes)) == (AccountState(4, {month: 20, day: 1, ever: 75}, balance=25), {month: 20, ever: 75})
    state, changes = undone(state, some, none)
    assert (state, dict(changes)) == (AccountState(3, {month: 0, day: 0, ever: 50}), {month: 0, day: 0, ever: 50})
    assert undone(state, none, none) == (state, ())


def test_a_rule_that_the_programmes_cap_had_cut_counts_no_more_than_it_did():
    """100 + 50 under a cap of 120 left the gift 20; with half of the money back all 50 of it fit, and its cap still holds 20."""
    programme = a_programme(ONE + "- {id: gift, give: {fixed: 50}, cap: {points: 60, per: ever}}", cap="{points: 120, per: day}")
    found = kept(programme, a_purchase(a_line(100_00, "a")), back(a=50_00))
    assert found.points == 100
    assert dict(found.counters) == {CounterKey("programme", "points/day:2026-11-20"): 100, CounterKey("gift", "points/ever"): 20}


def test_a_point_that_rounding_moves_from_rule_to_rule_is_given_back_once():
    """Rounded as a whole, 0.9 + 0.5 is a point of the second rule, where 1.0 + 0.5 was one of the first."""
    rules = "- {id: x, when: {sku: a}, give: {points: 1, per: 1.00}}\n- {id: y, when: {sku: b}, give: {points: 1, per: 1.00}, cap: {points: 9, per: ever}}"
    programme = a_programme(rules, points=points(rounding="{mode: floor, per: receipt}"))
    purchase, key = a_purchase(a_line(1_60, "a"), a_line(50, "b")), CounterKey("y", "points/ever")
    state, held = AccountState(counters={key: 3}), []
    steps = [kept(programme, purchase, back(a=amount)) for amount in (0, 60, 70)]
    for before, after in zip(steps, [*steps[1:], NOTHING], strict=True):
        state, _ = undone(state, before, after)
        held.append(state.counters[key])
    assert held == [2, 3, 2]


def test_a_purchase_that_earned_nothing_counts_as_a_purchase_until_it_came_back():
    programme = a_programme("- {id: later, when: {dates: {from: 2099-01-01}}, give: {fixed: 5}}")
    purchase = a_purchase(a_line(10_00, "a"))
    before, after = kept(programme, purchase, Returned()), kept(programme, purchase)
    assert (before.points, before.stands, after.points, after.stands) == (0, True, 0, False)
    assert undone(AccountState(purchases=2), before, after)[0].purchases == 1
    assert undone(AccountState(purchases=2), before, NOTHING)[0].purchases == 1


def test_a_stored_explanation_tells_the_same_as_a_fresh_one():
    programme = a_programme(ONE + "- {id: gift, give: {fixed: 20}, cap: {points: 25, per: month}}", cap="{points: 25, per: day}")
    state = AccountState(counters={CounterKey("gift", "points/month:2026-11"): 10})
    explanation = decided(programme, a_purchase(10_50), state).explanation
    stored = {
        "points": explanation.points,
        "steps": [{"rule": step.rule, "operation": str(step.operation), "points_exact": step.points_exact} for step in explanation.steps],
        "not_given": [],
    }
    assert given_from(stored) == given_of(explanation) == Given(25, {"one": None, "gift": 15}, {"one": Fraction(21, 2), "gift": Fraction(20)})


def test_a_kept_explanation_says_which_rules_keep_nothing():
    programme = a_programme(ONE + "- {id: food, when: {category: food}, give: {fixed: 5}}\n- {id: x2, when: {category: food}, give: {multiply: 2}}")
    found = kept(programme, a_purchase(a_line(10_00, "a", category="food"), a_line(20_00, "b")))
    assert [(step.rule, step.operation) for step in found.explanation.steps] == [("one", Operation.EARN)]
    assert {silent.rule: silent.reason for silent in found.explanation.not_given} == {"food": "returned", "x2": "returned"}
