"""The levels of one version of a programme, compiled: which level is earned on a day, and until when it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from accrual.domain.amounts import in_units, minor_digits
from accrual.domain.document.document import Document
from accrual.domain.document.tiers import Level as Written
from accrual.domain.document.tiers import Measure
from accrual.domain.lifetimes import days_in
from accrual.domain.tiers.calendars import ONE_DAY, after, earliest, first_of, is_calendar, next_after
from accrual.domain.tiers.progress import History, Progress

#: The measures in the order in which progress has them.
MEASURES: tuple[Measure, ...] = ("points_earned", "money_spent", "purchases")


@dataclass(frozen=True, slots=True)
class Level:
    """One level: what it needs of each measure that counts, in smallest units; and what it brings."""

    id: str
    needs: tuple[int | None, int | None, int | None]
    privileges: tuple[str, ...]
    names: Mapping[str, str]

    def is_reached(self, done: Progress) -> bool:
        """Tell whether so much is enough: of one measure, whichever it is."""
        return any(need is not None and amount >= need for need, amount in zip(self.needs, done, strict=True))

    def missing(self, done: Progress) -> dict[Measure, int]:
        """Return what is missing of each measure; any one of them would be enough."""
        found = zip(MEASURES, self.needs, done, strict=True)
        return {measure: max(need - amount, 0) for measure, need, amount in found if need is not None}


@dataclass(frozen=True, slots=True)
class Ladder:
    """Levels from the lowest, everybody's, to the highest; places in it are counted from 0."""

    levels: tuple[Level, ...]
    window: str
    next_period: bool
    keep: str | None
    falls: Literal["none", "one_step", "to_earned"]
    grace_days: int

    def place(self, level: str | None) -> int:
        """Return the place of a level; the first where there is none of that name."""
        return next((place for place, found in enumerate(self.levels) if found.id == level), 0)

    def first_day(self, day: date) -> date | None:
        """Return the first of the days that count together with a day. None: all do."""
        if self.window == "forever":
            return None
        return first_of(self.window, day) if is_calendar(self.window) else earliest(day, self.window)

    def counted(self, history: History, day: date) -> Progress:
        """Return what decides about the level on a day: what the window holds, or, where levels are entered with the next period, what the last one held."""
        if self.next_period:
            day = first_of(self.window, day) - ONE_DAY
        return history.between(self.first_day(day), day)

    def earned(self, history: History, day: date) -> int:
        """Return the place of the highest level that is earned on a day."""
        done = self.counted(history, day)
        return max((place for place, level in enumerate(self.levels) if level.is_reached(done)), default=0)

    def kept_until(self, day: date) -> date:
        """Return the last day of the term of a level that is entered, or earned anew, on a day."""
        if self.keep is None:
            return day
        if self.keep == "end_of_period":
            return next_after(self.window, day) - ONE_DAY
        if self.keep == "end_of_next_period":
            return next_after(self.window, next_after(self.window, day)) - ONE_DAY
        return after(day, self.keep)

    def next_loss(self, history: History, day: date) -> date | None:
        """Return the first day after one on which less may count than the day before, if nothing more is done."""
        if self.window == "forever":
            return None
        if is_calendar(self.window):
            start = first_of(self.window, day)
            before = first_of(self.window, start - ONE_DAY) if self.next_period else start
            return next_after(self.window, day) if any(history.between(before, day)) else None
        first = earliest(day, self.window)
        oldest = history.next(first - ONE_DAY)
        return None if oldest is None or oldest > day else after(oldest, self.window) + ONE_DAY


def ladder_of(document: Document) -> Ladder | None:
    """Compile the tiers of a checked document; None where it has none."""
    tiers = document.tiers
    if tiers is None:
        return None
    return Ladder(
        levels=tuple(Level(level.id, _needs(level, document), level.privileges or (), level.name or {}) for level in tiers.levels),
        window=tiers.window,
        next_period=tiers.enter == "next_period",
        keep=tiers.keep,
        falls="none" if tiers.window == "forever" else tiers.downgrade,
        grace_days=0 if tiers.grace is None else days_in(tiers.grace),
    )


def _needs(level: Written, document: Document) -> tuple[int | None, int | None, int | None]:
    by = () if document.tiers is None else document.tiers.by
    digits = (document.points.decimals, minor_digits(document.all_currencies[0]), 0)

    def units(measure: Measure, decimals: int) -> int | None:
        return in_units(level.first.of(measure) or Decimal(0), decimals) if measure in by else None

    points, money, purchases = (units(measure, decimals) for measure, decimals in zip(MEASURES, digits, strict=True))
    return points, money, purchases
