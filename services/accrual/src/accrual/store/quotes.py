"""Quotes of carts, for the minutes in which a hold may name them."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection


class StoredQuote(NamedTuple):
    """What was asked and answered, as JSON."""

    id: UUID
    made_at: datetime
    valid_until: datetime
    holder: str | None
    programme: str
    asked: bytes
    answered: bytes


_COLUMNS = "id, made_at, valid_until, holder, programme, asked, answered"
_ADD = f"insert into quote ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7)"  # noqa: S608  a constant
_FIND = f"select {_COLUMNS} from quote where id = $1 and valid_until > $2"  # noqa: S608  a constant
_FORGET = "delete from quote where id in (select id from quote where valid_until <= $1 order by valid_until limit $2)"


async def add(connection: Connection, quote: StoredQuote) -> None:
    """Keep a quote."""
    await connection.execute(_ADD, *quote)


async def find(connection: Connection, quote_id: UUID, *, now: datetime) -> StoredQuote | None:
    """Return a quote that is still valid."""
    row = await connection.fetchrow(_FIND, quote_id, now)
    return None if row is None else StoredQuote(*row)


async def forget(connection: Connection, *, now: datetime, limit: int) -> int:
    """Delete quotes that are valid no longer, the oldest first, and return how many."""
    done: str = await connection.execute(_FORGET, now, limit)
    return int(done.rpartition(" ")[2])
