"""A lot is what one grant opened: how much is left of it, from when it is usable, and until when."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from accrual.domain.entries import Balance

_NEVER = datetime.max.replace(tzinfo=UTC)


class LotState(StrEnum):
    """Where a lot's remaining points are booked. `spent` and `expired` lots have none; of a spent one, some may be held."""

    PENDING = "pending"
    AVAILABLE = "available"
    SPENT = "spent"
    EXPIRED = "expired"


class Lot(NamedTuple):
    """The points of one grant. `remaining` falls from `amount` to 0 as they are held, spent or lost, and rises when held or spent ones come back."""

    id: UUID
    account_id: UUID
    amount: int
    remaining: int
    usable_from: datetime
    expires_at: datetime | None  #: the first moment at which the points are gone; None: never
    granted_at: datetime
    state: LotState
    confirmable: bool = False  #: a confirmation makes it usable before `usable_from`


class Allocation(NamedTuple):
    """So many points taken from one lot."""

    lot_id: UUID
    points: int


def usable(lot: Lot, *, at: datetime) -> bool:
    """Tell whether the lot's points count at a moment, no matter whether `schedule` was on time."""
    return (lot.state is LotState.AVAILABLE or lot.usable_from <= at) and not expired(lot, at=at)


def expired(lot: Lot, *, at: datetime) -> bool:
    """Tell whether the lot's last day is over."""
    return lot.expires_at is not None and lot.expires_at <= at


def balance_of(lots: Iterable[Lot], *, at: datetime) -> Balance:
    """Return what an account with these lots has at a moment: never a point not usable yet as available, never an expired one."""
    pending = available = 0
    for lot in lots:
        if expired(lot, at=at):
            continue
        if usable(lot, at=at):
            available += lot.remaining
        else:
            pending += lot.remaining
    return Balance(pending=pending, available=available)


def in_order(lots: Iterable[Lot], *, oldest_first: bool = False) -> list[Lot]:
    """Return lots in the order in which their points are spent: first what expires first, never-expiring last, older first on a tie.

    With `oldest_first` by age, and what expires first on a tie.
    """
    if oldest_first:
        return sorted(lots, key=lambda lot: (lot.granted_at, lot.expires_at or _NEVER, lot.id))
    return sorted(lots, key=lambda lot: (lot.expires_at or _NEVER, lot.granted_at, lot.id))


def consume(lots: Iterable[Lot], *, points: int, at: datetime, oldest_first: bool = False) -> tuple[Allocation, ...] | None:
    """Choose lots to take points from: those that are spent first before others.

    None where the usable lots do not hold so many; nothing is ever taken in part.
    """
    chosen: list[Allocation] = []
    missing = points
    for lot in in_order(lots, oldest_first=oldest_first):
        if missing == 0:
            break
        if lot.remaining and usable(lot, at=at):
            taken = min(lot.remaining, missing)
            chosen.append(Allocation(lot.id, taken))
            missing -= taken
    return None if missing else tuple(chosen)


def reduced(lot: Lot, *, points: int) -> Lot:
    """Return the lot with points taken from it. More than remains is a programming error."""
    if not 0 < points <= lot.remaining:
        raise ValueError(f"cannot take {points} of the {lot.remaining} points of lot {lot.id}")
    remaining = lot.remaining - points
    return lot._replace(remaining=remaining, state=lot.state if remaining else LotState.SPENT)


def refilled(lot: Lot, *, points: int, until: datetime | None = None) -> Lot:
    """Return the lot with points given back to it; with `until`, it lives to that moment. More than was taken is a programming error."""
    if not 0 < points <= lot.amount - lot.remaining:
        raise ValueError(f"cannot give {points} points back to lot {lot.id}, which has {lot.remaining} of {lot.amount}")
    return lot._replace(remaining=lot.remaining + points, state=LotState.AVAILABLE, expires_at=until or lot.expires_at)
