"""The calendar of limits: which period a day belongs to, and when the next one starts. Weeks start on Monday."""

from datetime import date, timedelta


def period_of(per: str, day: date) -> str:
    """Return the period of a day as counters name it: `:2026-12` of a month, nothing of `ever`."""
    year, week, _ = day.isocalendar()
    names = {"day": f":{day}", "week": f":{year}-W{week:02d}", "month": f":{day:%Y-%m}", "year": f":{day:%Y}"}
    return names.get(per, "")


def next_period(per: str, day: date) -> date:
    """Return the first day of the period after the one of a day: a day, week, month or year."""
    if per == "day":
        return day + timedelta(days=1)
    if per == "week":
        return day + timedelta(days=8 - day.isoweekday())
    if per == "month":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return date(day.year + 1, 1, 1)
