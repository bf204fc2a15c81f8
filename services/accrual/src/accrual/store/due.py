"""Which lots the clock has something to do with."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from accrual.store import Connection

_TO_ACTIVATE = """
    select id, account_id from lot
    where state = 'pending' and usable_from <= $1 and account_id <> all($3::uuid[]) order by usable_from, id limit $2
"""
_TO_EXPIRE = """
    select id, account_id from lot
    where remaining > 0 and expires_at <= $1 and account_id <> all($3::uuid[]) order by expires_at, id limit $2
"""
_TO_CLOSE = """
    select lot.id, lot.account_id from lot join account on account.id = lot.account_id
    where lot.remaining > 0 and account.programme = $1 and lot.account_id <> all($3::uuid[]) order by lot.id limit $2
"""
_OF_GUESTS = """
    select lot.id, lot.account_id from account join lot on lot.account_id = account.id
    where account.programme = $1 and account.kind = 'unclaimed' and account.moved_to is null
        and lot.remaining > 0 and lot.granted_at < $2 and lot.account_id <> all($4::uuid[]) order by lot.granted_at, lot.id limit $3
"""
_MAKE_PARTITIONS = "select make_entry_partitions($1, $2)"


async def to_activate(connection: Connection, *, now: datetime, limit: int, but: Iterable[UUID] = ()) -> dict[UUID, UUID]:
    """Find pending lots that are usable by now, the longest waiting first, with their accounts. Some accounts may be left out."""
    return {row[0]: row[1] for row in await connection.fetch(_TO_ACTIVATE, now, limit, list(but))}


async def to_expire(connection: Connection, *, now: datetime, limit: int, but: Iterable[UUID] = ()) -> dict[UUID, UUID]:
    """Find lots with points left whose last day is over, the longest waiting first, with their accounts. Some accounts may be left out."""
    return {row[0]: row[1] for row in await connection.fetch(_TO_EXPIRE, now, limit, list(but))}


async def to_close(connection: Connection, *, programme: str, limit: int, but: Iterable[UUID] = ()) -> dict[UUID, UUID]:
    """Find what is left in lots of a programme that has closed, with their accounts."""
    return {row[0]: row[1] for row in await connection.fetch(_TO_CLOSE, programme, limit, list(but))}


async def of_guests(connection: Connection, *, programme: str, before: datetime, limit: int, but: Iterable[UUID] = ()) -> dict[UUID, UUID]:
    """Find what is left of lots that were granted before a moment to somebody whom nobody knows, with their accounts. It looks at all of theirs."""
    return {row[0]: row[1] for row in await connection.fetch(_OF_GUESTS, programme, before, limit, list(but))}


async def make_partitions(connection: Connection, *, now: datetime, months: int) -> int:
    """Make the ledger's partitions for this month and so many after it, and return how many were missing."""
    made: int = await connection.fetchval(_MAKE_PARTITIONS, now, months)
    return made
