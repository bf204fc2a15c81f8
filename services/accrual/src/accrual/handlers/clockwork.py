"""What the clock brings: waiting points become usable, others are gone. Always in that order, and each only once."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from accrual.domain.entries import Stamp
from accrual.domain.lots import Lot, LotState
from accrual.handlers import rewards
from accrual.handlers.books import Books
from accrual.handlers.rewards import SOURCE, Origin
from accrual.store import Connection, accounts, due, holders, ledger
from accrual.store.holders import Owner
from contracts.rewards import RewardActivated, RewardExpired
from shared.outbox import Message, enqueue

#: Lots a transaction: some hundred accounts stay locked for some ten milliseconds.
LIMIT = 500


async def turn(connection: Connection, now: datetime) -> int:
    """Do a bounded part of what is due, and return how much that was. Nothing expires while something waits to be activated."""
    activated = await _each(connection, await due.to_activate(connection, now=now, limit=LIMIT), _activate, now=now)
    if activated:
        return activated
    return await _each(connection, await due.to_expire(connection, now=now, limit=LIMIT), _expire, now=now)


_Step = Callable[[Books, Lot, Owner, datetime], Message | None]


async def _each(connection: Connection, found: Mapping[UUID, UUID], step: _Step, *, now: datetime) -> int:
    """Lock the accounts, read the lots again, and do what is still to be done. A lot that moved meanwhile is found the next time."""
    if not found:
        return 0
    account_ids = set(found.values())
    await accounts.lock(connection, account_ids)
    lots = await ledger.lots(connection, found)
    owners = await holders.owners(connection, account_ids)
    books = await Books.open(connection, account_ids)
    here = [lots[lot_id] for lot_id in found if lots[lot_id].account_id in account_ids]
    messages = [step(books, lot, owners[lot.account_id], now) for lot in here]
    await books.save(connection, now=now)
    await enqueue(connection, [message for message in messages if message is not None])
    return len(here)


def _activate(books: Books, lot: Lot, owner: Owner, now: datetime) -> Message | None:
    if lot.state is not LotState.PENDING:
        return None
    origin = _origin(lot, "activated", lot.usable_from)
    stamp = _stamp(origin, RewardActivated.type, owner, now)
    account = books.activate(lot, stamp)
    return rewards.activated(account, lot, stamp, owner=owner.holder, origin=origin) if owner.holder else None


def _expire(books: Books, lot: Lot, owner: Owner, now: datetime) -> Message | None:
    if lot.remaining == 0 or lot.expires_at is None:
        return None
    origin = _origin(lot, "expired", lot.expires_at)
    stamp = _stamp(origin, RewardExpired.type, owner, now)
    account = books.expire(lot, stamp)
    return rewards.expired(account, lot, lot.remaining, stamp, owner=owner.holder, origin=origin) if owner.holder else None


def _origin(lot: Lot, step: str, due_at: datetime) -> Origin:
    """Name the cause after the lot, the step and its date: done again after a restore, it has the same ids."""
    return Origin(SOURCE, f"{lot.id}/{step}/{due_at:%Y-%m-%dT%H:%M:%SZ}", "schedule", due_at)


def _stamp(origin: Origin, type_: str, owner: Owner, now: datetime) -> Stamp:
    return Stamp(
        transaction_id=rewards.change_id(origin, type_, owner.holder or ""),
        cause_source=origin.source,
        cause_event=origin.event_id,
        programme=owner.programme,
        programme_version=0,
        occurred_at=origin.occurred_at,
        booked_at=now,
    )
