"""Raffles: what was promised, and what was drawn."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection


class Promise(NamedTuple):
    """A raffle's commitment, its seed, and the draw if there was one."""

    commitment: bytes
    seed: bytes
    committed_at: datetime
    drawn_at: datetime | None
    published: bytes | None


_COLUMNS = "commitment, seed, committed_at, drawn_at, published"
_FIND = f"select {_COLUMNS} from raffle where programme = $1 and raffle = $2"  # noqa: S608  a constant
_LOCK = f"{_FIND} for update"
_COMMIT = "insert into raffle (programme, raffle, commitment, seed, committed_at) values ($1, $2, $3, $4, $5) on conflict do nothing"
_DRAW = "update raffle set drawn_at = $3, published = $4 where programme = $1 and raffle = $2"
_TICKETS = """
    select id, account_id from entitlement
    where programme = $1 and reward = $2 and state in ('issued', 'reserved', 'expired') and issued_at < $3 and (expires_at is null or expires_at > $3)
    order by id
"""


async def find(connection: Connection, programme: str, raffle: str, *, lock: bool = False) -> Promise | None:
    """Read what was promised of a raffle, and lock it if asked."""
    row = await connection.fetchrow(_LOCK if lock else _FIND, programme, raffle)
    return None if row is None else Promise(*row)


async def commit(connection: Connection, programme: str, raffle: str, *, commitment: bytes, seed: bytes, now: datetime) -> None:
    """Write a commitment. There is one, for ever."""
    await connection.execute(_COMMIT, programme, raffle, commitment, seed, now)


async def drawn(connection: Connection, programme: str, raffle: str, *, published: bytes, now: datetime) -> None:
    """Write what was drawn."""
    await connection.execute(_DRAW, programme, raffle, now, published)


async def tickets(connection: Connection, programme: str, reward: str, *, before: datetime) -> dict[UUID, UUID]:
    """List the tickets that were given before a moment and were good then, with the accounts that have them."""
    return {row[0]: row[1] for row in await connection.fetch(_TICKETS, programme, reward, before)}
