"""Two programmes over the same history: who gains, who loses, by how much. Pure. Money is in minor units: what points kept are worth in full, and discounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor, log10
from typing import NamedTuple

from loyalty.simulate.outcome import Outcome

#: A change below half a minor unit is none.
_NOTHING = Fraction(1, 2)
#: So many columns on each side of 0 in the distribution, the outer ones open; and so many members are named.
SIDES, NAMED = 6, 10


class Change(NamedTuple):
    """What one member got and would get."""

    member: str
    revenue: int
    old: Fraction
    new: Fraction

    @property
    def difference(self) -> Fraction:
        """What the member gains, or loses below 0."""
        return self.new - self.old


class Group(NamedTuple):
    """The members of one segment, in sum."""

    members: int
    gain: int
    lose: int
    old: Fraction
    new: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that is different."""

    old: Outcome
    new: Outcome
    changes: tuple[Change, ...]  #: by difference, the largest gain first
    segments: Mapping[str, Group]

    @property
    def gaining(self) -> list[Change]:
        """Members who get more, the largest gain first."""
        return [change for change in self.changes if change.difference >= _NOTHING]

    @property
    def losing(self) -> list[Change]:
        """Members who get less, the largest loss first."""
        return [change for change in reversed(self.changes) if change.difference <= -_NOTHING]

    @property
    def same(self) -> int:
        """How many members get the same."""
        return len(self.changes) - len(self.gaining) - len(self.losing)


def compared(old: Outcome, new: Outcome, segment_of: Mapping[str, str]) -> Comparison:
    """Compare what each member got. Both outcomes are of the same history."""
    changes = [Change(name, sums.revenue, old.benefit(old.members[name]), new.benefit(sums)) for name, sums in new.members.items() if name in old.members]
    changes.sort(key=lambda change: (-change.difference, change.member))
    groups: dict[str, Group] = {}
    for change in changes:
        name = segment_of.get(change.member, "Others")
        group = groups.get(name, Group(0, 0, 0, Fraction(0), Fraction(0)))
        gains, loses = change.difference >= _NOTHING, change.difference <= -_NOTHING
        groups[name] = Group(group.members + 1, group.gain + gains, group.lose + loses, group.old + change.old, group.new + change.new)
    return Comparison(old=old, new=new, changes=tuple(changes), segments=groups)


class Bucket(NamedTuple):
    """Members whose change lies between two amounts. None: no end on that side."""

    low: float | None
    high: float | None
    members: int


def distribution(comparison: Comparison, *, unit: float) -> list[Bucket]:
    """Count members by how much they gain or lose, in steps of a round number of units; those without a change are left out."""
    differences = [float(change.difference) / unit for change in comparison.changes if abs(change.difference) >= _NOTHING]
    if not differences:
        return []
    sizes = sorted(abs(difference) for difference in differences)
    step = _round_up(sizes[len(sizes) * 9 // 10] / SIDES or sizes[-1])
    counts = [0] * (2 * SIDES)
    for difference in differences:
        place = floor(difference / step)
        counts[min(max(place + SIDES, 0), 2 * SIDES - 1)] += 1
    edges = [place * step for place in range(-SIDES, SIDES + 1)]
    last = 2 * SIDES - 1
    return [Bucket(None if place == 0 else edges[place], None if place == last else edges[place + 1], count) for place, count in enumerate(counts)]


def _round_up(value: float) -> float:
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))
