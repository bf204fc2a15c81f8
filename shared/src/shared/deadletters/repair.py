"""What an operator does with dead letters: send them again, or let them go. One transaction each, counted before and after alike."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import asyncpg

from shared.deadletters.letters import Origin, redrive_headers
from shared.deadletters.table import COLUMNS, SIZE, DeadLetter, State, Which
from shared.outbox.message import Message
from shared.outbox.table import enqueue, unpack

#: At most this many at once: few enough for one short transaction, and for memory.
MOST_AT_ONCE = 500
_MOST_BYTES = 16 * 1024 * 1024
#: A topic takes 1 MiB, and the headers of a redrive come on top. What is larger can only fail again, and the relay would stand still before it.
LARGEST_REDRIVEN = 1_000_000
#: The bytes of others are gone.
_REPAIRABLE = (State.WAITING, State.REDRIVEN)
TOO_LARGE, UNKNOWN, BUSY = "too-large", "unknown", "busy"

_IN_ORDER = 'first_failed_at, topic, partition, "offset", key'
#: The oldest that match, up to a number and a size, and always at least one.
_CHOOSE = """
    select key from (
        select key, {size} as size, sum({size}) over (order by {order} rows unbounded preceding) as total from dead_letter
        where {condition} and {fits} order by {order} limit {limit:d}
    ) as oldest
    where total - size < {bytes:d}
"""
_COUNT = "select code, {fits} as fits, count(*) as count from dead_letter where {condition} group by 1, 2"
_STATES = "select key, state from dead_letter where key = any($1::bytea[])"
#: Looked at again: somebody may have been here since they were chosen. Whoever is at one now settles it, puts it aside again or repairs
#: it; nobody waits for him, and no two can wait for each other.
_LOCK = """
    select {columns}, record_key, headers, value from dead_letter
    where key = any($1::bytea[]) and state = any($2::text[]) order by key {lock}
"""
_REDRIVEN = "update dead_letter set state = 'redriven', changed_at = $2, changed_by = $3 where key = any($1::bytea[])"
_DISCARDED = """
    update dead_letter set state = 'discarded', changed_at = $2, changed_by = $3, record_key = null, headers = null, value = null
    where key = any($1::bytea[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an operator asks for. `by` is who asks."""

    which: Which
    limit: int
    by: str
    dry_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of it, or would: how many, by code; how many there were to choose from, by code; how many cannot be repaired, and why."""

    count: int
    by_code: Mapping[str, int]
    matching: Mapping[str, int]
    skipped: Mapping[str, int]


async def redrive(connection: asyncpg.Connection, order: Order, *, now: datetime) -> Done:
    """Send dead records to their topics again, oldest first, each under its own event id: outbox and state in the transaction in hand.

    Waiting ones are meant unless other states are named. A record that was redriven already may be sent once more: it counts once.
    """
    return await _repair(connection, order, fits=f"{SIZE} <= {LARGEST_REDRIVEN}", statement=_REDRIVEN, send=True, now=now)


async def discard(connection: asyncpg.Connection, order: Order, *, now: datetime) -> Done:
    """Let dead records go: their bytes are gone from here, their verdict and row stay. The dead-letter topic is left as it is."""
    return await _repair(connection, order, fits="true", statement=_DISCARDED, send=False, now=now)


async def _repair(connection: asyncpg.Connection, order: Order, *, fits: str, statement: str, send: bool, now: datetime) -> Done:
    which, limit = order.which, min(order.limit, MOST_AT_ONCE)
    states = which.states or (_REPAIRABLE if which.keys is not None else (State.WAITING,))
    which = replace(which, states=[state for state in states if state in _REPAIRABLE])
    condition, arguments = which.where()
    counts = await connection.fetch(_COUNT.format(condition=condition, fits=fits), *arguments)
    choose = _CHOOSE.format(condition=condition, fits=fits, size=f"({SIZE})", order=_IN_ORDER, limit=limit, bytes=_MOST_BYTES)
    keys = [row["key"] for row in await connection.fetch(choose, *arguments)]
    lock = _LOCK.format(columns=COLUMNS, lock="" if order.dry_run else "for update skip locked")
    rows = await connection.fetch(lock, keys, [str(state) for state in which.states or ()])
    skipped = await _skipped(connection, which)
    if too_large := sum(row["count"] for row in counts if not row["fits"]):
        skipped[TOO_LARGE] = too_large
    if busy := len(keys) - len(rows):
        skipped[BUSY] = busy
    if not order.dry_run:
        await connection.execute(statement, [row["key"] for row in rows], now, order.by)
        if send:
            await enqueue(connection, [_again(row) for row in sorted(rows, key=_age)])
    matching = {row["code"]: row["count"] for row in counts if row["fits"]}
    return Done(count=len(rows), by_code=Counter(row["code"] for row in rows), matching=matching, skipped=skipped)


async def _skipped(connection: asyncpg.Connection, which: Which) -> dict[str, int]:
    """Say why named ones are not among those that can be repaired."""
    keys = set(which.keys or ())
    found = {row["key"]: row["state"] for row in await connection.fetch(_STATES, list(keys))} if keys else {}
    return dict(Counter(found.get(key, UNKNOWN) for key in keys if found.get(key) not in _REPAIRABLE))


def _again(row: asyncpg.Record) -> Message:
    """Make the message that brings a record back to its topic, as its sender wrote it, and saying where it was first met."""
    dead = DeadLetter.of(row)
    place = Origin(dead.topic, dead.partition, dead.offset, dead.attempts, dead.first_failed_at.astimezone(UTC).isoformat())
    return Message(
        topic=dead.topic,
        key=row["record_key"],
        id=dead.event_id or f"{dead.topic}/{dead.partition}:{dead.offset}",
        source=dead.source or "",
        type=dead.type or "",
        time=None,
        value=row["value"],
        headers=(*unpack(row["headers"]), *redrive_headers(place)),
    )


def _age(row: asyncpg.Record) -> tuple[Any, ...]:
    return row["first_failed_at"], row["topic"], row["partition"], row["offset"], row["key"]
