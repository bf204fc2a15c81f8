"""Raffles: what was promised, which tickets took part, and what was drawn."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection


class Promise(NamedTuple):
    """A raffle's commitment with what it is made of, its tickets once they are closed, and the draw if there was one."""

    id: UUID
    programme: str
    raffle: str
    programme_version: int
    commitment: bytes
    seed: bytes
    promised: bytes
    committed_at: datetime
    closes_at: datetime
    beacon_at: datetime
    closed_at: datetime | None = None
    tickets: Sequence[UUID] | None = None
    drawn_at: datetime | None = None
    published: bytes | None = None


class Ticket(NamedTuple):
    """A ticket, whose it is, and whether it may win: it was neither used nor taken back."""

    id: UUID
    account_id: UUID
    good: bool


_COLUMNS = ", ".join(Promise._fields)
_FIND = f"select {_COLUMNS} from raffle where programme = $1 and raffle = $2"  # noqa: S608  a constant
_LOCK = f"{_FIND} for update"
_PROMISED = f"select {_COLUMNS} from raffle where programme = $1 order by raffle"  # noqa: S608  a constant
_TO_CLOSE = f"select {_COLUMNS} from raffle where closed_at is null and closes_at <= $1 order by closes_at, id limit 1 for update skip locked"  # noqa: S608  a constant
_COMMIT = f"insert into raffle ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict do nothing returning true"  # noqa: S608  a constant
_CLOSE = "update raffle set closed_at = $2, tickets = $3 where id = $1"
_DRAW = "update raffle set drawn_at = $2, published = $3 where id = $1"
_GIVEN = """
    select id from entitlement
    where programme = $1 and reward = $2 and kind = 'ticket' and state in ('issued', 'reserved', 'expired')
        and issued_at < $3 and (expires_at is null or expires_at > $3)
    order by id
"""
_TICKETS = "select id, account_id, state not in ('used', 'reversed') from entitlement where id = any($1::uuid[]) order by id"


async def find(connection: Connection, programme: str, raffle: str, *, lock: bool = False) -> Promise | None:
    """Read what was promised of a raffle, and lock it if asked."""
    row = await connection.fetchrow(_LOCK if lock else _FIND, programme, raffle)
    return None if row is None else Promise(*row)


async def promised(connection: Connection, programme: str) -> list[Promise]:
    """Read what was ever promised in a programme."""
    return [Promise(*row) for row in await connection.fetch(_PROMISED, programme)]


async def to_close(connection: Connection, *, now: datetime) -> Promise | None:
    """Lock a raffle whose tickets are to be closed, if there is one with which nobody else is busy."""
    row = await connection.fetchrow(_TO_CLOSE, now)
    return None if row is None else Promise(*row)


async def commit(connection: Connection, promise: Promise) -> bool:
    """Write a commitment. There is one, for ever. False: somebody was first."""
    return bool(await connection.fetchval(_COMMIT, *promise))


async def close(connection: Connection, promise: Promise, tickets: Collection[UUID], *, now: datetime) -> None:
    """Write which tickets take part. Nothing changes them afterwards."""
    await connection.execute(_CLOSE, promise.id, now, list(tickets))


async def drawn(connection: Connection, promise: Promise, *, published: bytes, now: datetime) -> None:
    """Write what was drawn."""
    await connection.execute(_DRAW, promise.id, now, published)


async def given(connection: Connection, programme: str, reward: str, *, before: datetime) -> list[UUID]:
    """List the tickets that were given before a moment and were good then, in order."""
    return [row[0] for row in await connection.fetch(_GIVEN, programme, reward, before)]


async def tickets(connection: Connection, ids: Collection[UUID]) -> list[Ticket]:
    """Read tickets as they are now, in order."""
    return [Ticket(*row) for row in await connection.fetch(_TICKETS, list(ids))]
