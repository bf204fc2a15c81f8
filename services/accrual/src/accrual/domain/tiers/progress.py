"""What an account did, day by day, as far as levels ask for it."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple


class Progress(NamedTuple):
    """What counts of one day, or of many: points given in their smallest unit, money for goods in minor units, purchases kept."""

    points: int = 0
    money: int = 0
    purchases: int = 0

    def plus(self, other: "Progress") -> "Progress":
        """Add up."""
        return Progress(self.points + other.points, self.money + other.money, self.purchases + other.purchases)

    def minus(self, other: "Progress") -> "Progress":
        """Take away."""
        return Progress(self.points - other.points, self.money - other.money, self.purchases - other.purchases)


NONE = Progress()


class History:
    """The progress of an account. Sums over any days are found without adding them up again."""

    __slots__ = ("_after", "_by_day", "_days")

    def __init__(self, by_day: Mapping[date, Progress] | None = None) -> None:
        """Take the days on which something counted, in any order."""
        self._by_day = dict(by_day or {})
        self._sort()

    def by_day(self) -> Mapping[date, Progress]:
        """Return the days on which something counts."""
        return self._by_day

    def add(self, day: date, progress: Progress) -> Progress:
        """Count something more on a day, or less; return what counts of the day now."""
        newest = not self._days or day >= self._days[-1]
        if newest and (not self._days or day > self._days[-1]):
            self._days.append(day)
            self._after.append(self._after[-1])
        self._by_day[day] = found = self._by_day.get(day, NONE).plus(progress)
        if newest:
            self._after[-1] = self._after[-1].plus(progress)
        else:
            self._sort()
        return found

    def between(self, first: date | None, last: date) -> Progress:
        """Return what counts of the days from one to another, both included; from the beginning where no first one is given."""
        below = 0 if first is None else bisect_left(self._days, first)
        return self._after[bisect_right(self._days, last)].minus(self._after[below])

    def next(self, day: date) -> date | None:
        """Return the first day after one on which something counts."""
        place = bisect_right(self._days, day)
        return self._days[place] if place < len(self._days) else None

    def _sort(self) -> None:
        self._days = sorted(self._by_day)
        self._after = [NONE]
        for day in self._days:
            self._after.append(self._after[-1].plus(self._by_day[day]))
