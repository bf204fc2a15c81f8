"""Points that one member hands on to another, where the programme lets them."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.domain.lifetimes import expiry_of
from accrual.domain.lots import Lot
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.domain.spending import bookings
from accrual.domain.spending.bookings import Opening
from accrual.domain.spending.rules import Limited, frozen_until
from accrual.handlers import rewards, telling
from accrual.handlers.debts import pay
from accrual.handlers.holds import TOO_NEW, UNKNOWN_HOLDER, Declined, close, opened
from accrual.handlers.keys import deed_key
from accrual.handlers.rewards import Origin
from accrual.handlers.spending import Spending
from accrual.store import Connection, adjustments, holders
from accrual.store.holders import Wanted
from accrual.store.ledger import Cause, Opened
from contracts.holds import TransferRequest
from contracts.rewards import RewardMoved

NOT_ALLOWED, TO_THEMSELVES = "transfer-not-allowed", "transfer-to-oneself"


class Arriving(NamedTuple):
    """Where points are handed on to, until when they live there, and by which version."""

    account_id: UUID
    expires_at: datetime | None
    version: int


async def transfer(connection: Connection, programmes: Programmes, asked: TransferRequest, *, source: str, key: str, now: datetime) -> Origin | Declined:
    """Hand usable points on, those that expire first before others. Waiting and expired ones stay where they are."""
    programme = programmes.in_force(asked.programme, at=now)
    if programme is None or programme.document.spending.transfer is None:
        return Declined(NOT_ALLOWED, f"points of {asked.programme} cannot be handed on")
    giver, taker = Wanted(asked.holder, asked.programme), Wanted(asked.to_holder, asked.programme)
    found = await holders.resolve(connection, [giver, taker])
    from_id, to_id = found[giver].account_id, found[taker].account_id
    if from_id is None or to_id is None or not all(each.owner.startswith("m:") for each in found.values()):
        return Declined(UNKNOWN_HOLDER, "points are handed on from one member to another")
    if from_id == to_id:
        return Declined(TO_THEMSELVES, "nobody hands points on to themselves")
    spending = await opened(connection, [from_id, to_id], now=now, programmes=programmes)
    frozen = frozen_until(programme, spending.books.state(from_id).profile)
    if frozen is not None and frozen > now:
        return Declined(TOO_NEW, f"points of a new member can be used from {frozen:%Y-%m-%d %H:%M} UTC on")
    usable = spending.usable(from_id)
    if usable < asked.points:
        return Declined(Limited.INSUFFICIENT, "not so many usable points", asked.points - usable)
    origin, taken = Origin(source, key, "command", now), spending.consumed(from_id, asked.points)
    restarts = programme.document.spending.transfer == "restart"
    before = await adjustments.handed_on(connection, (lot_id for lot_id, _ in taken)) if restarts else set[UUID]()
    for lot_id, points in taken:
        lot = spending.books.lot(lot_id)
        if lot is not None:
            expires_at = _last_day(programme, now=now) if restarts and lot_id not in before else lot.expires_at
            arriving = Arriving(to_id, expires_at, programme.terms.version)
            stamp_id = _hand_on(spending, lot, points, arriving, origin, holders=(found[giver].owner, found[taker].owner))
            await adjustments.add_transfer(connection, stamp_id, lot_id, at=now)
    await close(connection, spending)
    return origin


def _last_day(programme: Programme, *, now: datetime) -> datetime | None:
    """Return until when points live that begin anew today. They do so once: handed to and fro they would never expire."""
    terms = programme.terms
    return None if terms.expiry is None else expiry_of(terms.expiry, now.astimezone(terms.zone).date(), terms.zone)


def _hand_on(spending: Spending, lot: Lot, points: int, arriving: Arriving, origin: Origin, *, holders: tuple[str, str]) -> UUID:
    """Hand points of one lot on."""
    id_ = rewards.change_id(origin, f"{RewardMoved.type}/{lot.id}", holders[0])
    stamp = spending.stamp(id_, lot.account_id, origin, version=arriving.version)
    books, to = spending.books, arriving.account_id
    booking = bookings.transfer(books.account(lot.account_id), books.account(to), lot, points, stamp, Opening(id_, arriving.expires_at))
    (giver, taker), (_, arrived) = booking.accounts, booking.lots
    books.opened(Opened(arrived, Cause(deed_key("transfer", str(id_)), None), taker.version))
    books.book(booking, "transferred", points)
    spending.messages += telling.handed_on((giver, taker), (lot.id, id_), points, stamp, holders=holders, origin=origin)
    spending.messages += pay(books, to, stamp, owner=holders[1], origin=origin)
    return id_
