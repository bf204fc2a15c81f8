"""The outbox table: how messages get in, and out again."""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import asyncpg
import orjson

from contracts.bodies import MAX_BODY_BYTES
from shared.outbox.message import Message

#: By the hash of the key. Changing it needs an empty outbox, or two relays could hold the messages of one key.
SHARDS = 8
#: A dead letter wraps what the broker once accepted, so its topic takes more.
DEAD_LETTER_MAX_BYTES = 2 * 1024 * 1024 - 4096

#: First key of the two-part advisory lock of a shard's relay: "outb".
_LOCK_CLASS = 0x6F757462
_COLUMNS = ("shard", "id", "aggregatetype", "aggregateid", "type", "source", "time", "traceparent", "headers", "payload")
#: Become the only one who sends these shards, as far as nobody else is. The relay awaits Kafka in its transaction, so it may idle for longer.
_LEAD = f"""
    select shard, set_config('idle_in_transaction_session_timeout', '30s', true)
    from unnest($1::int[]) as shards (shard) where pg_try_advisory_xact_lock({_LOCK_CLASS}, shard)
"""  # noqa: S608  a constant
_WAITING = "select exists (select from outbox)"
#: The lowest of each shard, up to a number and a size, and always at least one.
_TAKE = """
    delete from outbox where ctid = any(array(
        select sized.ctid from unnest($1::smallint[]) as led (shard) cross join lateral (
            select ctid, size, sum(size) over (order by sequence) as total
            from (
                select ctid, sequence, coalesce(octet_length(payload), 0) as size
                from outbox where outbox.shard = led.shard order by sequence limit $2
            ) as lowest
        ) as sized
        where total - size < $3
    ))
    returning sequence, id, aggregatetype, aggregateid, type, source, time, traceparent, headers, payload, shard
"""
_BACKLOG = """
    select shard, count(*) as rows, extract(epoch from clock_timestamp() - min(created_at))::float8 as oldest_seconds
    from outbox group by shard
"""


class MessageTooLargeError(ValueError):
    """Nobody would read this message. Refused here it is one bad event; the relay could not pass it and would stand still."""


async def enqueue(connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
    """Put messages into the outbox of the transaction in hand, in this order. Set `nudge` after the commit to have them sent at once."""
    if messages:
        # Half the work of an insert from arrays: the driver looks twice at every element of those.
        await connection.copy_records_to_table("outbox", columns=_COLUMNS, records=[_row(message) for message in messages])


def shard_of(key: bytes | None) -> int:
    """Tell which relay sends the messages of a key."""
    return crc32(key or b"") % SHARDS


async def lead(connection: asyncpg.Connection, shards: Sequence[int]) -> list[int]:
    """Become the only one who sends these shards, until the transaction ends. Returns those that nobody else sends already."""
    return [row[0] for row in await connection.fetch(_LEAD, shards)]


async def take(connection: asyncpg.Connection, shards: Sequence[int], *, limit: int, limit_bytes: int) -> list[asyncpg.Record]:
    """Take the oldest rows out of each shard that the transaction leads, in order. They are gone once it commits."""
    rows = await connection.fetch(_TAKE, shards, limit, limit_bytes)
    rows.sort(key=_sequence)
    return rows


async def waiting(connection: asyncpg.Connection) -> bool:
    """Tell whether there is anything to send."""
    return bool(await connection.fetchval(_WAITING))


@dataclass(frozen=True, slots=True)
class Backlog:
    """What one shard has yet to send."""

    rows: int = 0
    oldest_seconds: float = 0.0


async def backlog(connection: asyncpg.Connection) -> dict[int, Backlog]:
    """Measure every shard, the empty ones too."""
    found = {row["shard"]: Backlog(row["rows"], row["oldest_seconds"]) for row in await connection.fetch(_BACKLOG)}
    return {shard: found.get(shard, Backlog()) for shard in range(SHARDS)}


def pack(headers: Sequence[tuple[str, bytes | None]]) -> bytes:
    """Write headers as JSON that a person can read; any byte survives, as the character of the same number."""
    return orjson.dumps([(name, None if value is None else value.decode("latin-1")) for name, value in headers])


def unpack(packed: bytes) -> list[tuple[str, bytes | None]]:
    """Read what `pack` wrote."""
    return [(name, None if value is None else value.encode("latin-1")) for name, value in orjson.loads(packed)]


def _sequence(row: asyncpg.Record) -> int:
    sequence: int = row["sequence"]
    return sequence


def _row(message: Message) -> tuple[object, ...]:
    key, value, headers = message.key, message.value, message.headers
    if isinstance(key, str):
        key = key.encode()
    if value is not None and len(value) > MAX_BODY_BYTES and (headers is None or len(value) > DEAD_LETTER_MAX_BYTES):
        raise MessageTooLargeError(f"a message of {len(value)} bytes for {message.topic}")
    packed = None if headers is None else pack(headers)
    return (
        shard_of(key),
        str(message.id),
        message.topic,
        key,
        message.type,
        message.source,
        message.time,
        message.traceparent,
        packed,
        value,
    )
