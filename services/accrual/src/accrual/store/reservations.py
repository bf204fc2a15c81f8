"""Which holds reserve more than points. What they reserve is held in `shared`, under their ids."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection


class Reservation(NamedTuple):
    """A hold, and the programme of what it reserves."""

    hold_id: UUID
    programme: str


_ADD = "insert into reservation (hold_id, programme) values ($1, $2)"
_FORGET = "delete from reservation where hold_id = any($1::uuid[])"
_OF_ACCOUNT = """
    select reservation.hold_id from reservation join hold on hold.id = reservation.hold_id
    where (hold.account_id = $1 or hold.account_id in (select id from account where moved_to = $1))
        and (hold.state = 'captured' or hold.state = 'open' and hold.expires_at > $2)
"""
# One that was captured by a call keeps what it reserved until its purchase comes: that was used, too. But not for ever.
_LAPSED = """
    select reservation.hold_id, reservation.programme from reservation join hold on hold.id = reservation.hold_id
    where hold.state in ('released', 'expired') or hold.state = 'captured' and hold.resolved_at <= $2 order by hold.expires_at, hold.id limit $1
"""


async def add(connection: Connection, reservation: Reservation) -> None:
    """Remember that a hold reserves something."""
    await connection.execute(_ADD, *reservation)


async def forget(connection: Connection, hold_ids: Collection[UUID]) -> None:
    """Remember no longer what was given back."""
    await connection.execute(_FORGET, list(hold_ids))


async def of_account(connection: Connection, account_id: UUID, *, now: datetime) -> list[UUID]:
    """Find the holds of an account, and of those that it took over, that reserve something for a purchase still to come."""
    return [row[0] for row in await connection.fetch(_OF_ACCOUNT, account_id, now)]


async def lapsed(connection: Connection, *, captured_until: datetime, limit: int) -> list[Reservation]:
    """Find holds that were given back, whose time was over, or that were captured so long ago, and which still reserve something."""
    return [Reservation(*row) for row in await connection.fetch(_LAPSED, limit, captured_until)]
