"""What became of an input event. One event id, one verdict, for ever."""

from enum import StrEnum


class Verdict(StrEnum):
    """The closed list of verdicts."""

    GRANTED = "granted"
    NOTHING_EARNED = "nothing-earned"
    REVERSED = "reversed"
    APPLIED = "applied"
    WAITING = "waiting"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    STALE = "stale"
    DEAD_LETTERED = "dead-lettered"
