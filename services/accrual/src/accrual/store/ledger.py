"""Entries and lots: what a booking leaves behind."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from accrual.domain.ledger import Booking
from accrual.domain.lots import Lot, LotState
from accrual.store import Connection


class Cause(NamedTuple):
    """What a lot was granted for: a purchase with its revision, or an activity without one."""

    key: bytes
    revision: int | None


class Opened(NamedTuple):
    """A new lot, what it was granted for, and the version of the account that the grant made."""

    lot: Lot
    cause: Cause
    version: int


# COPY takes its rows at half the cost of arrays, for us and for the database.
_ENTRY = (
    "booked_at", "transaction_id", "account_id", "lot_id", "amount", "leg", "bucket", "version", "balance_after",
    "programme_version", "occurred_at", "usable_from", "expires_at", "programme", "operation", "cause_source", "cause_event", "evidence", "hash",
)  # fmt: skip
_NEW_LOT = (
    "id", "account_id", "granted_at", "usable_from", "expires_at", "amount", "remaining", "state", "confirmable", "cause_key", "cause_revision", "version",
)  # fmt: skip
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
    legs = [leg for booking in bookings for leg in _legs(booking, booked_at)]
    if legs:
        await connection.copy_records_to_table("entry", records=legs, columns=_ENTRY)


async def open_lots(connection: Connection, opened: Collection[Opened]) -> None:
    """Write new lots."""
    if opened:
        rows = [
            (
                lot.id, lot.account_id, lot.granted_at, lot.usable_from, lot.expires_at, lot.amount, lot.remaining, lot.state, lot.confirmable,
                cause.key, cause.revision, version,
            )
            for lot, cause, version in opened
        ]  # fmt: skip
        await connection.copy_records_to_table("lot", records=rows, columns=_NEW_LOT)


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


def _legs(booking: Booking, booked_at: datetime) -> Iterable[tuple[object, ...]]:
    """Give the rows of a transaction. What is the same for all legs is said on the first that each holder's account has in it."""
    stamp = booking.transaction.stamp
    chains = {account.id: account.hash for account in booking.accounts}
    for place, leg in enumerate(booking.transaction.entries):
        account_id, version, bucket, amount, balance_after, lot_id, usable_from, expires_at = leg
        row = booked_at, stamp.transaction_id, account_id, lot_id, amount, place, bucket, version, balance_after
        chain = chains.pop(account_id, None)
        if chain is None:
            yield (*row, *_NOTHING)
        else:
            yield (
                *row, stamp.programme_version, stamp.occurred_at, usable_from, expires_at, stamp.programme, booking.transaction.operation,
                stamp.cause_source, stamp.cause_event, bytes.fromhex(stamp.evidence) if stamp.evidence else None, chain,
            )  # fmt: skip


_NOTHING = (None,) * 10
