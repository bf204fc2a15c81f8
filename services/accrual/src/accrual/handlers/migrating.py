"""What members bring along from another system: announced by one operator, loaded by another, taken back until it counts."""

import struct
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from accrual.domain.entries import Stamp
from accrual.domain.lots import Allocation, Lot
from accrual.domain.programmes import Programmes
from accrual.domain.spending.bookings import Opening, give, take
from accrual.handlers import bringing, telling
from accrual.handlers.books import Books
from accrual.handlers.debts import pay
from accrual.handlers.keys import deed_key
from accrual.handlers.rewards import Origin
from accrual.handlers.routes import lock_accounts
from accrual.handlers.surroundings import Surroundings
from accrual.handlers.telling import Adjusted
from accrual.handlers.tiers import Levels
from accrual.store import Connection, accounts, holders, holds, ledger, migrations
from accrual.store.holders import Owner, Wanted
from accrual.store.ledger import Cause, Opened
from accrual.store.migrations import NOTHING_BROUGHT, Brought, ByHand, Known, Migration, OpenedRow
from shared.batches import Repeat
from shared.ids import derived
from shared.outbox import Message, enqueue
from shared.problems import Problem

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL's
#: Rows in one transaction.
LIMIT = 500


class Row(NamedTuple):
    """What one member brings along: points, until when they live, and what else. `name` tells it from every other row of the migration."""

    name: str
    holder: str
    points: int
    expires_at: datetime | None
    brought: Brought = NOTHING_BROUGHT


class Outcome(NamedTuple):
    """How many rows were done, how many points that were, and how many rows had been done before."""

    rows: int
    points: int
    known: int = 0


async def load(connection: Connection, migration: Migration, programmes: Programmes, rows: Sequence[Row], *, by: str, now: datetime) -> Outcome:
    """Open a lot for each row that was not loaded before, and bring its level with what counts towards one.

    Raises the Problems `second-person` (403), `migration-live`, `taken-back`, `other-row` and `over-announced` (409), and what `bringing.check`
    raises; then nothing is loaded.
    """
    _check(migration, by)
    await check_stands(connection, migration)
    bringing.check(programmes, migration.programme, [(row.name, row.brought) for row in rows], now=now)
    known = await migrations.known(connection, migration, [row.name for row in rows])
    if changed := [row.name for row in rows if known.get(row.name, _said(row)) != _said(row)]:
        raise Problem(409, "other-row", "A row was loaded with something else", f"Row {changed[0]}.")
    fresh = [row for row in rows if row.name not in known]
    _check_announced(migration, fresh)
    wanted = {row.name: Wanted(row.holder, migration.programme) for row in fresh}
    route = await lock_accounts(connection, wanted.values())
    account_ids = {row.name: route.to(wanted[row.name]).account_id for row in fresh}
    books = await _books(connection, programmes, migration, set(account_ids.values()))
    owners = await holders.owners(connection, set(account_ids.values()))
    version = _version(programmes, migration, now=now)
    made, messages = list[OpenedRow](), list[Message]()
    for row in fresh:
        by_hand = _by_hand(migration, row.name, "opened", account_ids[row.name], row.points, by)
        owner, brought = owners[by_hand.account_id], bringing.dated(row.brought, programmes, migration.programme, now=now)
        if row.points:
            messages += _open(books, by_hand, row, owner, version, now=now)
        if brought != NOTHING_BROUGHT:
            messages += await bringing.bring(connection, books.levels, brought, by_hand, owner, _asked(by_hand, now=now), now=now)
        made.append(OpenedRow(row.name, by_hand.account_id, by_hand if row.points else None, brought))
    if made:
        await migrations.load(connection, migration, made, now=now)
    await _save(connection, books, messages, now=now)
    return Outcome(len(fresh), sum(row.points for row in fresh), len(known))


async def undo(connection: Connection, migration: Migration, programmes: Programmes, *, by: str, now: datetime) -> Outcome:
    """Take back what is left of some rows, at most LIMIT; what was spent meanwhile stays spent.

    Raises the Problems `second-person`, `migration-live`, and `points-held` where all that is left has points put aside at a till.
    """
    _check(migration, by)
    rows = await migrations.to_undo(connection, migration, limit=LIMIT)
    account_ids = {row.account_id for row in rows}
    if rows and not await accounts.lock(connection, account_ids):
        raise Repeat("an account moved before it was locked")
    lots = await ledger.lots(connection, [row.adjustment_id for row in rows if row.adjustment_id is not None])
    if any(lots[row.adjustment_id].account_id != row.account_id for row in rows if row.adjustment_id is not None):
        raise Repeat("a lot moved before its account was locked")
    held = await _held(connection, account_ids)
    if rows and all(row.adjustment_id in held for row in rows):
        raise Problem(409, "points-held", "Points are put aside at a till", "Ask again when they were used or given back.")
    rows = [row for row in rows if row.adjustment_id not in held]
    books = await _books(connection, programmes, migration, account_ids)
    for each in lots.values():
        books.know({each.account_id: [each]})
    owners = await holders.owners(connection, account_ids)
    messages, done, adjustments = list[Message](), list[tuple[str, UUID | None]](), list[ByHand]()
    for row in rows:
        lot, owner = None if row.adjustment_id is None else lots[row.adjustment_id], owners[row.account_id]
        left = 0 if lot is None else lot.remaining
        by_hand = _by_hand(migration, row.name, "taken back", row.account_id, -left, by)
        if lot is not None and left:
            messages += _take(books, by_hand, lot, owner, now=now)
            adjustments.append(by_hand)
        if row.brought != NOTHING_BROUGHT:
            messages += await bringing.take_back(connection, books.levels, row.brought, by_hand, owner, _asked(by_hand, now=now), now=now)
        done.append((row.name, by_hand.id if left else None))
    await migrations.adjust(connection, adjustments, now=now)
    await migrations.undone(connection, migration, done)
    await _save(connection, books, messages, now=now)
    return Outcome(len(rows), -sum(each.points for each in adjustments))


async def check_stands(connection: Connection, migration: Migration) -> None:
    """Raise the Problem `taken-back` (409) where something of a migration was taken back: its rows are not loaded again, and it does not go live."""
    if await migrations.is_undone(connection, migration):
        raise Problem(409, "taken-back", "What was loaded was taken back", "Announce it under another name.")


async def _held(connection: Connection, account_ids: Collection[UUID]) -> set[UUID]:
    """Find the lots out of which open holds of these accounts took points."""
    found = await holds.open_of(connection, account_ids) if account_ids else []
    return {lot_id for of_hold in (await holds.allocations(connection, [hold.id for hold in found])).values() for lot_id, _ in of_hold}


async def _books(connection: Connection, programmes: Programmes, migration: Migration, account_ids: set[UUID]) -> Books:
    levels = await Levels.open(connection, programmes, account_ids, of=[migration.programme])
    return await Books.open(connection, account_ids, around=Surroundings(levels=levels))


def _version(programmes: Programmes, migration: Migration, *, now: datetime) -> int:
    """Return the number of the version in force, or of the latest where none is."""
    found = programmes.in_force(migration.programme, at=now) or programmes.latest(migration.programme)
    return 0 if found is None else found.terms.version


def _said(row: Row) -> Known:
    return Known(row.points, row.brought.level, row.brought.until, row.brought.done)


def _check_announced(migration: Migration, fresh: Sequence[Row]) -> None:
    wanted = (
        (migration.loaded, len(fresh), migration.openings),
        (migration.loaded_points, sum(row.points for row in fresh), migration.points),
        (migration.loaded_levels, sum(row.brought.level is not None for row in fresh), migration.levels),
        (migration.loaded_totals, sum(sum(row.brought.done) for row in fresh), migration.totals),
    )
    if any(loaded + more > announced for loaded, more, announced in wanted):
        text = f"{migration.points} points, {migration.levels} levels and {migration.totals} towards levels in {migration.openings} rows were."
        raise Problem(409, "over-announced", "More than was announced", text)


def _check(migration: Migration, by: str) -> None:
    if migration.announced_by == by:
        raise Problem(403, "second-person", "Somebody else has to do it", "A migration is announced by one person and loaded by another.")
    if migration.live_at is not None:
        raise Problem(409, "migration-live", "The migration counts since it went live", "Adjust accounts one by one.")


def _by_hand(migration: Migration, name: str, what: str, account_id: UUID, points: int, by: str) -> ByHand:
    id_ = derived(service="accrual", source=f"migration:{migration.programme}:{migration.name}", cause=name, type=what, holder="")
    reason = f"{what} by the migration {migration.name}, row {name}"
    return ByHand(id_, account_id, points, reason, migration.announced_by, migration.announced_at, by)


def _open(books: Books, by_hand: ByHand, row: Row, owner: Owner, version: int, *, now: datetime) -> list[Message]:
    stamp = _stamp(by_hand, owner, version, now=now)
    booking = give(books.account(by_hand.account_id), row.points, stamp, Opening(by_hand.id, row.expires_at))
    (account,), (lot,) = booking.accounts, booking.lots
    books.opened(Opened(lot, Cause(deed_key("adjustment", str(lot.id)), None), account.version))
    books.book(booking, "adjusted", row.points)
    told = _told(books, by_hand, stamp, owner, Adjusted(by_hand.id, row.points, forfeit=False, reason=by_hand.reason, opened=lot, lots=()))
    return told + pay(books, by_hand.account_id, stamp, owner=owner.holder, origin=_origin(stamp))


def _take(books: Books, by_hand: ByHand, lot: Lot, owner: Owner, *, now: datetime) -> list[Message]:
    stamp, points = _stamp(by_hand, owner, 0, now=now), -by_hand.points
    booking = take(books.account(by_hand.account_id), {lot.id: lot}, [Allocation(lot.id, points)], stamp, forfeit=False)
    books.book(booking, "adjusted", points)
    taken = ((lot.id, points, booking.lots[0].remaining),)
    return _told(books, by_hand, stamp, owner, Adjusted(by_hand.id, by_hand.points, forfeit=False, reason=by_hand.reason, opened=None, lots=taken))


def _told(books: Books, by_hand: ByHand, stamp: Stamp, owner: Owner, adjusted: Adjusted) -> list[Message]:
    if owner.holder is None:
        return []
    return [telling.adjusted(books.account(by_hand.account_id), adjusted, stamp, owner=owner.holder, origin=_origin(stamp))]


def _origin(stamp: Stamp) -> Origin:
    return Origin(stamp.cause_source, stamp.cause_event, "command", stamp.occurred_at)


def _asked(by_hand: ByHand, *, now: datetime) -> Origin:
    return Origin(_source(by_hand), str(by_hand.id), "command", now)


def _source(by_hand: ByHand) -> str:
    return f"urn:loyalty:accrual:http:{by_hand.approved_by}"


def _stamp(by_hand: ByHand, owner: Owner, version: int, *, now: datetime) -> Stamp:
    """Name a booking after its adjustment, with the evidence of who asked for it and who did it."""
    requested_at = struct.pack(">q", (by_hand.requested_at - _EPOCH) // (datetime.resolution))
    told = b"\0".join([by_hand.reason.encode(), by_hand.requested_by.encode(), by_hand.approved_by.encode(), requested_at])
    return Stamp(
        transaction_id=by_hand.id,
        cause_source=_source(by_hand),
        cause_event=str(by_hand.id),
        programme=owner.programme,
        programme_version=version,
        occurred_at=now,
        booked_at=now,
        evidence=sha256(told).digest(),
    )


async def _save(connection: Connection, books: Books, messages: Sequence[Message], *, now: datetime) -> None:
    await books.save(connection, now=now)
    await enqueue(connection, list(messages))
