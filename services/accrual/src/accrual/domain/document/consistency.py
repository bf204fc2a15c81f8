"""What only the whole document shows: parts that contradict each other."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from accrual.domain.document.caps import cap_findings, ceiling_findings
from accrual.domain.document.catalogue import reward_findings
from accrual.domain.document.contests import contest_findings
from accrual.domain.document.coupons import coupon_findings
from accrual.domain.document.document import Document
from accrual.domain.document.earning import Rule
from accrual.domain.document.ending import ending_findings
from accrual.domain.document.joining import joining_findings
from accrual.domain.document.ladders import tier_findings
from accrual.domain.document.lives import Pending
from accrual.domain.document.overlays import campaign_findings
from accrual.domain.document.problems import Finding, Path
from accrual.domain.document.reductions import discount_findings
from accrual.domain.document.referrals import referral_findings
from accrual.domain.document.rules import group_findings, rule_findings
from accrual.domain.document.social import social_findings
from accrual.domain.document.spends import spending_findings
from accrual.domain.lifetimes import days_in, shortest_life, start_of

#: The sections from which somebody has something. A programme needs one of them.
GIVING = ("earning", "campaigns", "discounts", "tiers", "rewards", "privileges")


def findings(document: Document) -> Iterator[Finding]:
    """Yield everything that makes the document unfit to publish."""
    yield from _section_findings(document)
    yield from _currency_findings(document)
    yield from _time_findings(document)
    yield from cap_findings(document.cap, ("cap",), document)
    yield from ceiling_findings(document)
    for number, rule in enumerate(document.earning):
        yield from rule_findings(rule, ("earning", number), document)
    yield from group_findings(document)
    yield from campaign_findings(document)
    yield from coupon_findings(document)
    yield from discount_findings(document)
    yield from _return_findings(document)
    yield from reward_findings(document)
    yield from social_findings(document)
    yield from contest_findings(document)
    yield from referral_findings(document)
    yield from tier_findings(document)
    yield from spending_findings(document)
    yield from joining_findings(document)
    yield from ending_findings(document)


def period_of(document: Document) -> tuple[datetime, datetime | None]:
    """Return the moments from which and until which the version is in force."""
    zone = ZoneInfo(document.zone)
    until = document.effective_until
    if until is not None and not isinstance(until, datetime):
        until += timedelta(days=1)  # a day is meant to its end
    return _moment(document.effective_from, zone), None if until is None else _moment(until, zone)


def _moment(day: date, zone: ZoneInfo) -> datetime:
    return day if isinstance(day, datetime) else start_of(day, zone)


def _section_findings(document: Document) -> Iterator[Finding]:
    given = document.model_fields_set
    if not given.intersection(GIVING):
        yield Finding((), "the programme gives nothing", f"write one of the sections {', '.join(GIVING)}")
    if "points" not in given:
        rules: list[tuple[Path, Rule]] = [(("earning", number), rule) for number, rule in enumerate(document.earning)]
        rules += [(("campaigns", place, "earning", number), rule) for place, each in enumerate(document.campaigns) for number, rule in enumerate(each.earning)]
        for place, rule in rules:
            if rule.give.reward is None:
                yield Finding((*place, "give"), "gives points, and the document does not say what a point is", "add points: {name: {en: points}, worth: 0.01}")


def _currency_findings(document: Document) -> Iterator[Finding]:
    if (document.currency is None) == (document.currencies is None):
        yield Finding(("currencies",), "needs either currency or currencies", "write currency: USD, or currencies: [USD, EUR]")
        return
    worth, currencies, path = document.points.worth, document.all_currencies, ("points", "worth")
    if isinstance(worth, Decimal):
        if len(currencies) > 1 and "points" in document.model_fields_set:
            example = ", ".join(f"{currency}: {worth}" for currency in currencies)
            yield Finding(path, "says not in which currency", f"write {{{example}}} with what a point is worth in each")
        return
    for currency in currencies:
        if currency not in worth:
            yield Finding(path, f"{currency} has no worth", f"add {currency}: what a point is worth in it")
    for currency in worth:
        if currency not in currencies:
            yield Finding((*path, currency), f"{currency} is not a currency of the programme", "add it to currencies, or remove it here")


def _time_findings(document: Document) -> Iterator[Finding]:
    start, end = period_of(document)
    if end is not None and end <= start:
        yield Finding(("effective_until",), "ends before it starts", "exchange effective_from and effective_until")
    if document.expiry is not None and any(days >= shortest_life(document.expiry) for days in document.expiry.remind):
        message = f"points may live for {shortest_life(document.expiry)} days only, so nobody could be reminded {max(document.expiry.remind)} days before"
        yield Finding(("expiry", "remind"), message, "write fewer days, or let them live longer")
    if document.expiry is not None and document.pending is not None:
        path: Path = ("pending", "until")
        pending_days, life_days = _longest(document.pending), shortest_life(document.expiry)
        if pending_days > life_days:
            yield Finding(
                path,
                f"points may be pending for {pending_days} days and expire after {life_days}, before they can be used",
                "let them live longer, as expiry: {after: 12 months}",
            )


def _return_findings(document: Document) -> Iterator[Finding]:
    if not document.returns.recheck:
        return
    path: Path = ("returns", "recheck")
    if document.returns.by == "money":
        yield Finding(path, "rules are not asked where a share of the money is kept", "write by: lines, or remove it")
    elif all(rule.on != "purchase" or (rule.when.minimum is None and rule.when.quantity is None) for rule in document.earning):
        yield Finding(path, "no rule on purchases asks for a minimum or a quantity", "remove it")


def _longest(pending: Pending) -> int:
    return days_in(pending.at_latest or pending.until)
