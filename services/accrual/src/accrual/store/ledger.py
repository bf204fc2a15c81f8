"""Entries and lots: what a booking leaves behind."""

from collections.abc import Collection, Iterable
from datetime import datetime
from struct import Struct
from typing import NamedTuple
from uuid import UUID

import asyncpg

from accrual.domain.chain import microseconds
from accrual.domain.entries import NO_EVIDENCE
from accrual.domain.ledger import Booking
from accrual.domain.lots import Lot, LotState
from accrual.store import Connection
from accrual.store.copying import NULL, copy, integer, moment, raw, text, word


class Cause(NamedTuple):
    """What a lot was granted for: a purchase with its revision, or an activity without one."""

    key: bytes
    revision: int | None


class Opened(NamedTuple):
    """A new lot, what it was granted for, and the version of the account that the grant made."""

    lot: Lot
    cause: Cause
    version: int


_ENTRY = (
    "transaction_id", "account_id", "booked_at", "amount", "leg", "lot_id", "bucket",
    "version", "balance_after", "occurred_at", "usable_from", "expires_at", "programme_version",
    "programme", "operation", "cause_source", "cause_event", "evidence", "hash",
)  # fmt: skip
_LEG = Struct(">h i16s i16s iq iq ii")
_BALANCE = Struct(">iq iq")
_NOTHING_OF_HOLDER = NULL * 12
_NOTHING_OF_HEAD = NULL * 10
_LOT = ("id", "account_id", "granted_at", "usable_from", "amount", "remaining", "version", "confirmable", "expires_at", "cause_revision", "state", "cause_key")
_LOT_HEAD = Struct(">h i16s i16s iq iq iq iq iq i?")
_CHANGE_LOTS = """
    update lot set account_id = new.account_id, remaining = new.remaining, state = new.state, expires_at = new.expires_at
    from (
        select unnest($1::uuid[]) as id, unnest($2::uuid[]) as account_id, unnest($3::bigint[]) as remaining, unnest($4::text[]) as state,
               unnest($5::timestamptz[]) as expires_at
    ) as new
    where lot.id = new.id
"""
LOT = "id, account_id, amount, remaining, usable_from, expires_at, granted_at, state, confirmable"
_OPEN_LOTS_OF = f"select {LOT} from lot where account_id = any($1::uuid[]) and remaining > 0 order by granted_at, id"  # noqa: S608  a constant
_LOTS = f"select {LOT} from lot where id = any($1::uuid[])"  # noqa: S608  a constant


async def book(connection: Connection, bookings: Iterable[Booking], *, booked_at: datetime) -> None:
    """Write the legs of transactions, all booked at one moment. The database refuses legs that do not sum to zero."""
    at = microseconds(booked_at)
    rows = [row for booking in bookings for row in _legs(booking, at)]
    if rows:
        await copy(connection, "entry", _ENTRY, rows)


async def open_lots(connection: Connection, opened: Iterable[Opened]) -> None:
    """Write new lots."""
    rows = [
        _LOT_HEAD.pack(
            12, 16, lot.id.bytes, 16, lot.account_id.bytes, 8, microseconds(lot.granted_at), 8, microseconds(lot.usable_from),
            8, lot.amount, 8, lot.remaining, 8, version, 1, lot.confirmable,
        ) + moment(lot.expires_at) + integer(cause.revision) + word(lot.state) + raw(cause.key)
        for lot, cause, version in opened
    ]  # fmt: skip
    if rows:
        await copy(connection, "lot", _LOT, rows)


async def change_lots(connection: Connection, lots: Collection[Lot]) -> None:
    """Write what changes of a lot: its account, what remains, its state, and when it expires."""
    if lots:
        await connection.execute(
            _CHANGE_LOTS,
            [lot.id for lot in lots],
            [lot.account_id for lot in lots],
            [lot.remaining for lot in lots],
            [lot.state for lot in lots],
            [lot.expires_at for lot in lots],
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


def _legs(booking: Booking, booked_at: int) -> Iterable[bytes]:
    """Pack the legs of a transaction. What is the same for all of them is said on the first that each holder's account has in it."""
    stamp = booking.transaction.stamp
    transaction_id = stamp.transaction_id.bytes
    chains = {account.id: account.hash for account in booking.accounts}
    for place, leg in enumerate(booking.transaction.entries):
        account_id, version, bucket, amount, balance_after, lot_id, usable_from, expires_at = leg
        row = _LEG.pack(19, 16, transaction_id, 16, account_id.bytes, 8, booked_at, 8, amount, 4, place)
        row += (NULL if lot_id is None else raw(lot_id.bytes)) + word(bucket)
        if version is None or balance_after is None:
            yield row + _NOTHING_OF_HOLDER
            continue
        row += _BALANCE.pack(8, version, 8, balance_after)
        chain = chains.pop(account_id, None)
        if chain is None:
            yield row + _NOTHING_OF_HEAD
            continue
        evidence = None if stamp.evidence == NO_EVIDENCE else stamp.evidence
        yield b"".join((
            row, moment(stamp.occurred_at), moment(usable_from), moment(expires_at), integer(stamp.programme_version), word(stamp.programme),
            word(booking.transaction.operation), word(stamp.cause_source), text(stamp.cause_event), raw(evidence), raw(chain),
        ))  # fmt: skip
