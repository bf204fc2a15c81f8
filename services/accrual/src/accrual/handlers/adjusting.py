"""Points given or taken by hand: one operator asks, another approves."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from accrual.domain.chain import microseconds
from accrual.domain.lifetimes import expiry_of
from accrual.domain.lots import Lot
from accrual.domain.programmes import Programmes
from accrual.domain.spending import bookings
from accrual.domain.spending.bookings import Opening
from accrual.domain.spending.rules import Limited
from accrual.handlers import rewards, telling
from accrual.handlers.debts import pay
from accrual.handlers.holds import UNKNOWN_HOLDER, Declined, close, opened
from accrual.handlers.keys import deed_key
from accrual.handlers.rewards import Origin
from accrual.handlers.spending import Spending
from accrual.handlers.telling import Adjusted
from accrual.store import Connection, holders
from accrual.store import adjustments as store
from accrual.store.adjustments import Adjustment
from accrual.store.holders import Owner, Wanted
from accrual.store.ledger import Cause, Opened
from contracts.holds import AdjustmentRequest
from contracts.spending import RewardAdjusted

#: A request that nobody has approved by then is asked for again.
APPROVED_WITHIN = timedelta(hours=24)
UNKNOWN, OWN_ACCOUNT, SECOND_PERSON, LAPSED, BOOKED = "unknown-adjustment", "own-account", "second-person", "request-lapsed", "already-approved"


class Shown(NamedTuple):
    """An adjustment, and whose account it is about now."""

    adjustment: Adjustment
    owner: Owner


async def request(connection: Connection, asked: AdjustmentRequest, *, source: str, key: str, by: str, now: datetime) -> Shown | Declined:
    """Ask for points to be given or taken. Nothing is booked."""
    wanted = Wanted(asked.holder, asked.programme)
    found = (await holders.resolve(connection, [wanted]))[wanted]
    if found.account_id is None:
        return Declined(UNKNOWN_HOLDER, f"no account in {asked.programme}")
    if found.owner == f"m:{by}":
        return Declined(OWN_ACCOUNT, "nobody adjusts their own account")
    id_ = rewards.change_id(Origin(source, key, "command", now), RewardAdjusted.type, found.owner)
    adjustment = Adjustment(id_, found.account_id, asked.points, asked.forfeit, asked.reason, by, now)
    await store.add(connection, adjustment)
    return await _shown(connection, adjustment)


async def approve(connection: Connection, programmes: Programmes, adjustment_id: UUID, *, source: str, key: str, by: str, now: datetime) -> Shown | Declined:
    """Book what somebody else asked for. Points are taken from usable ones only; what is owed is paid with points given."""
    found = await store.find(connection, adjustment_id)
    if found is None:
        return Declined(UNKNOWN, "there is no such adjustment")
    spending = await opened(connection, [found.account_id], now=now, programmes=programmes)
    adjustment = await store.find(connection, adjustment_id) or found  # again, for now nobody else can approve it
    refusal = _refusal(spending, adjustment, by=by)
    if refusal is not None:
        return refusal
    origin = Origin(source, key, "command", now)
    if adjustment.points > 0:
        _give(spending, programmes, adjustment, origin, by=by)
    elif spending.usable(adjustment.account_id) >= -adjustment.points:
        _take(spending, adjustment, origin, by=by)
    else:
        return Declined(Limited.INSUFFICIENT, "the holder has not so many usable points", -adjustment.points - spending.usable(adjustment.account_id))
    await close(connection, spending)
    booked = adjustment._replace(approved_by=by, booked_at=now)
    await store.approve(connection, booked)
    return Shown(booked, spending.owners[adjustment.account_id])


async def find(connection: Connection, adjustment_id: UUID) -> Shown | None:
    """Show an adjustment as it is."""
    found = await store.find(connection, adjustment_id)
    return None if found is None else await _shown(connection, found)


async def waiting(connection: Connection, *, now: datetime, limit: int) -> list[Shown]:
    """Show what waits for somebody to approve it."""
    return [await _shown(connection, found) for found in await store.waiting(connection, since=now - APPROVED_WITHIN, limit=limit)]


def _refusal(spending: Spending, adjustment: Adjustment, *, by: str) -> Declined | None:
    if adjustment.approved_by is not None:
        return Declined(BOOKED, "somebody approved it before")
    if by == adjustment.requested_by:
        return Declined(SECOND_PERSON, "somebody else has to approve it")
    if spending.owners[adjustment.account_id].holder == f"m:{by}":
        return Declined(OWN_ACCOUNT, "nobody adjusts their own account")
    if spending.now > adjustment.requested_at + APPROVED_WITHIN:
        return Declined(LAPSED, "it was asked for more than a day ago")
    return None


def _give(spending: Spending, programmes: Programmes, adjustment: Adjustment, origin: Origin, *, by: str) -> None:
    """Give points that live as long as if they were earned now."""
    account_id, name = adjustment.account_id, spending.owners[adjustment.account_id].programme
    programme = programmes.in_force(name, at=spending.now) or programmes.latest(name)
    expires_at = None
    if programme is not None and programme.terms.expiry is not None:
        expires_at = expiry_of(programme.terms.expiry, spending.now.astimezone(programme.terms.zone).date(), programme.terms.zone)
    stamp = spending.stamp(adjustment.id, account_id, origin, evidence=_evidence(adjustment, by=by))
    booking = bookings.give(spending.books.account(account_id), adjustment.points, stamp, Opening(adjustment.id, expires_at))
    (account,), (lot,) = booking.accounts, booking.lots
    spending.books.opened(Opened(lot, Cause(deed_key("adjustment", str(adjustment.id)), None), account.version))
    spending.book(booking, "adjusted", adjustment.points)
    _say(spending, adjustment, (), lot, origin, by=by)
    spending.messages += pay(spending.books, account_id, stamp, owner=spending.owners[account_id].holder, origin=origin)


def _take(spending: Spending, adjustment: Adjustment, origin: Origin, *, by: str) -> None:
    account_id, points = adjustment.account_id, -adjustment.points
    allocations = spending.consumed(account_id, points)
    stamp = spending.stamp(adjustment.id, account_id, origin, evidence=_evidence(adjustment, by=by))
    booking = bookings.take(spending.books.account(account_id), spending.lots(allocations), allocations, stamp, forfeit=adjustment.forfeit)
    spending.book(booking, "forfeited" if adjustment.forfeit else "adjusted", points)
    _say(spending, adjustment, spending.left(allocations), None, origin, by=by)


def _say(spending: Spending, adjustment: Adjustment, lots: telling.Lots, opened_: Lot | None, origin: Origin, *, by: str) -> None:
    account_id = adjustment.account_id
    owner = spending.owners[account_id].holder
    if owner is not None:
        stamp = spending.stamp(adjustment.id, account_id, origin, evidence=_evidence(adjustment, by=by))
        told = Adjusted(adjustment.id, adjustment.points, adjustment.forfeit, adjustment.reason, opened_, lots)
        spending.messages.append(telling.adjusted(spending.books.account(account_id), told, stamp, owner=owner, origin=origin))


def _evidence(adjustment: Adjustment, *, by: str) -> bytes:
    """Return what the ledger keeps of who did it, and why."""
    words = b"".join(text.encode() + b"\0" for text in (adjustment.reason, adjustment.requested_by, by))
    return sha256(words + microseconds(adjustment.requested_at).to_bytes(8, signed=True)).digest()


async def _shown(connection: Connection, adjustment: Adjustment) -> Shown:
    return Shown(adjustment, (await holders.owners(connection, [adjustment.account_id]))[adjustment.account_id])
