"""Which levels stood when: those of each version from its first day on, and the floors that were set by hand."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from accrual.domain.programme import Programme
from accrual.domain.tiers.ladder import Ladder

_UTC = ZoneInfo("UTC")


class Assignment(NamedTuple):
    """Somebody decided that a member has at least this level, from a day to another or for good. No level: what was decided before is over."""

    level: str | None
    since: date
    until: date | None = None


class Timeline:
    """The ladders of a programme in the order of their days. Where a version has no tiers, nobody has a level."""

    def __init__(self, ladders: Iterable[tuple[date, int, Ladder | None]], zone: ZoneInfo = _UTC) -> None:
        """Take the ladder of each version, with the version's first day and its number; and the zone whose days count today."""
        self.zone = zone
        self._days: list[date] = []
        self._ladders: list[Ladder | None] = []
        self.edition = 0  #: the number of the last version that changed anything
        for day, version, ladder in sorted(ladders, key=lambda found: found[:2]):
            if ladder != (self._ladders[-1] if self._ladders else None):
                self.edition = version
                self._days.append(day)
                self._ladders.append(ladder)

    def __bool__(self) -> bool:
        """Tell whether any version has levels."""
        return bool(self._ladders)

    @property
    def newest(self) -> date:
        """Return the first day of the ladder that stands last. There must be one."""
        return self._days[-1]

    def on(self, day: date) -> Ladder | None:
        """Return the ladder that stands on a day."""
        place = bisect_right(self._days, day)
        return self._ladders[place - 1] if place else None

    def next(self, day: date) -> date | None:
        """Return the first day after one on which another ladder stands."""
        place = bisect_right(self._days, day)
        return self._days[place] if place < len(self._days) else None


def timeline_of(versions: Iterable[Programme]) -> Timeline:
    """Return the timeline of the versions of one programme."""
    found = sorted(versions, key=lambda version: version.terms.version)
    days = [(version.terms.starts_at.astimezone(version.terms.zone).date(), version.terms.version, version.ladder) for version in found]
    return Timeline(days, found[-1].terms.zone)


def floor_on(assignments: Sequence[Assignment], day: date) -> Assignment | None:
    """Return the floor that holds on a day: the last one set, unless it has ended. They come in the order in which they were set."""
    found = next((each for each in reversed(assignments) if each.since <= day), None)
    return None if found is None or found.level is None or (found.until is not None and found.until < day) else found
