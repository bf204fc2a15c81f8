"""The breaker: a partition stops before a bad deploy empties it into the dead letter."""

from collections.abc import Sequence
from dataclasses import dataclass

#: More than this many dead letters among the last WINDOW records of a partition stop it ...
MOST_DEAD = 100
WINDOW = 10_000
#: ... and so does this many without a good record between them.
MOST_IN_A_ROW = 50

#: The closed list of reasons why a partition is stopped.
REASONS = (TOO_MANY, TOO_MANY_IN_A_ROW) = ("too-many-dead-letters", "dead-letters-in-a-row")


@dataclass(frozen=True, slots=True)
class Trip:
    """The record, by its place in the batch, that must not be dead-lettered any more, and why."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Breaker:
    """What a partition remembers of its dead letters."""

    recent: tuple[int, ...] = ()
    in_a_row: int = 0

    def trip(self, offsets: Sequence[int], dead: Sequence[int]) -> Trip | None:
        """Find the first record that stops the partition. `dead` are places in `offsets`, rising; what lies between is good or not known yet."""
        recent, run, before = list(self.recent), self.in_a_row, -1
        for index in dead:
            run = run + 1 if index == before + 1 else 1
            before = index
            recent.append(offsets[index])
            if run >= MOST_IN_A_ROW:
                return Trip(index, TOO_MANY_IN_A_ROW)
            if len(recent) > MOST_DEAD and recent[-MOST_DEAD - 1] > offsets[index] - WINDOW:
                return Trip(index, TOO_MANY)
        return None

    def after(self, offsets: Sequence[int], dead: Sequence[int]) -> "Breaker":
        """Remember a batch that went through."""
        if not offsets:
            return self
        recent = [offset for offset in (*self.recent, *(offsets[index] for index in dead)) if offset > offsets[-1] - WINDOW]
        places = set(dead)
        run = next((place for place in range(len(offsets)) if len(offsets) - 1 - place not in places), None)
        return Breaker(tuple(recent[-MOST_DEAD:]), self.in_a_row + len(offsets) if run is None else run)
