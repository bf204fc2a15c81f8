"""What a programme decides, condition by condition, and why it says it."""

from datetime import UTC, datetime

import pytest

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.amounts import MAX_POINTS
from accrual.domain.compiler import compile_document
from accrual.domain.decisions import Grant, NothingEarned, Operation, Reason, Refusal
from accrual.domain.document.reading import read
from accrual.domain.facts import Activity, Registration

from .builders import FRIDAY_NOON, NEW, PROGRAMMES, a_document, a_line, a_programme, a_purchase, by_rule, decided, earned, points, reasons

ONE = "- {id: one, give: {points: 1, per: 1.00}}\n"


def a_gift(when: str) -> str:
    return f"- {{id: gift, when: {{{when}}}, give: {{fixed: 5}}}}"


@pytest.mark.parametrize(
    ("when", "purchase", "reason"),
    [
        ("category: rock", a_purchase(a_line(1, category="rock")), None),
        ("category: rock", a_purchase(a_line(1)), "no-such-goods"),
        ("category: [rock, jazz], brand: x", a_purchase(a_line(1, category="jazz", brand="x")), None),
        ("category: rock, brand: x", a_purchase(a_line(1, "a", category="rock"), a_line(1, "b", brand="x")), "no-such-goods"),
        ("label: [new, red]", a_purchase(a_line(1, labels=("old", "red"))), None),
        ("exclude: {label: red}", a_purchase(a_line(1, labels=("old", "red"))), "no-such-goods"),
        ("sku: a, exclude: {category: sale}", a_purchase(a_line(1, "a", category="sale")), "no-such-goods"),
        ("store: [s1, s2]", a_purchase(1, store="s2"), None),
        ("store: s1", a_purchase(1, store="s2"), "other-place"),
        ("store: s1", a_purchase(1), "other-place"),
        ("channel: [web, app]", a_purchase(1, channel="app"), None),
        ("channel: web", a_purchase(1), "other-place"),
        ("minimum: 10", a_purchase(10_00), None),
        ("minimum: 10", a_purchase(9_99), "below-minimum"),
        ("quantity: 3", a_purchase(a_line(1, quantity=3_000)), None),
        ("quantity: 3, category: rock", a_purchase(a_line(1, "a", quantity=2_999, category="rock"), a_line(1, "b", quantity=5_000)), "too-few-items"),
        ("days: [fri, sat]", a_purchase(1), None),
        ("days: mon", a_purchase(1), "other-day-or-hour"),
        ("hours: '12:00-12:01'", a_purchase(1), None),
        ("hours: ['00:00-12:00', '12:01-24:00']", a_purchase(1), "other-day-or-hour"),
        ("dates: {from: 2026-11-20, until: 2026-11-20}", a_purchase(1), None),
        ("dates: [{until: 2026-11-19}, {from: 2026-11-21}]", a_purchase(1), "outside-dates"),
        ("currency: EUR", a_purchase(1), None),
        ("first_purchase: true", a_purchase(1), None),
    ],
)
def test_a_rule_applies_exactly_when_all_its_conditions_hold(when: str, purchase: object, reason: str | None):
    decision = decided(a_programme(a_gift(when)), purchase)
    assert (decision.explanation.points, reasons(decision)) == ((5, {}) if reason is None else (0, {"gift": reason}))


def test_windows_are_meant_where_the_store_is():
    programme = a_programme(a_gift("days: sat, hours: '00:00-02:00', dates: {from: 2026-11-21, until: 2026-11-21}"))
    assert earned(programme, a_purchase(1, occurred_at=datetime(2026, 11, 20, 22, 30, tzinfo=UTC), zone="Europe/Moscow")) == 5
    assert earned(programme, a_purchase(1, occurred_at=datetime(2026, 11, 20, 22, 30, tzinfo=UTC), zone="Europe/London")) == 0


def test_only_the_first_purchase_is_the_first():
    programme = a_programme(a_gift("first_purchase: true"))
    first, state = programme.earn(a_purchase(1), NEW)
    second, state = programme.earn(a_purchase(1), state)
    assert (first.explanation.points, second.explanation.points, state.purchases) == (5, 0, 2)
    assert reasons(second) == {"gift": "not-first-purchase"}


def test_a_purchase_that_earned_nothing_was_a_purchase_all_the_same():
    programme = a_programme(a_gift("first_purchase: true, minimum: 10"))
    _, state = programme.earn(a_purchase(1), NEW)
    assert earned(programme, a_purchase(10_00), state) == 0


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        ("floor", 1 + 1),
        ("half_up", 2 + 1),
        ("ceil", 2 + 2),
        ("{mode: floor, per: receipt}", 2),
        ("{mode: half_up, per: receipt}", 3),
        ("{mode: ceil, per: receipt}", 3),
    ],
)
def test_fractions_are_rounded_by_rule_or_once_by_receipt(rounding: str, expected: int):
    rules = "- {id: a, give: {points: 1, per: 1.00}}\n- {id: b, give: {points: 1, per: 1.25}}"  # 1.50 and 1.20
    assert earned(a_programme(rules, points=points(rounding=rounding)), a_purchase(1_50)) == expected


def test_points_may_have_decimals():
    programme = a_programme("- {id: a, give: {points: 0.5, per: 1.00}}", points=points(decimals="2"))
    decision = decided(programme, a_purchase(1_99))
    assert decision.explanation.points == 99
    assert [step.text for step in decision.explanation.steps] == ["1.99 at 0.5 per 1.00", "0.995 rounded down to 0.99"]


def test_full_steps_count_only_full_steps():
    programme = a_programme("- {id: a, give: {points: 5, per: 20.00, whole_steps: true}}\n- {id: b, give: {multiply: 1.5}}")
    assert by_rule(decided(programme, a_purchase(39_99))) == {"a": 5, "b": 2}
    assert by_rule(decided(programme, a_purchase(30_00, 10_00))) == {"a": 10, "b": 5}


def test_rates_are_by_currency():
    sections = {"currency": "", "currencies": "[EUR, JPY]", "points": points(worth="{EUR: 0.01, JPY: 1}")}
    programme = a_programme("- {id: a, give: {points: 1, per: {EUR: 1.00, JPY: 150}}}\n- {id: b, when: {currency: JPY}, give: {fixed: 7}}", **sections)
    assert by_rule(decided(programme, a_purchase(3_00))) == {"a": 3}
    yen = decided(programme, a_purchase(300, currency="JPY"))
    assert by_rule(yen) == {"a": 2, "b": 7}
    assert [step.text for step in yen.explanation.steps] == ["300 at 1 per 150", "7 given once"]
    assert reasons(decided(programme, a_purchase(3_00))) == {"b": "other-currency"}
    assert (programme.worth(250, "EUR"), programme.worth(250, "JPY")) == (250, 250)


def test_a_currency_or_zone_that_nobody_knows_is_refused_by_name():
    programme = a_programme(ONE)
    for purchase, reason in ((a_purchase(1, currency="USD"), Reason.UNKNOWN_CURRENCY), (a_purchase(1, zone="Nowhere/At/All"), Reason.UNKNOWN_ZONE)):
        decision, state = programme.earn(purchase, NEW)
        assert isinstance(decision, Refusal)
        assert (decision.reason, state) == (reason, NEW)


def test_more_points_than_an_account_can_hold_are_refused():
    decision = a_programme(ONE.replace("points: 1", "points: 100000")).decide(a_purchase(MAX_POINTS), NEW)
    assert isinstance(decision, Refusal)
    assert decision.reason is Reason.TOO_MANY_POINTS


def test_an_exclusive_rule_silences_the_others_and_says_so():
    programme = a_programme(ONE + "- {id: double, give: {multiply: 2}}\n- {id: alone, when: {minimum: 5}, give: {fixed: 3}, stacking: exclusive}")
    decision = decided(programme, a_purchase(10_00))
    assert by_rule(decision) == {"alone": 3}
    assert [each.text for each in decision.explanation.not_given] == ["`alone` applies alone", "`alone` applies alone"]
    assert by_rule(decided(programme, a_purchase(4_00))) == {"one": 4, "double": 4}


def test_of_two_exclusive_rules_the_one_with_priority_applies():
    rules = "- {id: a, give: {fixed: 3}, stacking: exclusive}\n- {id: b, give: {fixed: 2}, stacking: exclusive, priority: 1}"
    assert by_rule(decided(a_programme(rules), a_purchase(1))) == {"b": 2}


def test_the_best_multiplier_of_a_group_applies_and_an_exclusive_one_alone():
    group = ONE + "- {id: x2, give: {multiply: 2}, stacking: best_of}\n- {id: x3, when: {sku: a}, give: {multiply: 3}, stacking: best_of}\n"
    programme = a_programme(group)
    assert by_rule(decided(programme, a_purchase(a_line(10_00, "a"), a_line(9_00, "b")))) == {"one": 19, "x3": 20}
    assert by_rule(decided(programme, a_purchase(a_line(10_00, "a"), a_line(11_00, "b")))) == {"one": 21, "x2": 21}
    alone = a_programme(group + "- {id: alone, give: {multiply: 1.5}, stacking: exclusive}")
    assert by_rule(decided(alone, a_purchase(10_00))) == {"one": 10, "alone": 5}


def test_the_best_rule_is_the_one_that_gives_most_after_its_cap():
    rules = "- {id: much, give: {fixed: 100}, stacking: best_of, cap: {points: 100, per: day}}\n- {id: less, give: {fixed: 50}, stacking: best_of}"
    state = AccountState(counters={CounterKey("much", "points/day:2026-11-20"): 60})
    decision = decided(a_programme(rules), a_purchase(1), state)
    assert by_rule(decision) == {"less": 50}
    assert reasons(decision) == {"much": "not-the-best"}


def test_a_multiplier_raises_only_the_rules_it_names():
    rules = ONE + "- {id: two, give: {points: 2, per: 1.00}}\n- {id: x3, give: {multiply: 3, of: one}}"
    assert by_rule(decided(a_programme(rules), a_purchase(10_00))) == {"one": 10, "two": 20, "x3": 20}


def test_a_cap_cuts_to_what_is_left_and_shows_the_sum():
    programme = a_programme("- {id: one, give: {points: 1, per: 1.00}, cap: [{points: 30, per: receipt}, {points: 40, per: month}]}")
    first, state = programme.earn(a_purchase(50_00), NEW)
    second, state = programme.earn(a_purchase(50_00), state)
    third, _ = programme.earn(a_purchase(50_00), state)
    assert isinstance(first, Grant)
    assert first.counters == ((CounterKey("one", "points/month:2026-11"), 30),)
    assert [(step.operation, step.points_exact, step.text) for step in second.explanation.steps] == [
        (Operation.EARN, "50", "50.00 at 1 per 1.00"),
        (Operation.CAP, "-20", "at most 30 points per receipt, 0 so far: 30 of 50"),
        (Operation.CAP, "-20", "at most 40 points per month, 30 so far: 10 of 30"),
    ]
    assert isinstance(third, NothingEarned)
    assert reasons(third) == {"one": "cap-reached"}


def test_what_the_programmes_cap_takes_does_not_count_for_rules():
    programme = a_programme(ONE + "- {id: gift, give: {fixed: 20}, cap: {points: 30, per: month}}", cap="{points: 25, per: day}")
    decision = decided(programme, a_purchase(10_00))
    assert isinstance(decision, Grant)
    assert decision.points == 25
    assert dict(decision.counters) == {CounterKey("programme", "points/day:2026-11-20"): 25, CounterKey("gift", "points/month:2026-11"): 15}


def test_periods_of_caps_are_the_programmes_days_not_the_stores():
    programme = a_programme("- {id: one, give: {points: 1, per: 1.00}, cap: {points: 30, per: day}}", zone="Europe/Moscow")
    purchase = a_purchase(1_00, occurred_at=datetime(2026, 11, 20, 21, 30, tzinfo=UTC), zone="America/New_York")
    assert programme.counters(purchase) == (CounterKey("one", "points/day:2026-11-21"),)


def test_the_counters_named_are_all_that_a_decision_reads_or_changes():
    programme = compile_document(read((PROGRAMMES / "cdnow-records.yaml").read_text()))
    purchase = a_purchase(a_line(99_00, category="jazz", quantity=9_000), currency="USD", merchant="cdnow")
    decision = decided(programme, purchase)
    assert isinstance(decision, Grant)
    assert {key for key, _ in decision.counters} <= set(programme.counters(purchase))


def test_an_activity_earns_by_its_kind_and_once_where_the_document_says_so():
    rule = "- {id: news, on: activity, when: {activity: [newsletter, survey]}, give: {fixed: 25}, cap: {times: 1, per: ever}}"
    programme = a_programme(rule)
    news = Activity(programme="shop", kind="newsletter", occurred_at=FRIDAY_NOON)
    first, state = programme.earn(news, NEW)
    second, state = programme.earn(news, state)
    assert (first.explanation.points, second.explanation.points, state.purchases) == (25, 0, 0)
    assert reasons(programme.earn(Activity(programme="shop", kind="visit", occurred_at=FRIDAY_NOON), NEW)[0]) == {"programme": "no-such-activity"}


def test_a_member_is_welcomed_once_whatever_the_rule_is_called_by_then():
    old = a_programme("- {id: welcome, on: registration, give: {fixed: 100}}")
    new = a_programme("- {id: hello, on: registration, give: {fixed: 100}}", version="2")
    joined = Registration(programme="shop", occurred_at=FRIDAY_NOON)
    first, state = old.earn(joined, NEW)
    again, _ = new.earn(joined, state)
    assert isinstance(first, Grant)
    assert first.points == 100
    assert set(old.counters(joined)) == {key for key, _ in first.counters}
    assert reasons(again) == {"programme": "already-registered"}


def test_a_programme_without_welcome_gives_none():
    assert isinstance(a_programme(ONE).decide(Registration(programme="shop", occurred_at=FRIDAY_NOON), NEW), NothingEarned)


def test_a_receipt_of_nothing_earns_nothing_and_says_why():
    decision = decided(a_programme(ONE + "- {id: x2, give: {multiply: 2}}"), a_purchase(0))
    assert reasons(decision) == {"one": "nothing-to-count", "x2": "nothing-to-multiply"}


def test_delivery_counts_for_rules_that_ask_for_no_certain_goods():
    rules = ONE + "- {id: food, when: {category: food}, give: {points: 1, per: 1.00}}"
    purchase = a_purchase(a_line(10_00, category="food"), delivery_amount=5_00)
    assert by_rule(decided(a_programme(rules, points=points(basis="{delivery: with}")), purchase)) == {"one": 15, "food": 10}
    assert by_rule(decided(a_programme(rules), purchase)) == {"one": 10, "food": 10}


def test_a_line_without_list_amount_costs_before_discounts_what_was_paid():
    programme = a_programme(ONE, points=points(basis="before_discounts"))
    assert earned(programme, a_purchase(a_line(5_00, "a"), a_line(5_00, "b", list_amount=7_00))) == 12


def test_the_explanation_names_the_lines():
    programme = a_programme("- {id: rock, when: {category: rock}, give: {points: 1, per: 1.00}}")
    (step,) = decided(programme, a_purchase(a_line(1_00, "a", category="rock"), a_line(1_00, "b"), a_line(2_00, "c", category="rock"))).explanation.steps
    assert (step.lines, step.basis, step.text) == (("a", "c"), 3_00, "3.00 at 1 per 1.00")


def test_recompiling_decides_the_same():
    text = a_document(ONE + "- {id: x, when: {category: rock}, give: {multiply: 1.25}, cap: {points: 3, per: day}}")
    purchase = a_purchase(a_line(19_99, category="rock"), 5_01)
    assert compile_document(read(text)).decide(purchase, NEW) == compile_document(read(text)).decide(purchase, NEW)


def test_a_rule_for_a_hundred_goods_names_a_few_and_counts_the_rest():
    goods = ", ".join(f"sku-{number}" for number in range(100))
    decision = decided(a_programme(ONE + a_gift(f"sku: [{goods}]")), a_purchase(a_line(1_00, "tea")))
    (silent,) = decision.explanation.not_given
    assert silent.text.startswith("only for sku sku-0, ")
    assert silent.text.endswith("sku-9 and 90 more")


def test_the_longest_words_fit_into_an_event():
    names = ", ".join("x" * 190 + str(number) for number in range(10))
    decision = decided(a_programme(ONE + a_gift(f"sku: [{names}]")), a_purchase(a_line(1_00, "tea")))
    assert len(decision.explanation.not_given[0].text) <= 500
