"""Compiles the conditions of a rule that need nothing but a line, a place, a day or an hour."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial

from dateutil.rrule import rrulestr

from accrual.domain.document.campaigns import Campaign
from accrual.domain.document.earning import Goods, Occasion, When
from accrual.domain.rules import WEEKDAYS, Conditions


def conditions_of(when: Occasion | Campaign) -> Conditions:
    """Return the conditions as sets and numbers."""
    goods = when if isinstance(when, Occasion) else Occasion()
    return Conditions(
        include=goods_of(goods),
        exclude={} if goods.exclude is None else goods_of(goods.exclude),
        stores=None if goods.store is None else frozenset(goods.store),
        channels=None if goods.channel is None else frozenset(goods.channel),
        windows=tuple((window.first or date.min, window.until or date.max) for window in when.dates or ()),
        weekdays=frozenset(range(7)) if when.days is None else frozenset(WEEKDAYS.index(day) for day in when.days),
        hours=tuple((_minute(hours[:5]), _minute(hours[6:])) for hours in when.hours or ()),
        merchants=frozenset(when.merchant) if isinstance(when, When) and when.merchant is not None else None,
        repeats=_repeats(when) if isinstance(when, When | Campaign) else None,
    )


def goods_of(goods: Goods) -> dict[str, frozenset[str]]:
    """Return what is asked of goods, as sets."""
    return {kind: frozenset(words) for kind in Goods.model_fields if (words := getattr(goods, kind)) is not None}


def _minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _repeats(when: When | Campaign) -> Callable[[date], bool] | None:
    if when.repeats is None:
        return None
    first = min((window.first for window in when.dates or () if window.first is not None), default=None)
    return partial(_comes_again, when.repeats, first if "INTERVAL" in when.repeats else None)


def _comes_again(rule: str, first: date | None, day: date) -> bool:
    """Tell whether a day is one of those that a rule names; counted from a first day, or, where each one counts, from the start of the year."""
    start = first or date(day.year, 1, 1)
    moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001  days have no zone
    return bool(rrulestr(rule, dtstart=datetime(start.year, start.month, start.day)).between(moment, moment, inc=True))  # noqa: DTZ001
