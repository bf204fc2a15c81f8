"""The relay: takes rows out of the outbox and puts them into Kafka, in order per key, at least once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, cast

import asyncpg
import structlog

from contracts.envelope import Record
from shared.kafka.errors import UnpublishedError
from shared.metrics import OUTBOX_OLDEST_AGE, OUTBOX_ROWS, expect_shards
from shared.outbox import table

log = structlog.get_logger(__name__)

#: Rows of other processes are found this soon; this process's own at once, by the nudge.
POLL_SECONDS = 0.1
#: Shards that somebody else was sending are looked at again after this: they may have looked before our rows were there.
_BUSY_SECONDS = 0.01
_SHARD_ROWS = 500
_SHARD_BYTES = 4 * 1024 * 1024
_MEASURE_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0
_TROUBLE = (UnpublishedError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Publisher(Protocol):
    """Whoever can put records into Kafka: all of them acknowledged, those of one key in order, or UnpublishedError."""

    async def publish(self, records: Sequence[Record]) -> object:
        """Return when all replicas have the records."""


@dataclass(slots=True)
class Relay:
    """Sends what the outbox holds. Any number may run: one at a time sends a shard, and its rows are gone only when Kafka has them.

    After a crash between the acknowledgement and the commit the same events go out again, under the same ids.
    """

    pool: asyncpg.Pool
    publisher: Publisher
    nudge: asyncio.Event
    shards: Sequence[int] = range(table.SHARDS)
    _measured_at: float = float("-inf")

    def __post_init__(self) -> None:
        expect_shards(range(table.SHARDS))

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; then send what is there."""
        pause, wait, alone, last = _FIRST_PAUSE_SECONDS, 0.0, False, False
        while not last or wait == 0:
            await _first_of(self.nudge, stop, seconds=wait)
            last = stop.is_set()
            sure = last or wait == 0 or self.nudge.is_set()
            self.nudge.clear()
            wait, failed = await self._rounds(alone=alone, sure=sure)
            alone = failed
            if failed and not last:
                await _first_of(stop, seconds=pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS) if failed else _FIRST_PAUSE_SECONDS

    async def _rounds(self, *, alone: bool, sure: bool) -> tuple[float, bool]:
        """Send of all shards together, or of each alone after a failure, so that one cannot block the others."""
        wait, failed = POLL_SECONDS, False
        for shards in [[shard] for shard in self.shards] if alone else [self.shards]:
            try:
                wait = min(wait, await self._round(shards, sure=sure))
            except _TROUBLE as error:
                failed = True
                log.warning("outbox not sent", shards=list(shards), error=type(error).__name__, reason=str(error))
        return wait, failed

    async def _round(self, shards: Sequence[int], *, sure: bool) -> float:
        """Send some of what waits, and return how soon to look again."""
        async with self.pool.acquire() as proxy:
            connection = cast("asyncpg.Connection", proxy)
            await self._measure(connection)
            if not sure and not await table.waiting(connection):
                return POLL_SECONDS
            async with connection.transaction():
                led = await table.lead(connection, shards)
                rows = await table.take(connection, led, limit=_SHARD_ROWS, limit_bytes=_SHARD_BYTES)
                if rows:
                    await self.publisher.publish([record_of(row) for row in rows])
        if len(rows) >= _SHARD_ROWS:
            return 0.0
        return POLL_SECONDS if len(led) == len(shards) else _BUSY_SECONDS

    async def _measure(self, connection: asyncpg.Connection) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._measured_at > _MEASURE_SECONDS:
            self._measured_at = now
            for shard, backlog in (await table.backlog(connection)).items():
                OUTBOX_ROWS.labels(shard).set(backlog.rows)
                OUTBOX_OLDEST_AGE.labels(shard).set(backlog.oldest_seconds)


def record_of(row: asyncpg.Record) -> Record:
    """Turn a row into the record it stands for: a CloudEvent in binary mode, or a dead letter with the headers it came with."""
    _, event_id, topic, key, type_, source, time, traceparent, packed, payload, *_ = row
    if packed is not None:
        return Record(topic, key, payload, cast("tuple[tuple[str, bytes], ...]", tuple(table.unpack(packed))))
    headers = (("ce_id", event_id.encode()), *_shared_headers(source, type_))
    if time is not None:
        headers += (("ce_time", (time.isoformat()[:-6] + "Z").encode()),)  # the driver gives UTC, "+00:00"
    if traceparent is not None:
        headers += (("traceparent", traceparent.encode()),)
    return Record(topic, key, payload, headers)


@lru_cache(maxsize=1024)
def _shared_headers(source: str, type_: str) -> tuple[tuple[str, bytes], ...]:
    return (("ce_specversion", b"1.0"), ("ce_source", source.encode()), ("ce_type", type_.encode()), ("content-type", b"application/json"))


async def _first_of(*events: asyncio.Event, seconds: float) -> None:
    """Wait until one of the events is set, at most this long."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
