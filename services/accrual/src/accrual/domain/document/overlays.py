"""What is wrong with campaigns: one that gives nothing, is never on, or is for nobody."""

from collections.abc import Collection, Iterator
from decimal import Decimal

from accrual.domain.amounts import in_units
from accrual.domain.document.campaigns import Campaign
from accrual.domain.document.discounts import Bought, Discount
from accrual.domain.document.document import Document
from accrual.domain.document.earning import Occasion, Rule, When
from accrual.domain.document.further import repeat_findings, unknown_findings
from accrual.domain.document.money import money_findings
from accrual.domain.document.occasions import meet, window_findings
from accrual.domain.document.problems import Finding, Path
from accrual.domain.document.reductions import reduction_findings
from accrual.domain.document.rules import RESERVED, content_findings


def campaign_findings(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with the campaigns of a document."""
    taken = {rule.id for rule in document.earning} | RESERVED
    for number, campaign in enumerate(document.campaigns):
        path: Path = ("campaigns", number)
        if campaign.id in taken:
            yield Finding((*path, "id"), f"something else is called `{campaign.id}` too", "give each campaign an id of its own")
        taken.add(campaign.id)
        yield from _window_findings(campaign, path, document)
        yield from _offer_findings(campaign, path, document)
        yield from _rule_findings(campaign, path, document)
        yield from _discount_findings(campaign, path, document)
    if document.campaign_stacking != "all" and any(campaign.discounts for campaign in document.campaigns):
        yield Finding(("campaign_stacking",), "discounts of several campaigns add up", "write campaign_stacking: all, or give no discounts in campaigns")


def _window_findings(campaign: Campaign, path: Path, document: Document) -> Iterator[Finding]:
    yield from window_findings(Occasion(dates=campaign.dates, days=campaign.days, hours=campaign.hours), path, document)
    yield from repeat_findings(campaign, path)


def _offer_findings(campaign: Campaign, path: Path, document: Document) -> Iterator[Finding]:
    audience, budget = campaign.audience, campaign.budget
    if audience is not None:
        yield from unknown_findings("tier", audience.tier or (), (*path, "audience", "tier"), document)
    if campaign.coupon is not None:
        yield from unknown_findings("coupon", (campaign.coupon,), (*path, "coupon"), document)
    if budget is None:
        return
    yield from money_findings(budget.money, (*path, "budget", "money"), document.all_currencies)
    if budget.points is not None and in_units(budget.points, document.points.decimals) is None:
        yield Finding((*path, "budget", "points"), f"{budget.points} points are finer than {document.points.decimals} decimals", "write fewer decimals")
    for rule in campaign.earning:
        if budget.points is not None and rule.give.fixed is not None and rule.give.fixed > budget.points:
            yield Finding((*path, "budget", "points"), f"is below one grant of `{rule.id}`, {rule.give.fixed}", "raise the budget, or give less")
        money, worth = budget.money, document.points.worth
        if isinstance(money, Decimal) and isinstance(worth, Decimal) and rule.give.fixed is not None and rule.give.fixed * worth > money:
            message = f"is below one grant of `{rule.id}`, worth {(rule.give.fixed * worth).normalize():f}"
            yield Finding((*path, "budget", "money"), message, "raise the budget, or give less")


def _discount_findings(campaign: Campaign, path: Path, document: Document) -> Iterator[Finding]:
    if campaign.discounts and campaign.budget is not None:
        yield Finding((*path, "budget"), "its discounts would go on when it is spent", "give them a campaign of their own, and limit it by a coupon's uses")
    together = "the discounts of a campaign come one after the other", "remove it, and write them in that order"
    for number, discount in enumerate(campaign.discounts):
        where: Path = (*path, "discounts", number)
        before = [each.id for each in campaign.discounts[:number]]
        yield from _part_findings(campaign, discount, where, kind="discount", before=before, together=together)
        yield from reduction_findings(discount, where, document)


def _part_findings(
    campaign: Campaign, part: Rule | Discount, path: Path, *, kind: str, before: Collection[str], together: tuple[str, str]
) -> Iterator[Finding]:
    """Yield what is wrong with a rule or a discount as a part of its campaign. `before` are the ids above it, `together` says why it has no order."""
    if part.id in before:
        yield Finding((*path, "id"), f"another {kind} of the campaign is called `{part.id}` too", f"give each {kind} an id of its own")
    for key in sorted({"stacking", "group", "priority"} & part.model_fields_set):
        yield Finding((*path, key), *together)
    yield from _never_on(campaign, part.when, (*path, "when"))


def _never_on(campaign: Campaign, when: When | Bought, path: Path) -> Iterator[Finding]:
    """Yield what a part of the campaign asks for, and the campaign never has: its dates, days, hours and levels have nothing in common with it."""
    levels = () if campaign.audience is None else campaign.audience.tier or ()
    apart = {
        "dates": campaign.dates and when.dates and not any(meet(one, other) for one in campaign.dates for other in when.dates),
        "days": campaign.days and when.days and set(campaign.days).isdisjoint(when.days),
        "hours": campaign.hours and when.hours and not any(one[:5] < other[6:] and other[:5] < one[6:] for one in campaign.hours for other in when.hours),
        "tier": levels and when.tier and set(levels).isdisjoint(when.tier),
    }
    for key in (key for key, never in apart.items() if never):
        yield Finding((*path, key), "this can never apply: the campaign is not on then", f"remove it, or correct its {key}")


def _rule_findings(campaign: Campaign, path: Path, document: Document) -> Iterator[Finding]:
    if not any(getattr(campaign, section, ()) for section in ("earning", "discounts")):
        yield Finding(path, "the campaign gives nothing", "write earning: with at least one rule, or discounts:")
    together = "the rules of a campaign add up", "remove it; which of several campaigns applies, `campaign_stacking` says"
    for number, rule in enumerate(campaign.earning):
        where: Path = (*path, "earning", number)
        before = [each.id for each in campaign.earning[:number]]
        yield from _part_findings(campaign, rule, where, kind="rule", before=before, together=together)
        yield from content_findings(rule, where, document)
