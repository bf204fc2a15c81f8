"""The calendar's periods: how counters name them, and which came before. A week starts on Monday and belongs to the year of its Thursday."""

from datetime import date, timedelta

_STEPS = {"day": timedelta(days=1), "week": timedelta(weeks=1)}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def named(per: str, day: date) -> str:
    """Return a period as counters name it after its kind: `month:2026-12`; `ever` stands alone."""
    if per == "ever":
        return per
    if per == "week":
        year, week, _ = day.isocalendar()
        return f"week:{year}-W{week:02d}"
    if per == "quarter":
        return f"quarter:{day.year}-Q{(day.month + 2) // 3}"
    return f"{per}:{day.isoformat()[: {'day': 10, 'month': 7, 'year': 4}[per]]}"


def last_ones(per: str, day: date, number: int) -> tuple[date, ...]:
    """Return a day in each of so many periods one after the other, the newest first, which is the day's own."""
    if per in _STEPS:
        return tuple(day - _STEPS[per] * back for back in range(number))
    months = day.year * 12 + day.month - 1
    return tuple(date(*_split(months - _MONTHS[per] * back), 1) for back in range(number))


def _split(months: int) -> tuple[int, int]:
    return months // 12, months % 12 + 1
