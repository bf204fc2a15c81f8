"""Campaigns give on top of everything else, to those they are for, and never more than their budgets."""

from datetime import UTC, datetime

import pytest

from accrual.domain.accounts import AccountState, CounterKey, Profile
from accrual.domain.budgets import budget_key
from accrual.domain.decisions import Grant, RewardDue
from accrual.domain.demands import in_control_group
from accrual.domain.facts import Activity
from accrual.domain.given import given_of
from accrual.domain.keeping import keep
from accrual.domain.returns import Back, Returned

from .builders import FRIDAY_NOON, NEW, a_line, a_programme, a_purchase, by_rule, decided, points, reasons

ONE = "- {id: one, give: {points: 1, per: 1.00}}\n"
DOUBLE = "earning: [{id: x2, give: {multiply: 2}}]"
TIERS = "{by: points_earned, window: forever, levels: [{id: friend, from: 0}, {id: gold, from: 100, multiply: 1.5}]}"


def somebody(number: int = 1, **known: object) -> AccountState:
    return AccountState(profile=Profile(**({"member": True, "seed": bytes([number])} | known)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("base", "campaign", "expected"),
    [
        pytest.param("{points: 5, per: visit}", "multiply: 3", 15, id="T-26 x3"),
        pytest.param("{points: 4, per: visit}", "multiply: 1.5", 6, id="T-26 x1.5"),
        pytest.param("{fixed: 5}", "multiply: 3", 5, id="T-27 no base points"),
    ],
)
def test_a_campaign_multiplies_base_points(base: str, campaign: str, expected: int):
    rules = f"- {{id: base, give: {base}}}\n- {{id: elsewhere, when: {{sku: none}}, give: {{points: 1, per: 1.00}}}}"
    programme = a_programme(rules, campaigns=f"[{{id: more, earning: [{{id: x, give: {{{campaign}}}}}]}}]")
    assert decided(programme, a_purchase(1_00)).explanation.points == expected


def test_campaigns_come_after_everything_else_and_multiply_base_points_only():
    rules = ONE + "- {id: x3, give: {multiply: 3}}\n- {id: gift, give: {fixed: 7}}"
    extra = "[{id: x2, give: {multiply: 2}}, {id: each, give: {points: 4, per: unit}}, {id: hello, give: {fixed: 9}}]"
    programme = a_programme(rules, tiers=TIERS, campaigns=f"[{{id: fest, earning: {extra}}}]")
    decision = decided(programme, a_purchase(10_00), somebody(tier="gold"))
    assert by_rule(decision) == {"one": 10, "x3": 20, "tier:gold": 15, "gift": 7, "fest/x2": 10, "fest/each": 4, "fest/hello": 9}
    assert [step.rule for step in decision.explanation.steps][-3:] == ["fest/x2", "fest/each", "fest/hello"]


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        ("dates: {from: 2026-11-21}", "outside-dates"),
        ("days: mon", "other-day-or-hour"),
        ("hours: '13:00-14:00'", "other-day-or-hour"),
        ("repeats: FREQ=MONTHLY;BYDAY=1FR", "outside-dates"),
        ("enabled: false", "disabled"),
    ],
)
def test_a_campaign_is_on_in_its_window_only(window: str, reason: str):
    silent = decided(a_programme(ONE, campaigns=f"[{{id: fest, {window}, {DOUBLE}}}]"), a_purchase(1_00)).explanation.not_given
    assert [(each.rule, each.reason) for each in silent] == [("fest/x2", reason)]
    assert silent[0].text not in ("only", "only ")


def test_a_rule_of_a_campaign_may_have_a_window_within_that_of_the_campaign():
    programme = a_programme(ONE, campaigns="[{id: fest, dates: {from: 2026-11-20}, earning: [{id: x, when: {dates: {until: 2026-11-22}}, give: {fixed: 5}}]}]")
    days = [datetime(2026, 11, day, tzinfo=UTC) for day in (19, 20, 22, 23)]
    assert [decided(programme, a_purchase(1_00, occurred_at=day)).explanation.points for day in days] == [1, 6, 6, 1]


def test_a_public_campaign_says_whom_it_is_for_and_a_private_one_does_not():
    public = a_programme(ONE, campaigns=f"[{{id: fest, audience: {{segment: [jazz]}}, {DOUBLE}}}]")
    private = a_programme(ONE, campaigns=f"[{{id: fest, public: false, audience: {{segment: [jazz]}}, {DOUBLE}}}]")
    fan, stranger = somebody(segments=frozenset({"jazz"})), somebody()
    assert [decided(programme, a_purchase(1_00), fan).explanation.points for programme in (public, private)] == [2, 2]
    assert [decided(programme, a_purchase(1_00), stranger).explanation.not_given[0][1:] for programme in (public, private)] == [
        ("other-segment", "only for jazz"),
        ("not-offered", "not offered to you"),
    ]


def test_a_private_campaign_is_not_offered_to_somebody_unknown():
    programme = a_programme(ONE, campaigns=f"[{{id: fest, public: false, {DOUBLE}}}]")
    assert reasons(decided(programme, a_purchase(1_00), NEW)) == {"fest/x2": "not-offered"}
    assert decided(programme, a_purchase(1_00), somebody()).explanation.points == 2


def test_a_control_group_is_a_share_of_the_audience_and_always_the_same():
    programme = a_programme(ONE, campaigns=f"[{{id: fest, public: false, control: 10%, {DOUBLE}}}]")
    left_out = [number for number in range(1, 256) if decided(programme, a_purchase(1_00), somebody(number)).explanation.points == 1]
    assert 10 <= len(left_out) <= 45
    assert left_out == [number for number in range(1, 256) if in_control_group(bytes([number]), "shop/fest", 1, 10)]
    assert left_out != [number for number in range(1, 256) if in_control_group(bytes([number]), "shop/other", 1, 10)]


def test_a_control_group_is_as_large_as_it_says():
    seeds = [number.to_bytes(4) for number in range(20_000)]
    for percent in (1, 10, 50):
        share = sum(in_control_group(seed, "shop/fest", percent, 100) for seed in seeds) / len(seeds)
        assert abs(share - percent / 100) < 0.015
    assert all(in_control_group(seed, "shop/fest", 1, 1) for seed in seeds[:100])


BUDGET = "[{{id: fest, budget: {{{}}}, earning: [{{id: gift, give: {{fixed: 30}}}}, {{id: x2, give: {{multiply: 2}}}}]}}]"


@pytest.mark.parametrize(
    ("budget", "given", "used"),
    [
        ("points: 100", [40, 40, 20, 0], {"points": 100}),
        ("grants: 2", [40, 40, 0, 0], {"grants": 2}),
        ("money: 0.70", [40, 30, 0, 0], {"money/EUR": 70}),
        ("points: 100, grants: 3, money: 9.00", [40, 40, 20, 0], {"points": 100, "grants": 3, "money/EUR": 100}),
    ],
)
@pytest.mark.parametrize("per", ["rule", "receipt"])
def test_a_budget_is_used_to_the_last_point_and_no_further(budget: str, given: list[int], used: dict[str, int], per: str):
    programme = a_programme(ONE, campaigns=BUDGET.format(budget), points=points(rounding=f"{{mode: floor, per: {per}}}"))
    shared, found = dict[CounterKey, int](), []
    for number in range(4):
        decision, after = programme.earn(a_purchase(10_00), AccountState(profile=Profile(seed=bytes([number])), shared=shared))
        shared = dict(after.shared)
        found.append(decision.explanation.points - 10)
        assert set(shared) <= set(programme.shared(a_purchase(10_00)))
    assert found == given
    assert shared == {budget_key("fest", what): amount for what, amount in used.items()}


def test_a_budget_that_cuts_says_so_and_one_that_is_spent_too():
    programme = a_programme(ONE, campaigns=BUDGET.format("points: 35"))
    decision, state = programme.earn(a_purchase(10_00), NEW)
    assert [(step.rule, step.points_exact, step.text) for step in decision.explanation.steps][-1] == ("fest", "-5", "budget of 35 points: room for 35 of 40")
    assert reasons(decided(programme, a_purchase(10_00), state)) == {"fest/gift": "budget-spent", "fest/x2": "budget-spent"}


def test_what_the_programmes_cap_takes_is_not_taken_from_the_budget():
    programme = a_programme(ONE, campaigns=BUDGET.format("points: 100"), cap="{points: 25, per: day}")
    decision = decided(programme, a_purchase(10_00))
    assert (decision.explanation.points, dict(decision.effects.shared)) == (25, {budget_key("fest", "points"): 15})


def test_what_comes_back_is_given_back_to_the_budget():
    programme = a_programme(
        ONE, campaigns="[{id: fest, budget: {points: 35, grants: 9}, earning: [{id: gift, when: {sku: a}, give: {fixed: 30}}, {id: x2, give: {multiply: 2}}]}]"
    )
    purchase = a_purchase(a_line(10_00, "a"), a_line(20_00, "b"))
    decision, _ = programme.earn(purchase, NEW)
    assert isinstance(decision, Grant)
    given, key = given_of(decision.explanation), budget_key("fest", "points")
    some, all_ = Returned({"a": Back(1_000, 10_00)}), Returned({"a": Back(1_000, 10_00), "b": Back(1_000, 20_00)})
    kept = [keep(programme, purchase, given, returned) for returned in (Returned(), some, all_)]
    assert [each.points for each in kept] == [65, 40, 0] == [decision.points, 40, 0]
    assert [dict(each.shared).get(key, 0) for each in kept] == [35, 20, 0] == [dict(decision.effects.shared)[key], 20, 0]


@pytest.mark.parametrize(("stacking", "expected"), [("all", 10 + 10 + 12 + 11), ("best", 10 + 12), ("newest", 10 + 11)])
def test_of_several_campaigns_all_the_best_or_the_newest_apply_case_t_27(stacking: str, expected: int):
    campaigns = f"[{{id: a, {DOUBLE}}}, {{id: b, earning: [{{id: g, give: {{fixed: 12}}}}]}}, {{id: c, earning: [{{id: g, give: {{fixed: 11}}}}]}}]"
    decision = decided(a_programme(ONE, campaigns=campaigns, campaign_stacking=stacking), a_purchase(10_00))
    assert decision.explanation.points == expected
    if stacking == "best":
        assert reasons(decision) == {"a/x2": "other-campaign", "c/g": "other-campaign"}


def test_a_campaign_that_gives_nothing_takes_no_other_ones_place():
    campaigns = "[{id: a, earning: [{id: g, give: {fixed: 12}}]}, {id: b, earning: [{id: x, when: {sku: none}, give: {fixed: 99}}]}]"
    decision = decided(a_programme(ONE, campaigns=campaigns, campaign_stacking="newest"), a_purchase(10_00))
    assert decision.explanation.points == 22


def test_a_limited_happy_hour_may_be_a_campaign_case_t_30():
    happy = "[{id: happy, days: tue, hours: '16:00-18:00', earning: [{id: x2, give: {multiply: 2}, cap: {times: 1, per: day}}]}]"
    programme, state, given = a_programme(ONE, campaigns=happy), NEW, []
    for hour in (16, 17, 18):
        decision, state = programme.earn(a_purchase(10_00, occurred_at=datetime(2026, 11, 24, hour, 30, tzinfo=UTC)), state)
        given.append(decision.explanation.points)  # type: ignore[union-attr]
    assert given == [20, 10, 10]


def test_a_campaign_may_want_a_coupon_and_give_a_reward_for_an_activity():
    sections = {"rewards": "[{id: drink, kind: gift}]", "coupons": "[{id: spring, code: SPRING}]"}
    programme = a_programme(ONE, campaigns=f"[{{id: fest, coupon: spring, {DOUBLE}}}]", **sections)
    assert decided(programme, a_purchase(1_00, coupons=("spring",))).effects.coupons == ("SPRING",)
    assert reasons(decided(programme, a_purchase(1_00))) == {"fest/x2": "no-coupon"}
    survey = "[{id: ask, budget: {grants: 1}, earning: [{id: gift, on: activity, when: {activity: survey}, give: {reward: drink}}]}]"
    asked, activity = a_programme(ONE, campaigns=survey, **sections), Activity(programme="shop", kind="survey", occurred_at=FRIDAY_NOON)
    first, state = asked.earn(activity, NEW)
    assert first.effects.rewards == (RewardDue("ask/gift", "drink"),)  # type: ignore[union-attr]
    assert reasons(asked.earn(activity, AccountState(shared=state.shared))[0]) == {"ask/gift": "budget-spent"}  # type: ignore[arg-type]


def test_an_event_that_no_campaign_is_about_locks_no_budget():
    assert a_programme(ONE).shared(a_purchase(1_00)) == ()
    campaign = "[{id: fest, dates: {from: 2026-11-20}, budget: {points: 99}, earning: [{id: gift, when: {sku: a}, give: {fixed: 1}}]}]"
    programme, day_before = a_programme(ONE, campaigns=campaign), datetime(2026, 11, 19, 12, tzinfo=UTC)
    for line, at, keys in (("a", FRIDAY_NOON, 1), ("b", FRIDAY_NOON, 0), ("a", day_before, 0)):
        assert len(programme.shared(a_purchase(a_line(1_00, line), occurred_at=at))) == keys
    assert programme.shared(a_purchase(1_00, zone="Nowhere/At/All")) == ()


def test_an_event_that_gives_no_reward_locks_no_stock():
    """Neither what other goods bring nor what a campaign gives on other days; of surprises, what the lot falls on."""
    rules = f"{ONE}\n- {{id: cup, when: {{sku: a}}, give: {{reward: mug}}}}"
    campaign = "[{id: fest, dates: {from: 2026-11-20}, earning: [{id: gift, when: {sku: b}, give: {reward: cake}}]}]"
    rewards, lucky = "[{id: mug, kind: gift, stock: 9}, {id: cake, kind: gift, stock: 9}, {id: pin, kind: gift, stock: 9}]", "minimum: 5.00, budget: 3"
    surprise = f"{{id: lucky, reward: pin, chance: 99.9999%, {lucky}}}"
    programme, day_before = a_programme(rules, campaigns=campaign, rewards=rewards, surprises=surprise), datetime(2026, 11, 19, 12, tzinfo=UTC)
    for line, at, named in (("a", FRIDAY_NOON, ["reward/mug"]), ("b", FRIDAY_NOON, ["reward/cake"]), ("b", day_before, []), ("c", FRIDAY_NOON, [])):
        assert [key.rule for key in programme.shared(a_purchase(a_line(1_00, line), occurred_at=at))] == named
    assert {key.rule for key in programme.shared(a_purchase(a_line(5_00, "c")))} == {"reward/pin", "surprise/lucky"}
