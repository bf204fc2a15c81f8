"""Entries and lots: what a booking leaves behind."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from accrual.domain.entries import Bucket
from accrual.domain.ledger import Booking
from accrual.domain.lots import Lot, LotState
from accrual.store import Connection


class Cause(NamedTuple):
    """What a lot was granted for: a purchase with its revision, or an activity without one."""

    key: bytes
    revision: int | None


_ENTRIES = """
    insert into entry (
        transaction_id, account_id, lot_id, booked_at, amount, leg, bucket, programme_version, version, balance_after,
        occurred_at, usable_from, expires_at, programme, operation, cause_source, cause_event, hash
    )
    select unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::uuid[]), $1::timestamptz, unnest($5::bigint[]), unnest($6::int[]), unnest($7::text[]),
           unnest($8::int[]), unnest($9::bigint[]), unnest($10::bigint[]), unnest($11::timestamptz[]), unnest($12::timestamptz[]),
           unnest($13::timestamptz[]), unnest($14::text[]), unnest($15::text[]), unnest($16::text[]), unnest($17::text[]), unnest($18::bytea[])
"""
_OPEN_LOTS = """
    insert into lot (id, account_id, granted_at, usable_from, expires_at, amount, remaining, state, confirmable, cause_key, cause_revision)
    select id, account_id, granted_at, usable_from, expires_at, amount, amount, state, confirmable, cause_key, cause_revision
    from (
        select unnest($1::uuid[]) as id, unnest($2::uuid[]) as account_id, unnest($3::timestamptz[]) as granted_at,
               unnest($4::timestamptz[]) as usable_from, unnest($5::timestamptz[]) as expires_at, unnest($6::bigint[]) as amount,
               unnest($7::text[]) as state, unnest($8::bool[]) as confirmable, unnest($9::bytea[]) as cause_key, unnest($10::int[]) as cause_revision
    ) as opened
"""
_CHANGE_LOTS = """
    update lot set account_id = new.account_id, remaining = new.remaining, state = new.state
    from (
        select unnest($1::uuid[]) as id, unnest($2::uuid[]) as account_id, unnest($3::bigint[]) as remaining, unnest($4::text[]) as state
    ) as new
    where lot.id = new.id
"""
LOT = "id, account_id, amount, remaining, usable_from, expires_at, granted_at, state, confirmable"
_OPEN_LOTS_OF = f"select {LOT} from lot where account_id = any($1::uuid[]) and remaining > 0 order by granted_at, id"  # noqa: S608  a constant
_LOTS = f"select {LOT} from lot where id = any($1::uuid[])"  # noqa: S608  a constant


async def book(connection: Connection, bookings: Iterable[Booking], *, booked_at: datetime) -> None:
    """Write the legs of transactions, all booked at one moment. The database refuses legs that do not sum to zero."""
    legs = [leg for booking in bookings for leg in _legs(booking)]
    if legs:
        await connection.execute(_ENTRIES, booked_at, *zip(*legs, strict=True))


async def open_lots(connection: Connection, opened: Collection[tuple[Lot, Cause]]) -> None:
    """Write new lots."""
    if opened:
        rows = [
            (lot.id, lot.account_id, lot.granted_at, lot.usable_from, lot.expires_at, lot.amount, lot.state, lot.confirmable, cause.key, cause.revision)
            for lot, cause in opened
        ]
        await connection.execute(_OPEN_LOTS, *zip(*rows, strict=True))


async def change_lots(connection: Connection, lots: Collection[Lot]) -> None:
    """Write what changes of a lot: its account, what remains, its state."""
    if lots:
        await connection.execute(
            _CHANGE_LOTS, [lot.id for lot in lots], [lot.account_id for lot in lots], [lot.remaining for lot in lots], [lot.state for lot in lots]
        )


async def open_lots_of(connection: Connection, account_ids: Iterable[UUID]) -> dict[UUID, list[Lot]]:
    """Read all lots with points left, by account, oldest first."""
    found: dict[UUID, list[Lot]] = {}
    for row in await connection.fetch(_OPEN_LOTS_OF, list(account_ids)):
        found.setdefault(row["account_id"], []).append(lot_of(row))
    return found


async def lots(connection: Connection, lot_ids: Iterable[UUID]) -> dict[UUID, Lot]:
    """Read lots by their ids."""
    return {row["id"]: lot_of(row) for row in await connection.fetch(_LOTS, list(lot_ids))}


def lot_of(row: asyncpg.Record) -> Lot:
    """Read a lot from a row with the columns `LOT`."""
    return Lot(**{**row, "state": LotState(row["state"])})


def _legs(booking: Booking) -> Iterable[tuple[object, ...]]:
    """Give the rows of a transaction. The chain goes on at the first leg that each holder's account has in it."""
    stamp, operation = booking.transaction.stamp, booking.transaction.operation
    chains = {account.id: account.hash for account in booking.accounts}
    for place, leg in enumerate(booking.transaction.entries):
        account_id, version, bucket, amount, balance_after, lot_id, usable_from, expires_at = leg
        if bucket is Bucket.SYSTEM:
            yield (stamp.transaction_id, account_id, lot_id, amount, place, bucket, *_NOTHING)
        else:
            yield (
                stamp.transaction_id, account_id, lot_id, amount, place, bucket, stamp.programme_version, version, balance_after,
                stamp.occurred_at, usable_from, expires_at, stamp.programme, operation, stamp.cause_source, stamp.cause_event,
                chains.pop(account_id, None),
            )  # fmt: skip


_NOTHING = (None,) * 11
