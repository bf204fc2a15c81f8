"""What is wrong with the goods, dates, days and hours of a condition: a contradiction, or a day that never comes."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import combinations, pairwise

from accrual.domain.document.document import Document
from accrual.domain.document.earning import Dates, Goods, Occasion
from accrual.domain.document.problems import Finding, Path
from accrual.domain.rules import WEEKDAYS


def goods_findings(when: Occasion, path: Path) -> Iterator[Finding]:
    """Yield goods that are asked for and excluded at once."""
    if when.exclude is None:
        return
    if not when.exclude.model_fields_set:
        yield Finding((*path, "exclude"), "excludes nothing", "name a category, brand, sku or label, or remove it")
    for key in Goods.model_fields:
        both = set(getattr(when, key) or ()) & set(getattr(when.exclude, key) or ())
        for word in sorted(both):
            yield Finding((*path, "exclude", key), f"{word} is both asked for and excluded", "remove it from one of the two")


def window_findings(when: Occasion, path: Path, document: Document) -> Iterator[Finding]:
    """Yield dates, days and hours that overlap, or never come."""
    windows, hours = when.dates or (), sorted(when.hours or ())
    for one, other in combinations(windows, 2):
        if meet(one, other):
            yield Finding((*path, "dates"), f"two windows overlap from {max(_first(one), _first(other))} on", "make them one, or part them")
    for early, late in pairwise(hours):
        if late[:5] < early[6:]:
            yield Finding((*path, "hours"), f"{early} and {late} overlap", "make them one")
    start, end = _day(document.effective_from, date.min), _day(document.effective_until, date.max)
    if windows and all(_last(window) < start or _first(window) > end for window in windows):
        yield Finding((*path, "dates"), "this can never apply: the programme version is not in force then", "remove it, or correct its dates")
    elif windows and when.days and not any(_has_weekday(window, when.days) for window in windows):
        yield Finding((*path, "days"), f"there is no {' or '.join(when.days)} between these dates", "correct the days or the dates")


def meet(one: Dates, other: Dates) -> bool:
    """Tell whether two windows have a day together."""
    return _first(one) <= _last(other) and _first(other) <= _last(one)


def _first(window: Dates) -> date:
    return window.first or date.min


def _last(window: Dates) -> date:
    return window.until or date.max


def _day(moment: date | None, otherwise: date) -> date:
    return otherwise if moment is None else moment.date() if isinstance(moment, datetime) else moment


def _has_weekday(window: Dates, days: Sequence[str]) -> bool:
    if window.first is None or window.until is None:
        return True
    length = min((window.until - window.first).days + 1, 7)
    return any(WEEKDAYS[(window.first + timedelta(days=number)).weekday()] in days for number in range(length))
