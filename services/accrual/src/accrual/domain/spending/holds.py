"""A hold: points reserved for one purchase, and what becomes of them. It is resolved once: captured, released or expired."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from accrual.domain.lots import Allocation


class HoldState(StrEnum):
    """What became of a hold."""

    OPEN = "open"
    CAPTURED = "captured"  #: all of it or a part; the rest was given back with that
    RELEASED = "released"
    EXPIRED = "expired"  #: nobody resolved it in time; it may still be captured once, as a new spend


class Hold(NamedTuple):
    """Points reserved, and rewards; of one of the two perhaps none. Its id is that of the transaction that put the points aside, as with a grant."""

    id: UUID
    account_id: UUID
    points: int
    expires_at: datetime
    purchase_key: bytes | None  #: of the purchase for which it was made
    state: HoldState = HoldState.OPEN
    captured: int = 0  #: points used by it, those of a late capture included
    owed: int = 0  #: of these, what was no longer there when it was captured late
    resolved_at: datetime | None = None
    release_id: UUID | None = None  #: the transaction that gave points back, if one did
    entitlements: tuple[UUID, ...] = ()
    entitlements_used: bool = False  #: with the points, each as far as it was still to be had

    @property
    def purpose(self) -> str:
        """For what its rewards are reserved."""
        return f"hold/{self.id}"


class Fault(StrEnum):
    """Why a hold cannot be resolved as asked. Stable codes."""

    HOLD_CAPTURED = "hold-captured"
    HOLD_RELEASED = "hold-released"
    HOLD_EXPIRED = "hold-expired"
    OVER_CAPTURED = "over-captured"  #: more than was put aside
    HOLD_MISMATCH = "hold-mismatch"  #: of another merchant or purchase


class Capture(NamedTuple):
    """How a hold is captured: points used; put aside until then, or late, when they have to be found again."""

    points: int
    late: bool


def capture(hold: Hold, *, points: int | None = None) -> Capture | Fault:
    """Say how a hold is captured: all of it, or so many of its points. One that has expired is captured late, once."""
    if hold.captured or hold.entitlements_used or hold.state is HoldState.CAPTURED:
        return Fault.HOLD_CAPTURED
    if hold.state is HoldState.RELEASED:
        return Fault.HOLD_RELEASED
    wanted = hold.points if points is None else points
    if wanted > hold.points:
        return Fault.OVER_CAPTURED
    return Capture(wanted, late=hold.state is HoldState.EXPIRED)


def release(hold: Hold) -> Fault | None:
    """Say why a hold cannot be released, if it cannot."""
    if hold.captured or hold.entitlements_used:
        return Fault.HOLD_CAPTURED
    return {HoldState.OPEN: None, HoldState.CAPTURED: Fault.HOLD_CAPTURED, HoldState.RELEASED: Fault.HOLD_RELEASED, HoldState.EXPIRED: Fault.HOLD_EXPIRED}[
        hold.state
    ]


def parted(allocations: Sequence[Allocation], points: int) -> tuple[tuple[Allocation, ...], tuple[Allocation, ...]]:
    """Divide what was taken from lots, in the order in which lots are spent, into so many points and the rest."""
    first, rest = list[Allocation](), list[Allocation]()
    for lot_id, amount in allocations:
        taken = min(points, amount)
        points -= taken
        if taken:
            first.append(Allocation(lot_id, taken))
        if amount > taken:
            rest.append(Allocation(lot_id, amount - taken))
    return tuple(first), tuple(rest)
