"""Days, periods and spans: when a month, a quarter or a year begins and ends, and what lies a span before or after a day."""

from calendar import monthrange
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
_MONTHS = {"calendar_month": 1, "calendar_quarter": 3, "calendar_year": 12}


def is_calendar(window: str) -> bool:
    """Tell whether a window is a period of the calendar."""
    return window in _MONTHS


def first_of(window: str, day: date) -> date:
    """Return the first day of the period in which a day lies."""
    months = _MONTHS[window]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def next_after(window: str, day: date) -> date:
    """Return the first day of the period after that in which a day lies."""
    return _months_after(first_of(window, day), _MONTHS[window])


def after(day: date, span: str) -> date:
    """Return the day a span after another: a month after 31 January is the last day of February."""
    number, unit = span.split(" ")
    return day + timedelta(days=int(number)) if unit[0] == "d" else _months_after(day, int(number) * (12 if unit[0] == "y" else 1))


def earliest(day: date, span: str) -> date:
    """Return the earliest day that, a span after it, has come no further than this one: what was done then still counts."""
    number, unit = span.split(" ")
    if unit[0] == "d":
        return day - timedelta(days=int(number))
    found = _months_after(day, -int(number) * (12 if unit[0] == "y" else 1))
    return found if found.day == day.day else found + ONE_DAY


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
