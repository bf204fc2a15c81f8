"""What could never happen is refused with its place: a rule that can never match, a cap below one grant, a ticket that nobody gets."""

import pytest

from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read

from .builders import a_document

BASE = "- {id: base, give: {points: 1, per: 20.00}}\n"
TIERS = "{by: points_earned, window: forever, levels: [{id: friend, from: 0}, {id: gold, from: 100}]}"
BEACON = "closes: 2026-12-01, beacon: {source: x, at: 2026-12-02}"
CATALOGUE = "[{id: ticket, kind: ticket}, {id: bike, kind: gift, stock: 1}]"


def refused(rules: str, **sections: str) -> tuple[str, str]:
    with pytest.raises(DocumentError) as error:
        read(a_document(BASE + rules, **sections))
    found = error.value.problems[0]
    assert found.advice
    assert found.line
    return found.path, found.message


def rule(when: str, give: str = "fixed: 5", rest: str = "") -> str:
    return f"- {{id: a, when: {{{when}}}, give: {{{give}}}{rest}}}"


@pytest.mark.parametrize(
    ("rules", "path", "message"),
    [
        (rule("repeats: FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24, dates: {from: 2026-05-01, until: 2026-06-01}"), "when.repeats", "between its dates"),
        (rule("member_for: 30 days", rest=", on: registration"), "when.member_for", "30 days when they register"),
        (rule("", "points: 5, per: unit", ", cap: {points: 4, per: receipt}"), "cap[0]", "below one grant of `a`, 5"),
        (rule("", "points: 5, per: 10.00, whole_steps: true", ", cap: {points: 4, per: day}"), "cap[0]", "below one grant of `a`, 5"),
    ],
)
def test_a_rule_that_never_gives_what_it_says_is_refused(rules: str, path: str, message: str):
    found = refused(rules)
    assert found[0] == f"earning[1].{path}"
    assert message in found[1]


@pytest.mark.parametrize(
    ("campaign", "when", "key"),
    [
        ("days: tue", "days: [mon, wed]", "days"),
        ('hours: ["10:00-12:00", "20:00-21:00"]', 'hours: "12:00-14:00"', "hours"),
        ("audience: {tier: gold}", "tier: friend", "tier"),
        ("audience: {segment: jazz, tier: gold}", "tier: friend", "tier"),
    ],
)
@pytest.mark.parametrize("part", ["earning: [{id: x, give: {fixed: 5}, when: {WHEN}}]", "discounts: [{id: x, percent: 5, when: {WHEN}}]"])
def test_what_a_campaign_gives_only_while_it_is_not_on_is_refused(part: str, campaign: str, when: str, key: str):
    found = refused("", tiers=TIERS, campaigns=f"[{{id: fest, {campaign}, {part.replace('WHEN', when)}}}]")
    assert found == (f"campaigns[0].{part.partition(':')[0]}[0].when.{key}", "this can never apply: the campaign is not on then")


@pytest.mark.parametrize("shared", ["days: [mon, tue]", 'hours: "11:00-14:00"', "tier: [friend, gold]"])
def test_what_a_campaign_gives_at_some_of_its_times_is_in_order(shared: str):
    campaign = "[{id: fest, days: tue, hours: '10:00-12:00', audience: {tier: gold}, earning: [{id: x, when: {WHEN}, give: {fixed: 5}}]}]"
    assert read(a_document(BASE, tiers=TIERS, campaigns=campaign.replace("WHEN", shared))).campaigns


@pytest.mark.parametrize(
    ("sections", "path", "message"),
    [
        ({"coupons": "[{id: hello, code: HELLO, until: 2019-12-31}]"}, "coupons[0]", "can never be used"),
        ({"balance": "100", "spending": "{minimum: 200}"}, "spending.minimum", "nobody earns 200 points"),
        ({"balance": "100", "rewards": "[{id: bike, kind: gift, cost: 200}]"}, "rewards[0].cost", "nobody earns 200 points"),
        ({"rewards": CATALOGUE, "raffles": f"{{id: r, ticket: ticket, {BEACON}, prizes: [{{reward: bike}}]}}"}, "raffles[0].ticket", "nobody gets `ticket`"),
        (
            {
                "rewards": CATALOGUE.replace("ticket}", "ticket, cost: 5}"),
                "raffles": f"{{id: r, ticket: ticket, {BEACON}, prizes: [{{reward: bike, count: 2}}]}}",
            },
            "raffles[0].prizes[0].reward",
            "there are 1, and 2 are promised",
        ),
    ],
)
def test_what_nobody_could_ever_have_is_refused(sections: dict[str, str], path: str, message: str):
    found = refused("", **sections)
    assert found[0] == path
    assert message in found[1]


def test_what_stands_twice_in_a_list_is_named_as_it_was_written():
    campaign = "{id: fest, earning: [{id: x, give: {fixed: 5}}]}"
    assert refused("", campaigns=f"[{campaign}, {campaign}]") == ("campaigns", "`fest` stands in the list twice")
