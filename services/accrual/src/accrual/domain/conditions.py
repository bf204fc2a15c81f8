"""Compiles the conditions of a rule that need nothing but a line, a place, a day or an hour."""

from datetime import date

from accrual.domain.document.earning import Goods, Occasion
from accrual.domain.rules import WEEKDAYS, Conditions


def conditions_of(when: Occasion) -> Conditions:
    """Return the conditions as sets and numbers."""
    return Conditions(
        include=_goods(when),
        exclude={} if when.exclude is None else _goods(when.exclude),
        stores=None if when.store is None else frozenset(when.store),
        channels=None if when.channel is None else frozenset(when.channel),
        windows=tuple((window.first or date.min, window.until or date.max) for window in when.dates or ()),
        weekdays=frozenset(range(7)) if when.days is None else frozenset(WEEKDAYS.index(day) for day in when.days),
        hours=tuple((_minute(hours[:5]), _minute(hours[6:])) for hours in when.hours or ()),
    )


def _goods(goods: Goods) -> dict[str, frozenset[str]]:
    return {kind: frozenset(words) for kind in Goods.model_fields if (words := getattr(goods, kind)) is not None}


def _minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])
