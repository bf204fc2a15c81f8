"""Points given and taken by hand, and handed on from one member to another."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection


class Adjustment(NamedTuple):
    """What somebody asked for, and who approved it."""

    id: UUID
    account_id: UUID
    points: int
    forfeit: bool
    reason: str
    requested_by: str
    requested_at: datetime
    approved_by: str | None = None
    booked_at: datetime | None = None


_COLUMNS = """
    adjustment.id, coalesce(account.moved_to, adjustment.account_id), adjustment.points, adjustment.forfeit, adjustment.reason,
    adjustment.requested_by, adjustment.requested_at, adjustment.approved_by, adjustment.booked_at
"""
_FIND = f"select {_COLUMNS} from adjustment join account on account.id = adjustment.account_id where adjustment.id = $1"  # noqa: S608  a constant
_OPEN = f"""
    select {_COLUMNS} from adjustment join account on account.id = adjustment.account_id
    where adjustment.approved_by is null and adjustment.requested_at > $1 order by adjustment.requested_at, adjustment.id limit $2
"""  # noqa: S608  a constant
_ADD = "insert into adjustment (id, account_id, points, forfeit, reason, requested_by, requested_at) values ($1, $2, $3, $4, $5, $6, $7)"
_APPROVE = "update adjustment set account_id = $4, approved_by = $2, booked_at = $3 where id = $1"
_HANDED_ON = "select id from transfer where id = any($1::uuid[])"
_ADD_TRANSFER = "insert into transfer (id, lot_id, transferred_at) values ($1, $2, $3)"


async def find(connection: Connection, adjustment_id: UUID) -> Adjustment | None:
    """Read one, with the account that it is about now."""
    row = await connection.fetchrow(_FIND, adjustment_id)
    return None if row is None else Adjustment(*row)


async def waiting(connection: Connection, *, since: datetime, limit: int) -> list[Adjustment]:
    """Read those that nobody has approved yet, the oldest first."""
    return [Adjustment(*row) for row in await connection.fetch(_OPEN, since, limit)]


async def add(connection: Connection, adjustment: Adjustment) -> None:
    """Write what somebody asks for."""
    await connection.execute(_ADD, *adjustment[:7])


async def approve(connection: Connection, adjustment: Adjustment) -> None:
    """Write who approved it, and when and in which account it was booked."""
    await connection.execute(_APPROVE, adjustment.id, adjustment.approved_by, adjustment.booked_at, adjustment.account_id)


async def add_transfer(connection: Connection, transfer_id: UUID, lot_id: UUID, *, at: datetime) -> None:
    """Write that points of a lot were handed on."""
    await connection.execute(_ADD_TRANSFER, transfer_id, lot_id, at)


async def handed_on(connection: Connection, lot_ids: Iterable[UUID]) -> set[UUID]:
    """Tell which of these lots came from another member."""
    return {row[0] for row in await connection.fetch(_HANDED_ON, list(lot_ids))}
