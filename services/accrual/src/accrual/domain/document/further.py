"""What is wrong with a rule's conditions about who buys and how often, and with tables, volumes and rewards."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from dateutil.rrule import rrulestr

from accrual.domain.amounts import in_units
from accrual.domain.document.campaigns import Campaign
from accrual.domain.document.document import Document
from accrual.domain.document.earning import Rule, When
from accrual.domain.document.money import money_findings
from accrual.domain.document.problems import Finding, Path
from accrual.domain.rules import WEEKDAYS

#: The calendar repeats after so many years, leap days and all, but for a few centuries.
_YEARS = 28


def further_findings(rule: Rule, path: Path, document: Document) -> Iterator[Finding]:
    """Yield what is wrong with what a rule says beyond goods, place and time."""
    when, currencies = rule.when, rule.when.currency or document.all_currencies
    yield from repeat_findings(when, (*path, "when"))
    yield from _first_findings(when, (*path, "when", "first_purchase"))
    yield from unknown_findings("tier", when.tier or (), (*path, "when", "tier"), document)
    yield from unknown_findings("coupon", when.coupon or (), (*path, "when", "coupon"), document)
    if when.spent is not None:
        yield from money_findings(when.spent.first, (*path, "when", "spent", "from"), currencies)
    yield from _every_findings(rule, path)
    yield from _table_findings(rule, (*path, "give", "table"), document)
    yield from _volume_findings(rule, (*path, "give", "volume"), document)
    yield from _reward_findings(rule, path, document)


def repeat_findings(when: When | Campaign, path: Path) -> Iterator[Finding]:
    """Yield recurrences that say not from when on they count, or that never come."""
    if when.repeats is None:
        return
    first = next((window.first for window in when.dates or () if window.first is not None), None)
    if "INTERVAL" in when.repeats and first is None:
        yield Finding((*path, "repeats"), "counts from no day", "add dates: {from: 2026-12-01}, from which an INTERVAL is counted")
        return
    start = datetime.combine(first or date(2001, 1, 1), datetime.min.time())
    found = rrulestr(when.repeats, dtstart=start).between(start, start + timedelta(days=366 * _YEARS), inc=True)
    if not found:
        yield Finding((*path, "repeats"), "no such day ever comes", "correct it, as FREQ=MONTHLY;BYDAY=1SA for the first Saturday of each month")
    elif when.dates and not any((window.first or date.min) <= day.date() <= (window.until or date.max) for window in when.dates for day in found):
        yield Finding((*path, "repeats"), "no such day comes between its dates", "correct one of the two")
    elif when.days and not any(WEEKDAYS[day.weekday()] in when.days for day in found):
        yield Finding((*path, "days"), f"none of the days that come again is a {' or '.join(when.days)}", "keep one of days and repeats")


def _first_findings(when: When, path: Path) -> Iterator[Finding]:
    if not when.first_purchase:
        return
    if when.streak is not None or (when.every is not None and when.unit == "purchase"):
        other = "streak" if when.streak is not None else "every"
        yield Finding(path, f"the first purchase is only one, and `{other}` asks for several", "keep one of the two")


def unknown_findings(kind: str, named: tuple[str, ...], path: Path, document: Document) -> Iterator[Finding]:
    """Yield names of levels, coupons or rewards that the document does not have."""
    levels = () if document.tiers is None else document.tiers.levels
    sections: dict[str, Any] = {"tier": levels, "coupon": document.coupons, "reward": document.rewards}
    known = [part.id for part in sections[kind]]
    section = {"tier": "tiers", "coupon": "coupons", "reward": "rewards"}[kind]
    for name in named:
        if name not in known:
            yield Finding(path, f"there is no {kind} `{name}`", f"known here: {', '.join(known)}" if known else f"add it to the section {section}")


def _every_findings(rule: Rule, path: Path) -> Iterator[Finding]:
    when, give = rule.when, rule.give
    if when.every is None:
        if "unit" in when.model_fields_set:
            yield Finding((*path, "when", "unit"), "says what `every` counts, and there is no `every`", "add every: 10, or remove it")
        return
    if when.unit == "item" and give.fixed is None and give.reward is None:
        yield Finding((*path, "give"), "each tenth item, say, brings points or a reward, whatever it costs", "write {fixed: 100} or {reward: free-drink}")
    if give.reward is not None and give.per is not None:
        yield Finding((*path, "give", "per"), "`every` and `per` both say how many rewards", "keep one of them")
    if give.volume is not None:
        yield Finding((*path, "when", "every"), "a volume is counted by itself", "remove it")


def _table_findings(rule: Rule, path: Path, document: Document) -> Iterator[Finding]:
    rows, currencies = rule.give.table or (), rule.when.currency or document.all_currencies
    for number, row in enumerate(rows):
        yield from _from_findings(row.first, (*path, number, "from"), currencies)
        if in_units(row.points, document.points.decimals) is None:
            yield Finding((*path, number, "points"), f"{row.points} points are finer than {document.points.decimals} decimals", "write fewer decimals")
    for number, (lower, higher) in enumerate(pairwise(rows), start=1):
        if not _rises(lower.first, higher.first):
            yield Finding((*path, number, "from"), "begins no higher than the one before", "write them from the lowest to the highest")
        elif higher.points < lower.points:
            yield Finding((*path, number, "points"), "who pays more would be given less", "let points rise from line to line")


def _volume_findings(rule: Rule, path: Path, document: Document) -> Iterator[Finding]:
    bands, currencies = rule.give.volume or (), rule.when.currency or document.all_currencies
    for number, band in enumerate(bands):
        yield from _from_findings(band.first, (*path, number, "from"), currencies)
        yield from money_findings(band.per, (*path, number, "per"), currencies)
    for number, (lower, higher) in enumerate(pairwise(bands), start=1):
        if not _rises(lower.first, higher.first):
            yield Finding((*path, number, "from"), "begins no higher than the one before", "write them from the lowest to the highest")
        elif any(higher.points * _in(lower.per, currency) < lower.points * _in(higher.per, currency) for currency in currencies):
            yield Finding((*path, number, "points"), "who buys more would be given less", "let the rates rise from line to line")


def _reward_findings(rule: Rule, path: Path, document: Document) -> Iterator[Finding]:
    if rule.give.reward is None:
        return
    yield from unknown_findings("reward", (rule.give.reward,), (*path, "give", "reward"), document)
    if rule.stacking == "best_of":
        yield Finding((*path, "stacking"), "a reward cannot be compared with points", "write stacking: add, or exclusive")
    for number, cap in enumerate(rule.cap):
        if cap.points is not None:
            yield Finding((*path, "cap", number), "the rule gives no points", "write {times: 1, per: day}")


def _from_findings(first: Any, path: Path, currencies: tuple[str, ...]) -> Iterator[Finding]:
    if first != Decimal(0):
        yield from money_findings(first, path, currencies)


def _rises(lower: Any, higher: Any) -> bool:
    currencies = {*(lower if isinstance(lower, dict) else ()), *(higher if isinstance(higher, dict) else ()), *([] if isinstance(higher, dict) else [""])}
    return all(_in(lower, currency) < _in(higher, currency) for currency in currencies)


def _in(money: Any, currency: str) -> Decimal:
    """Return an amount in one currency; 0 where it is not said, which is another finding."""
    amount = money.get(currency, Decimal(0)) if isinstance(money, dict) else money
    return amount if isinstance(amount, Decimal) else Decimal(0)
