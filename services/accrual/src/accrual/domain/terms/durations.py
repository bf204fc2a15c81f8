"""Compares durations as documents write them: `14 days`, `12 months`, `1 year`."""

import re

_SPAN = re.compile(r"(\d+) (minute|hour|day|week|month|quarter|year)s?")
_MINUTES = {
    "minute": (1, 1),
    "hour": (60, 60),
    "day": (1_440, 1_440),
    "week": (10_080, 10_080),
    "month": (28 * 1_440, 31 * 1_440),
    "quarter": (90 * 1_440, 92 * 1_440),
    "year": (365 * 1_440, 366 * 1_440),
}


def span_of(text: str) -> tuple[int, int] | None:
    """Return how many minutes a duration is at least and at most; None where the text is none."""
    found = _SPAN.fullmatch(text)
    if found is None:
        return None
    least, most = _MINUTES[found[2]]
    return int(found[1]) * least, int(found[1]) * most


def longer(one: str, other: str) -> bool:
    """Tell whether a duration is surely no shorter than another: 12 months and 1 year are as long, 31 days and 1 month need not be."""
    (first, second), months = (_SPAN.fullmatch(one), _SPAN.fullmatch(other)), {"month": 1, "quarter": 3, "year": 12}
    if first and second and first[2] in months and second[2] in months:
        return int(first[1]) * months[first[2]] >= int(second[1]) * months[second[2]]
    if first and second and first[2] == second[2]:
        return int(first[1]) >= int(second[1])
    mine, theirs = span_of(one), span_of(other)
    return mine is not None and theirs is not None and mine[0] >= theirs[1]
