"""The figures that other loyalty systems publish, as far as purchases and activities earn. The ids lead to the collection of cases."""

from datetime import UTC, datetime

import pytest

from accrual.domain.accounts import AccountState
from accrual.domain.decisions import Grant, NothingEarned
from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from accrual.domain.facts import Activity, Payment, Purchase

from .builders import NEW, a_document, a_line, a_programme, a_purchase, by_rule, decided, earned, points, reasons

WITH_DELIVERY = points(basis="{delivery: with}")
BASKET_B = a_purchase(a_line(12_00, "123", labels=("color=red",)), a_line(100_00, "000", labels=("color=blue",)), delivery_amount=40_00)
FOUR = "- {id: four, give: {points: 4, per: 1.00}}\n"
ONE = "- {id: one, give: {points: 1, per: 1.00}}\n"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param(FOUR, 608, id="T-01"),
        pytest.param("- {id: four, when: {exclude: {sku: '000'}}, give: {points: 4, per: 1.00}}", 208, id="T-02"),
        pytest.param("- {id: gift, when: {sku: '000'}, give: {fixed: 200}}", 200, id="T-05"),
        pytest.param(FOUR + "- {id: ten, give: {points: 10, per: 1.00}}", 2128, id="T-06"),
        pytest.param(FOUR + "- {id: triple, when: {sku: '123'}, give: {multiply: 3}}", 704, id="T-08"),
        pytest.param("- {id: four, when: {minimum: 100}, give: {points: 4, per: 1.00}}", 608, id="T-10"),
        pytest.param("- {id: four, when: {minimum: 300}, give: {points: 4, per: 1.00}}", 0, id="T-11"),
        pytest.param(
            FOUR + "- {id: red, when: {label: color=red}, give: {multiply: 2}}\n- {id: small, when: {sku: '123'}, give: {multiply: 3}}",
            12 * 4 * 2 * 3 + 140 * 4,
            id="T-15",
        ),
    ],
)
def test_rules_meet_basket_b(rules: str, expected: int):
    assert earned(a_programme(rules, points=WITH_DELIVERY), BASKET_B) == expected


@pytest.mark.parametrize(
    ("rules", "purchase", "expected"),
    [
        pytest.param(ONE, a_purchase(19_99), 19, id="T-16 floor"),
        pytest.param("- {id: three, give: {points: 3, per: 1.00}}", a_purchase(40_00), 120, id="T-16 rate"),
        pytest.param("- {id: unit, give: {points: 100, per: unit}}", a_purchase(a_line(7_00, quantity=3_000)), 300, id="T-16 units"),
        pytest.param(ONE + "- {id: half, give: {points: 1, per: 2.00}}", a_purchase(19_99), 28, id="T-17"),
        pytest.param(ONE + "- {id: alone, give: {fixed: 100}, stacking: exclusive, priority: 10}", a_purchase(19_99), 100, id="T-18"),
        pytest.param(ONE + "- {id: double, give: {multiply: 2}}", a_purchase(19_99), 38, id="T-19"),
        pytest.param(
            "- {id: off, enabled: false, give: {fixed: 5}}\n- {id: later, when: {dates: {from: 2099-01-01}}, give: {fixed: 5}}", a_purchase(19_99), 0, id="T-20"
        ),
        pytest.param("- {id: ten, give: {points: 1, per: 10.00}}", a_purchase(105_00), 10, id="T-24"),
        pytest.param("- {id: five, give: {points: 5, per: visit}}\n- {id: triple, give: {multiply: 3}}", a_purchase(1_00), 15, id="T-26 x3"),
        pytest.param("- {id: four, give: {points: 4, per: visit}}\n- {id: half-more, give: {multiply: 1.5}}", a_purchase(1_00), 6, id="T-26 x1.5"),
        pytest.param(
            "- {id: one, give: {points: 1, per: 1.00}, stacking: best_of}\n- {id: gift, give: {fixed: 15}, stacking: best_of}",
            a_purchase(19_99),
            19,
            id="T-27",
        ),
        pytest.param(
            "- {id: one, when: {category: none}, give: {points: 1, per: 1.00}}\n- {id: triple, give: {multiply: 3}}", a_purchase(9_00), 0, id="T-27 no base"
        ),
        pytest.param(ONE, a_purchase(a_line(40_00, list_amount=50_00)), 40, id="T-33"),
        pytest.param(ONE, a_purchase(a_line(90_00, list_amount=100_00)), 90, id="T-34"),
    ],
)
def test_amounts_and_conditions(rules: str, purchase: Purchase, expected: int):
    assert earned(a_programme(rules), purchase) == expected


def test_a_divisor_of_zero_cannot_be_published_case_t_16():
    with pytest.raises(DocumentError) as refused:
        read(a_document("- {id: one, give: {points: 1, per: 0}}"))
    assert refused.value.problems[0].path == "earning[0].give.per"


def test_points_are_broken_down_by_rule_case_t_20():
    programme = a_programme("- {id: rule-7, give: {points: 1, per: 1.00}}\n- {id: rule-9, give: {fixed: 5}}")
    assert by_rule(decided(programme, a_purchase(19_99))) == {"rule-7": 19, "rule-9": 5}


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        pytest.param("{tax: with}", 50, id="T-21 items with tax"),
        pytest.param("{tax: without}", 42, id="T-21 items without tax"),
        pytest.param("{tax: with, delivery: with}", 60, id="T-21 purchase with tax"),
        pytest.param("{tax: without, delivery: with}", 50, id="T-21 purchase without tax"),
    ],
)
def test_the_basis_counts_tax_and_delivery_as_the_document_says(basis: str, expected: int):
    purchase = a_purchase(a_line(50_00, tax_amount=8_00), delivery_amount=10_00, delivery_tax_amount=2_00)
    assert earned(a_programme(ONE, points=points(basis=basis)), purchase) == expected


def test_a_purchase_without_identifier_earns_nothing_case_t_23():
    decision = a_programme(ONE).decide(a_purchase(150_00, identified=False), NEW)
    assert isinstance(decision, NothingEarned)
    assert reasons(decision) == {"programme": "no-identifier"}


@pytest.mark.parametrize(
    ("stacking", "expected"), [pytest.param("stacking: best_of", 200, id="T-13 largest"), pytest.param("stacking: add", 250, id="T-13 sum")]
)
def test_several_rules_meet_one_activity(stacking: str, expected: int):
    programme = a_programme(
        f"""
        - {{id: small, on: activity, when: {{activity: account-created}}, give: {{fixed: 50}}, {stacking}}}
        - {{id: large, on: activity, when: {{activity: account-created}}, give: {{fixed: 200}}, {stacking}}}
        """
    )
    activity = Activity(programme="shop", kind="account-created", occurred_at=datetime(2026, 11, 20, tzinfo=UTC))
    assert decided(programme, activity).explanation.points == expected


def test_a_limited_happy_hour_doubles_one_purchase_a_day_case_t_30():
    programme = a_programme(ONE + "- {id: happy, when: {days: tue, hours: '16:00-18:00'}, give: {multiply: 2}, cap: {times: 1, per: day}}")
    tuesday = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
    first, state = programme.earn(a_purchase(10_00, occurred_at=tuesday), AccountState())
    second, _ = programme.earn(a_purchase(10_00, occurred_at=tuesday.replace(hour=17)), state)
    assert isinstance(first, Grant)
    assert isinstance(second, Grant)
    assert (first.points, second.points) == (20, 10)
    assert reasons(second) == {"happy": "cap-reached"}
    assert earned(programme, a_purchase(10_00, occurred_at=tuesday.replace(hour=18)), AccountState()) == 10


@pytest.mark.parametrize("paid_by", [pytest.param("wallet", id="T-37 wallet"), pytest.param("gift-card", id="T-37 gift card")])
def test_a_means_of_payment_is_not_a_discount(paid_by: str):
    """A receipt of 100.00 is 100.00 whatever it is paid with: payments are no part of what rules count."""
    assert earned(a_programme(ONE), a_purchase(a_line(100_00, paid_by))) == 100


@pytest.mark.parametrize(
    ("basis", "kind", "expected"),
    [
        pytest.param("{paid_by_points: without}", "points", 75, id="the part paid with points earns nothing"),
        pytest.param("{}", "points", 100, id="T-37 points are a means of payment too"),
        pytest.param("{paid_by_points: without}", "gift-card", 100, id="T-37 other means earn all the same"),
    ],
)
def test_what_is_paid_with_points_earns_as_the_programme_says(basis: str, kind: str, expected: int):
    purchase = a_purchase(60_00, 40_00, payments=(Payment("card", 90_00), Payment(kind, 30_00)), delivery_amount=20_00)
    assert earned(a_programme(ONE, points=points(basis=basis)), purchase) == expected


def test_all_paid_with_points_earns_nothing_and_delivery_is_paid_in_the_same_parts():
    programme = a_programme(ONE, points=points(basis="{paid_by_points: without, delivery: with}"))
    assert earned(programme, a_purchase(80_00, payments=(Payment("points", 80_00),))) == 0
    assert earned(programme, a_purchase(80_00, payments=(Payment("points", 50_00), Payment("card", 50_00)), delivery_amount=20_00)) == 50


def test_a_category_counts_what_was_paid_for_it_where_a_discount_was_shared_out_case_t_35():
    """The peer counts 100: a discount on the whole purchase does not shrink a category there. Ours does, unless counted before discounts."""
    food = "- {id: food, when: {category: food}, give: {points: 1, per: 1.00}}"
    purchase = a_purchase(a_line(90_00, "a", category="food", list_amount=100_00), a_line(45_00, "b", list_amount=50_00))
    assert earned(a_programme(food), purchase) == 90
    assert earned(a_programme(food, points=points(basis="before_discounts")), purchase) == 100


def test_a_grant_over_the_cap_of_a_period_is_cut_and_weeks_start_on_monday_case_t_59():
    programme = a_programme("- {id: one, give: {points: 1, per: 1.00}, cap: {points: 50, per: week}}")
    state, given = NEW, []
    for day in (22, 23, 24, 29, 30):  # Sunday, Monday, Tuesday, Sunday, Monday
        decision, state = programme.earn(a_purchase(30_00, occurred_at=datetime(2026, 11, day, tzinfo=UTC)), state)
        given.append(decision.explanation.points)
    assert given == [30, 30, 20, 0, 30]
