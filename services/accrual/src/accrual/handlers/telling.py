"""The events about points put aside, used, given back and adjusted."""

from collections.abc import Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from accrual.domain.entries import Account, Stamp
from accrual.domain.lots import Lot
from accrual.domain.spending.holds import Hold
from accrual.handlers.rewards import Origin, change, change_id, message, taken
from contracts.rewards import MAX_LOTS, RewardMoved
from contracts.spending import PutBack, RewardAdjusted, RewardHeld, RewardReleased, RewardRestored, RewardSpent
from shared.outbox import Message

Lots = Sequence[tuple[UUID, int, int]]
"""A grant, the points taken of it, and what is left, for each lot."""


class Used(NamedTuple):
    """A use of points, for a hold or not: from lots, and owed."""

    spend_id: UUID
    hold_id: UUID | None
    points: int
    owed: int
    lots: Lots


class Adjusted(NamedTuple):
    """Points given or taken by hand; a lot is opened for points given."""

    id: UUID
    points: int
    forfeit: bool
    reason: str
    opened: Lot | None
    lots: Lots


def held(account: Account, hold: Hold, lots: Lots, stamp: Stamp, *, owner: str, origin: Origin) -> Message:
    """Say that points were put aside."""
    data = RewardHeld(**change(account, stamp, owner, origin), hold_id=hold.id, points=hold.points, expires_at=hold.expires_at, lots=taken(lots))
    return message(data, stamp.transaction_id, stamp.booked_at, origin)


def released(
    account: Account, hold: Hold, back: Sequence[tuple[Lot, int]], stamp: Stamp, *, owner: str, origin: Origin, reason: Literal["released", "expired", "rest"]
) -> Message:
    """Say that points put aside are available again."""
    points = sum(amount for _, amount in back)
    data = RewardReleased(**change(account, stamp, owner, origin), hold_id=hold.id, points=points, reason=reason, lots=_put_back(back))
    return message(data, stamp.transaction_id, stamp.booked_at, origin)


def spent(account: Account, used: Used, stamp: Stamp, *, owner: str, origin: Origin) -> Message:
    """Say that points were used."""
    data = RewardSpent(
        **change(account, stamp, owner, origin), spend_id=used.spend_id, hold_id=used.hold_id, points=used.points, debt=used.owed, lots=taken(used.lots)
    )
    return message(data, stamp.transaction_id, stamp.booked_at, origin)


def restored(account: Account, spend_id: UUID, back: Sequence[tuple[Lot, int]], owed: int, stamp: Stamp, *, owner: str, origin: Origin) -> Message:
    """Say that used points were given back."""
    points = sum(amount for _, amount in back)
    data = RewardRestored(**change(account, stamp, owner, origin), spend_id=spend_id, points=points, debt=owed, lots=_put_back(back))
    return message(data, stamp.transaction_id, stamp.booked_at, origin)


def adjusted(account: Account, adjustment: Adjusted, stamp: Stamp, *, owner: str, origin: Origin) -> Message:
    """Say that points were given or taken by hand."""
    opened = adjustment.opened
    data = RewardAdjusted(
        **change(account, stamp, owner, origin),
        adjustment_id=adjustment.id,
        kind="forfeited" if adjustment.forfeit else "adjusted",
        points=adjustment.points,
        reason=adjustment.reason,
        grant_id=None if opened is None else opened.id,
        expires_at=None if opened is None else opened.expires_at,
        lots=taken(adjustment.lots),
    )
    return message(data, stamp.transaction_id, stamp.booked_at, origin)


def handed_on(
    accounts: tuple[Account, Account], grants: tuple[UUID, UUID], points: int, stamp: Stamp, *, holders: tuple[str, str], origin: Origin
) -> list[Message]:
    """Say that points of a lot left one member and arrived at another, as a lot of their own: an event for each of the two."""
    (giver, taker), (left, arrived) = accounts, holders
    out_of = RewardMoved(**change(giver, stamp, left, origin), kind="transfer", points=points, direction="out", other_holder=arrived, grants=grants[:1])
    into = RewardMoved(**change(taker, stamp, arrived, origin), kind="transfer", points=points, direction="in", other_holder=left, grants=grants[1:])
    arrival = change_id(origin, f"{RewardMoved.type}/in/{stamp.transaction_id}", arrived)
    return [message(out_of, stamp.transaction_id, stamp.booked_at, origin), message(into, arrival, stamp.booked_at, origin)]


def _put_back(back: Sequence[tuple[Lot, int]]) -> tuple[PutBack, ...]:
    return tuple(PutBack(grant_id=lot.id, points=points, remaining=lot.remaining, expires_at=lot.expires_at) for lot, points in back[:MAX_LOTS])
