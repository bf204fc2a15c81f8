"""What is wrong with a rule that asks for more, or a campaign, is said with its place before anything is published."""

import pytest

from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read

from .builders import a_document

BASE = "- {id: base, give: {points: 1, per: 20.00}}\n"
GIFT = "- {{id: a, when: {{{}}}, give: {{fixed: 5}}}}"
GIVE = "- {{id: a, give: {{{}}}}}"
CAMPAIGN = "[{{id: fest, {}, earning: [{{id: x, give: {{fixed: 5}}}}]}}]"
SECTIONS = {
    "tiers": "{by: points_earned, window: forever, levels: [{id: friend, from: 0}, {id: gold, from: 100}]}",
    "coupons": "[{id: hello, code: HELLO}]",
    "rewards": "[{id: drink, kind: gift}]",
}


def first_problem(rules: str, **sections: str) -> tuple[str, str]:
    with pytest.raises(DocumentError) as refused:
        read(a_document(rules, **(SECTIONS | sections)))
    found = refused.value.problems[0]
    assert found.advice
    assert found.line
    return found.path, found.message


@pytest.mark.parametrize(
    ("rule", "path", "message"),
    [
        (GIFT.format("tier: silver"), "when.tier", "there is no tier `silver`"),
        (GIFT.format("coupon: hallo"), "when.coupon", "there is no coupon `hallo`"),
        (GIFT.format("repeats: every tuesday"), "when.repeats", "is no recurrence"),
        (GIFT.format("repeats: FREQ=WEEKLY"), "when.repeats", "says not on which days"),
        (GIFT.format("repeats: FREQ=DAILY;COUNT=3"), "when.repeats", "COUNT means nothing"),
        (GIFT.format("repeats: FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "when.repeats", "no such day ever comes"),
        (GIFT.format("repeats: FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"), "when.repeats", "counts from no day"),
        (GIFT.format("days: [mon, wed], repeats: FREQ=WEEKLY;BYDAY=TU"), "when.days", "none of the days that come again is a mon or wed"),
        (GIFT.format("first_purchase: true, every: 2"), "when.first_purchase", "`every` asks for several"),
        (GIFT.format("first_purchase: true, streak: {per: week, times: 2}"), "when.first_purchase", "`streak` asks for several"),
        (GIFT.format("member_for: long"), "when.member_for", "not written as it should be"),
        (GIFT.format("payment: {kind: gold}"), "when.payment.kind", "unknown value `gold`"),
        (GIFT.format("payment: {kind: card, share: 0%}"), "when.payment.share", "not written as it should be"),
        (GIFT.format("unit: item"), "when.unit", "there is no `every`"),
        (GIFT.format("every: 1"), "when.every", "too small"),
        (GIFT.format("spent: {from: 0.001}"), "when.spent.from", "finer than the smallest coin"),
        (GIFT.format("streak: {per: week, times: 1}"), "when.streak.times", "too small"),
        ("- {id: a, when: {every: 2, unit: item}, give: {points: 1, per: 1.00}}", "give", "brings points or a reward"),
        ("- {id: a, when: {every: 2}, give: {reward: drink, per: unit}}", "give.per", "both say how many"),
        ("- {id: a, on: registration, when: {every: 2}, give: {fixed: 5}}", "when.every", "condition on purchases"),
        ("- {id: a, on: registration, give: {reward: drink, per: unit}}", "give", "no money to count"),
        (GIVE.format("reward: cake"), "give.reward", "there is no reward `cake`"),
        (GIVE.format("reward: drink, per: visit"), "give", "given once, per unit, or per money"),
        (GIVE.format("fixed: 5, quantity: 2"), "give", "belongs to `reward`"),
        (GIVE.format("fixed: 5, per: quarter"), "give", "points and per belong together"),
        (GIVE.format("points: 5, per: quarter"), "give", "points and per belong together"),
        (GIVE.format("points: 5, per: receipt"), "give", "points and per belong together"),
        (GIVE.format("volume: [{from: 0, points: 1, per: 1.00}]"), "give", "says not for which period"),
        (GIVE.format("volume: [{from: 0, points: 2, per: 1.00}, {from: 9.00, points: 1, per: 1.00}], per: year"), "give.volume[1].points", "given less"),
        (GIVE.format("table: [{from: 9.00, points: 1}, {from: 9.00, points: 2}]"), "give.table[1].from", "begins no higher"),
        (GIVE.format("table: [{from: 0, points: 2}, {from: 9.00, points: 1}]"), "give.table[1].points", "given less"),
        ("- {id: a, give: {table: [{from: 0, points: 8}, {from: 9.00, points: 9}]}, cap: {points: 5, per: day}}", "cap[0]", "below one grant of `a`, 8"),
        (GIFT.format("merchant: elsewhere"), "when.merchant", "elsewhere sells nothing in this programme"),
        (GIVE.format("table: [{from: 0, points: 1.5}]"), "give.table[0].points", "finer than 0 decimals"),
        ("- {id: a, give: {reward: drink}, cap: {points: 5, per: day}}", "cap[0]", "gives no points"),
        ("- {id: a, give: {reward: drink}, stacking: best_of}", "stacking", "cannot be compared"),
        ("- {id: a, give: {fixed: 5}, cap: {times: 1, per: day, over: reject}}", "cap[0]", "never given"),
        ("- {id: a, give: {fixed: 5}, cap: [{points: 9, per: quarter}, {points: 6, per: year}]}", "cap[0]", "never reached"),
    ],
)
def test_a_rule_that_could_never_be_meant_is_refused(rule: str, path: str, message: str):
    found = first_problem(rule)
    assert found[0] == f"earning[0].{path}"
    assert message in found[1]


@pytest.mark.parametrize(
    ("campaigns", "path", "message"),
    [
        (CAMPAIGN.format("control: 10%"), "", "cannot be kept from a control group"),
        (CAMPAIGN.format("audience: {}"), ".audience", "an audience of everybody"),
        (CAMPAIGN.format("audience: {tier: silver}"), ".audience.tier", "there is no tier `silver`"),
        (CAMPAIGN.format("coupon: hallo"), ".coupon", "there is no coupon `hallo`"),
        (CAMPAIGN.format("budget: {}"), ".budget", "limits nothing"),
        (CAMPAIGN.format("budget: {points: 4}"), ".budget.points", "below one grant of `x`"),
        (CAMPAIGN.format("budget: {money: 0.04}"), ".budget.money", "below one grant of `x`, worth 0.05"),
        (
            "[{id: fest, dates: {until: 2030-05-04}, earning: [{id: x, when: {dates: {from: 2030-05-05}}, give: {fixed: 5}}]}]",
            ".earning[0].when.dates",
            "the campaign is not on then",
        ),
        (CAMPAIGN.format("budget: {points: 9.5}"), ".budget.points", "finer than 0 decimals"),
        (CAMPAIGN.format("budget: {money: 0.001}"), ".budget.money", "finer than the smallest coin"),
        (CAMPAIGN.format("dates: {until: 2019-12-31}"), ".dates", "can never apply"),
        (CAMPAIGN.format("dates: {from: 2026-02-02, until: 2026-02-01}"), ".dates[0]", "before it starts"),
        (CAMPAIGN.format("repeats: FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), ".repeats", "no such day ever comes"),
        (CAMPAIGN.format("days: mon, repeats: FREQ=WEEKLY;BYDAY=TU"), ".days", "none of the days that come again is a mon"),
        ("[{id: fest}]", "", "gives nothing"),
        ("[{id: base, earning: [{id: x, give: {fixed: 5}}]}]", ".id", "something else is called `base`"),
        ("[{id: fest, earning: [{id: x, give: {fixed: 5}}, {id: x, give: {fixed: 5}}]}]", ".earning[1].id", "another rule of the campaign"),
        ("[{id: fest, earning: [{id: x, give: {fixed: 5}, stacking: exclusive}]}]", ".earning[0].stacking", "add up"),
        ("[{id: fest, earning: [{id: x, give: {multiply: 2, of: [bas]}}]}]", ".earning[0].give.of", "`bas` is not a base rule"),
        ("[{id: fest, earning: [{id: x, when: {tier: silver}, give: {fixed: 5}}]}]", ".earning[0].when.tier", "there is no tier"),
    ],
)
def test_a_campaign_that_gives_nothing_or_promises_what_it_does_not_keep_is_refused(campaigns: str, path: str, message: str):
    found = first_problem(BASE, campaigns=campaigns)
    assert found[0] == f"campaigns[0]{path}"
    assert message in found[1]


def test_a_campaign_alone_needs_to_know_what_a_point_is():
    problem = first_problem("- {id: gift, give: {reward: drink}}", campaigns="[{id: fest, earning: [{id: x, give: {fixed: 5}}]}]", points="", tiers="")
    assert problem[0] == "campaigns[0].earning[0].give"
