"""What the clock brings: waiting points become usable, levels change by the calendar, points are gone. Always in that order, and each only once."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog

from accrual import metrics
from accrual.domain.entries import Stamp
from accrual.domain.lifetimes import days_in, start_of
from accrual.domain.lots import Lot, LotState
from accrual.handlers import rewards
from accrual.handlers.books import Books
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.debts import pay
from accrual.handlers.rewards import SOURCE, Origin
from accrual.handlers.seasons import due_levels, turn_levels
from accrual.store import Connection, accounts, due, holders, ledger
from accrual.store.holders import Owner
from contracts.rewards import RewardActivated, RewardExpired
from shared.batches.errors import is_data
from shared.outbox import Message, enqueue

log = structlog.get_logger(__name__)

#: Lots a transaction: some hundred accounts stay locked for some ten milliseconds.
LIMIT = 500
#: An account at which something failed is left alone for so long, and stands in nobody's way meanwhile.
PAUSE = timedelta(minutes=10)

_Step = Callable[[Books, Lot, Owner, datetime], list[Message]]
_Turn = Callable[[Connection, Mapping[UUID, UUID]], Awaitable[Books]]


class Clockwork:
    """Does what is due, and remembers where it could not."""

    def __init__(self) -> None:
        self._failed: dict[UUID, datetime] = {}
        self._catalogue = Catalogue()

    async def turn(self, connection: Connection, now: datetime) -> int:
        """Do a bounded part of what is due, and return how much that was. Nothing expires while something waits to be activated, or a level to change."""
        self._failed = {account_id: at for account_id, at in self._failed.items() if now < at + PAUSE}
        found = await due.to_activate(connection, now=now, limit=LIMIT, but=self._failed)
        if found:
            return await self._each(connection, found, partial(_some, step=activate, now=now), now=now)
        programmes = await self._catalogue.current(connection)
        found = await due_levels(connection, programmes, now=now, limit=LIMIT, but=self._failed)
        if found:
            return await self._each(connection, found, partial(turn_levels, programmes=programmes, now=now), now=now)
        found = await due.to_expire(connection, now=now, limit=LIMIT, but=self._failed)
        if found:
            return await self._each(connection, found, partial(_some, step=_expire, now=now), now=now)
        for programme, closed_at in programmes.closed(at=now):
            found = await due.to_close(connection, programme=programme, limit=LIMIT, but=self._failed)
            if found:
                return await self._each(connection, found, partial(_some, step=partial(_expire, closed_at=closed_at), now=now), now=now)
        return 0

    async def guests(self, connection: Connection, now: datetime) -> int:
        """Let a bounded part go of what guests earned longer ago than their programme keeps it, and return how much that was."""
        for version in (await self._catalogue.current(connection)).running(at=now):
            kept, zone = version.document.joining.guests, version.terms.zone
            if kept is not None:
                before = start_of(now.astimezone(zone).date() - timedelta(days=days_in(kept)), zone)
                found = await due.of_guests(connection, programme=version.terms.id, before=before, limit=LIMIT, but=self._failed)
                if found:
                    return await self._each(connection, found, partial(_some, step=partial(_expire, closed_at=now), now=now), now=now)
        return 0

    async def _each(self, connection: Connection, found: Mapping[UUID, UUID], turn: _Turn, *, now: datetime) -> int:
        """Do it for all at once; if that fails because of one account, for each account alone. Returns for how many lots or levels it was done or tried."""
        if not found:
            return 0
        account_ids = set(found.values())
        await accounts.lock(connection, account_ids)
        if await _try(connection, found, turn) is not None:
            for account_id in sorted(account_ids):
                share = {id_: owner for id_, owner in found.items() if owner == account_id}
                failure = await _try(connection, share, turn)
                if failure is not None:
                    self._failed[account_id] = now
                    metrics.CLOCKWORK_FAILURES.inc()
                    log.error("what is due of an account could not be done", account_id=str(account_id), due=len(share), exc_info=failure)
        return len(found)


async def _try(connection: Connection, found: Mapping[UUID, UUID], turn: _Turn) -> Exception | None:
    """Do it for all of these, or for none of them. Returns what is wrong with one of them, if that is why."""
    try:
        async with connection.transaction():
            books = await turn(connection, found)
    except Exception as error:
        if not is_data(error):
            raise
        return error
    books.count()
    return None


async def _some(connection: Connection, found: Mapping[UUID, UUID], *, step: _Step, now: datetime) -> Books:
    """Read the lots of locked accounts again, and do what is still to be done. A lot that moved meanwhile is found the next time."""
    account_ids = set(found.values())
    lots = await ledger.lots(connection, found)
    owners = await holders.owners(connection, account_ids)
    books = await Books.open(connection, account_ids)
    here = [lots[lot_id] for lot_id in found if lots[lot_id].account_id in account_ids]
    messages = [message for lot in here for message in step(books, lot, owners[lot.account_id], now)]
    await books.save(connection, now=now)
    await enqueue(connection, messages)
    return books


def activate(books: Books, lot: Lot, owner: Owner, now: datetime) -> list[Message]:
    """Make a lot usable whose day has come; with what it brings, debts are paid."""
    if lot.state is not LotState.PENDING:
        return []
    origin = _origin(lot, "activated", lot.usable_from)
    stamp = _stamp(origin, RewardActivated.type, owner, now)
    account = books.activate(lot, stamp)
    said = [rewards.activated(account, lot, stamp, owner=owner.holder, origin=origin)] if owner.holder else []
    return said + pay(books, account.id, stamp, owner=owner.holder, origin=origin)


def _expire(books: Books, lot: Lot, owner: Owner, now: datetime, closed_at: datetime | None = None) -> list[Message]:
    """Let a lot go whose last day is over, or that of its programme."""
    gone_at = lot.expires_at if closed_at is None else closed_at
    if lot.remaining == 0 or gone_at is None:
        return []
    # what comes back to a programme that has closed is gone again: with the account's version, that is another step
    step = "expired" if closed_at is None else f"closed/{books.account(lot.account_id).version}"
    origin = _origin(lot, step, gone_at)
    stamp = _stamp(origin, RewardExpired.type, owner, now)
    account = books.expire(lot, stamp)
    return [rewards.expired(account, lot, lot.remaining, stamp, owner=owner.holder, origin=origin)] if owner.holder else []


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
