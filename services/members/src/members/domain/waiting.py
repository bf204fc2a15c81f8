"""What waits for a guest: the totals of an account nobody has claimed, and by when they would be lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

STEPS = (
    "Register with your phone number or e-mail address, at a till or on the web.",
    "Agree to the terms, and to the processing of your data.",
    "Prove that the identifier is yours; what waits for it is yours from then on.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of an account: its number, the totals after it, and what it says of single lots."""

    version: int
    pending: int
    available: int
    opened: Mapping[UUID, datetime | None] = field(default_factory=dict)
    closed: frozenset[UUID] = frozenset()
    emptied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The totals of one account at its highest known version, and when each of its known lots expires."""

    version: int = 0
    pending: int = 0
    available: int = 0
    lots: Mapping[UUID, datetime | None] = field(default_factory=dict)

    def after(self, change: Change) -> "Waiting | None":
        """Take the change in; None where a higher version is known already, so that any order ends the same."""
        if change.version <= self.version:
            return None
        kept = {} if change.emptied else {grant: expiry for grant, expiry in self.lots.items() if grant not in change.closed}
        return replace(self, version=change.version, pending=change.pending, available=change.available, lots={**kept, **change.opened})

    def register_by(self, *, now: datetime) -> datetime | None:
        """Say when the first of what waits is lost; None where nothing waits or nothing known expires."""
        expiries = [expiry for expiry in self.lots.values() if expiry is not None and expiry > now]
        return min(expiries, default=None) if self.pending + self.available > 0 else None


def fold(waiting: Waiting, changes: Sequence[Change]) -> tuple[Waiting, list[bool]]:
    """Take the changes in, in this order; say of each whether it counted."""
    counted = []
    for change in changes:
        after = waiting.after(change)
        counted.append(after is not None)
        waiting = after or waiting
    return waiting, counted
