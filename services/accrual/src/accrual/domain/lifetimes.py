"""From which day points can be used, and on which day they are gone. All in the programme's zone, in whole days."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from accrual.domain.document.lives import Expiry

_MONTHS = {"end_of_month": 1, "end_of_quarter": 3, "end_of_year": 12}


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment a day starts in a zone, in UTC; where clocks jump over midnight, the moment they jump."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def moment_of(day: date, zone: ZoneInfo) -> datetime:
    """Return a moment as it is, and of a day the moment it starts in a zone; in UTC."""
    return day.astimezone(UTC) if isinstance(day, datetime) else start_of(day, zone)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment after a day in a zone, in UTC."""
    return start_of(day + timedelta(days=1), zone)


def days_in(text: str) -> int:
    """Return the number in `14 days`."""
    return int(text.partition(" ")[0])


def last_day(expiry: Expiry, day: date) -> date:
    """Return the last day on which points earned on a day can be used.

    31 January + 1 month is the last day of February; `to` goes on to the end of the period, `on` to the next such date.
    """
    last = day
    if expiry.after is not None:
        number, unit = expiry.after.split(" ")
        last += {"d": relativedelta(days=int(number)), "m": relativedelta(months=int(number)), "y": relativedelta(years=int(number))}[unit[0]]
    if expiry.to is not None:
        months = _MONTHS[expiry.to]
        ends_in = -(-last.month // months) * months
        last = date(last.year, ends_in, 1) + relativedelta(day=31)
    if expiry.on is not None:
        yearly = date.fromisoformat(f"{last.year}-{expiry.on}")
        last = yearly if yearly >= last else yearly.replace(year=last.year + 1)
    return last


def expiry_of(expiry: Expiry, day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment at which points earned on a day are gone: their last day has ended."""
    return end_of(last_day(expiry, day), zone)


@lru_cache(64)
def shortest_life(expiry: Expiry) -> int:
    """Return for how many days after the day they were earned points live at least."""
    if expiry.after is not None and "day" in expiry.after and expiry.to is None and expiry.on is None:
        return days_in(expiry.after)
    common_year = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    return min((last_day(expiry, day) - day).days for day in common_year)
