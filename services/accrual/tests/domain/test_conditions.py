"""Who buys, where, when again and how they pay: each condition opens its rule for some and says why not to others."""

from datetime import UTC, datetime, timedelta

import pytest

from accrual.domain.accounts import AccountState, Profile
from accrual.domain.facts import Activity, Payment

from .builders import FRIDAY_NOON, NEW, a_line, a_programme, a_purchase, by_rule, decided, earned, reasons

GIFT = "- {{id: gift, when: {{{}}}, give: {{fixed: 10}}}}"
TIERS = "{by: points_earned, window: forever, levels: [{id: friend, from: 0}, {id: gold, from: 100, multiply: 1.5}]}"
ONE = "- {id: one, give: {points: 1, per: 1.00}}\n"


def someone(**known: object) -> AccountState:
    return AccountState(profile=Profile(**({"member": True, "seed": b"a"} | known)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("when", "met", "unmet", "reason"),
    [
        ("tier: [gold]", {"tier": "gold"}, {"tier": "friend"}, "other-tier"),
        ("segment: [jazz, rock]", {"segments": frozenset({"rock"})}, {"segments": frozenset({"pop"})}, "other-segment"),
        ("member_for: 30 days", {"joined_at": FRIDAY_NOON - timedelta(days=30)}, {"joined_at": FRIDAY_NOON - timedelta(days=29)}, "member-too-new"),
        ("member_for: 1 month", {"joined_at": datetime(2026, 10, 20, 23, tzinfo=UTC)}, {"joined_at": None}, "member-too-new"),
        ("member_for: 1 year", {"joined_at": datetime(2025, 11, 20, tzinfo=UTC)}, {"joined_at": datetime(2025, 11, 21, tzinfo=UTC)}, "member-too-new"),
    ],
)
def test_a_rule_may_ask_who_buys(when: str, met: dict[str, object], unmet: dict[str, object], reason: str):
    programme = a_programme(GIFT.format(when), tiers=TIERS)
    assert earned(programme, a_purchase(1_00), someone(**met)) == 10
    assert reasons(decided(programme, a_purchase(1_00), someone(**unmet))) == {"gift": reason}
    assert reasons(decided(programme, a_purchase(1_00), NEW)) == {"gift": reason}


def test_days_of_membership_are_those_of_the_programmes_calendar():
    programme = a_programme(GIFT.format("member_for: 1 days"), zone="Asia/Tokyo")
    joined = someone(joined_at=datetime(2026, 11, 20, 14, 59, tzinfo=UTC))  # 20 November, 23:59 in Tokyo
    assert earned(programme, a_purchase(1_00, occurred_at=datetime(2026, 11, 20, 15, 1, tzinfo=UTC)), joined) == 10


def test_a_registration_or_an_activity_may_ask_who_it_is_too():
    programme = a_programme("- {id: survey, on: activity, when: {activity: survey, segment: jazz}, give: {fixed: 5}}")
    activity = Activity(programme="shop", kind="survey", occurred_at=FRIDAY_NOON)
    assert decided(programme, activity, someone(segments=frozenset({"jazz"}))).explanation.points == 5
    assert reasons(decided(programme, activity, NEW)) == {"survey": "other-segment"}


@pytest.mark.parametrize(
    ("when", "payments", "expected"),
    [
        ("payment: {kind: card}", [("card", 1)], 10),
        ("payment: {kind: card}", [("cash", 100_00)], 0),
        ("payment: {kind: card}", [("card", 0), ("cash", 1)], 0),
        ("payment: {kind: card}", [], 0),
        ("payment: {kind: [card, wallet], share: 50%}", [("card", 30), ("wallet", 20), ("cash", 50)], 10),
        ("payment: {kind: [card, wallet], share: 50%}", [("card", 30), ("wallet", 19), ("cash", 50)], 0),
        ("payment: {kind: card, share: 100%}", [("card", 100)], 10),
    ],
)
def test_a_rule_may_ask_how_it_is_paid(when: str, payments: list[tuple[str, int]], expected: int):
    purchase = a_purchase(100_00, payments=tuple(Payment(*payment) for payment in payments))
    assert earned(a_programme(GIFT.format(when)), purchase) == expected


def test_a_rule_may_ask_who_sells():
    programme = a_programme(GIFT.format("merchant: cafe"), merchants="[shop, cafe]")
    assert earned(programme, a_purchase(1_00, merchant="cafe")) == 10
    silent = decided(programme, a_purchase(1_00)).explanation.not_given[0]
    assert (silent.reason, silent.text) == ("other-place", "only at cafe")


@pytest.mark.parametrize(
    ("when", "days"),
    [
        ("repeats: FREQ=WEEKLY;BYDAY=TU", [3, 10, 17, 24]),
        ("repeats: FREQ=MONTHLY;BYDAY=1SA", [7]),
        ("repeats: FREQ=MONTHLY;BYMONTHDAY=-1", [30]),
        ("repeats: FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=11", [11]),
        ("repeats: FREQ=MONTHLY;BYMONTHDAY=10, days: [tue]", [10]),
        ("repeats: FREQ=MONTHLY;BYMONTHDAY=10, days: [tue, fri], dates: {until: 2026-11-09}", []),
        ("repeats: FREQ=WEEKLY;INTERVAL=2;BYDAY=TU, dates: {from: 2026-10-06}", [3, 17]),
        ("repeats: FREQ=WEEKLY;BYDAY=TU, dates: {until: 2026-11-10}", [3, 10]),
    ],
)
def test_days_may_come_again_by_a_rule_of_the_calendar(when: str, days: list[int]):
    programme = a_programme(GIFT.format(when))
    november = {day: a_purchase(1_00, occurred_at=datetime(2026, 11, day, 23, 59, tzinfo=UTC)) for day in range(1, 31)}
    assert [day for day, purchase in november.items() if earned(programme, purchase)] == days


def test_the_level_multiplies_base_points_after_the_rules():
    programme = a_programme(ONE + "- {id: x2, when: {sku: a}, give: {multiply: 2}}\n- {id: gift, give: {fixed: 7}}", tiers=TIERS)
    purchase = a_purchase(a_line(10_00, "a"), a_line(5_00, "b"))
    gold = decided(programme, purchase, someone(tier="gold"))
    assert by_rule(gold) == {"one": 15, "x2": 10, "tier:gold": 12, "gift": 7}  # (10 x 2 + 5) x 1.5, rounded down
    assert [step.text for step in gold.explanation.steps if step.rule == "tier:gold"] == ["25 x 1.5 for gold: 12.5 more", "12.5 rounded down to 12"]
    assert by_rule(decided(programme, purchase, someone(tier="friend"))) == {"one": 15, "x2": 10, "gift": 7}
    assert by_rule(decided(a_programme("- {id: gift, give: {fixed: 7}}", tiers=TIERS), purchase, someone(tier="gold"))) == {"gift": 7}


def test_an_exclusive_rule_does_not_take_a_members_level_away():
    programme = a_programme(ONE + "- {id: two, give: {points: 2, per: 1.00}, stacking: exclusive}", tiers=TIERS)
    assert by_rule(decided(programme, a_purchase(10_00), someone(tier="gold"))) == {"two": 20, "tier:gold": 10}


def test_a_coupon_opens_a_rule_and_is_used_when_the_rule_gives():
    coupons = "[{id: welcome, code: WELCOME5, per_member: 1, uses: 2}]"
    programme = a_programme(ONE + GIFT.format("coupon: welcome, minimum: 5.00"), coupons=coupons)
    shown = a_purchase(10_00, coupons=("welcome5",))
    assert reasons(decided(programme, a_purchase(10_00))) == {"gift": "no-coupon"}
    first, after = programme.earn(shown, NEW)
    assert (first.explanation.points, first.effects.coupons) == (20, ("WELCOME5",))
    assert {key for key, _ in first.effects.shared} == set(programme.shared(shown))
    assert {key for key, _ in first.counters} == set(programme.counters(shown))
    assert reasons(programme.earn(shown, after)[0]) == {"gift": "coupon-limit"}
    other = AccountState(shared=after.shared)
    second, after_both = programme.earn(shown, other)
    assert second.explanation.points == 20
    assert reasons(programme.earn(shown, AccountState(shared=after_both.shared))[0]) == {"gift": "coupon-used-up"}
    small = decided(programme, a_purchase(1_00, coupons=("welcome5",)))
    assert (small.effects.coupons, small.effects.shared) == ((), ())


def test_a_coupon_is_not_used_by_a_rule_whose_points_a_cap_takes():
    programme = a_programme(GIFT.format("coupon: welcome"), coupons="[{id: welcome, code: WELCOME5}]", cap="{times: 1, per: day}")
    _, state = programme.earn(a_purchase(1_00, coupons=("WELCOME5",)), NEW)
    second = decided(programme, a_purchase(1_00, coupons=("WELCOME5",)), state)
    assert (second.explanation.points, second.effects.coupons) == (0, ())


def test_a_cap_of_a_rule_does_not_cap_what_the_level_adds_to_it():
    programme = a_programme("- {id: half, when: {tier: gold}, give: {points: 1, per: 2.00}, cap: {points: 3, per: day}}", tiers=TIERS)
    state, given = someone(tier="gold"), []
    for _ in range(3):
        decision, state = programme.earn(a_purchase(5_00), state)
        given.append(by_rule(decision))
    assert given == [{"half": 2, "tier:gold": 1}, {"half": 1, "tier:gold": 1}, {}]
