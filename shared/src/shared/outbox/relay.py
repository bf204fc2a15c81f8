"""The relay: takes rows out of the outbox and puts them into Kafka, in order per key, at least once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, cast

import asyncpg
import structlog

from contracts.envelope import Record
from shared.kafka.errors import UnpublishedError
from shared.metrics import OUTBOX_OLDEST_AGE, OUTBOX_ROWS
from shared.outbox import table

log = structlog.get_logger(__name__)

#: Rows of other processes are found this soon; this process's own at once, by the nudge.
POLL_SECONDS = 0.1
_BATCH_ROWS = 1000
_BATCH_BYTES = 8 * 1024 * 1024
_MEASURE_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
_TROUBLE = (UnpublishedError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Publisher(Protocol):
    """Whoever can put records into Kafka: all of them acknowledged, those of one key in order, or UnpublishedError."""

    async def publish(self, records: Sequence[Record]) -> None:
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
    shards_at_once: int = 4
    _work: dict[int, asyncio.Event] = field(default_factory=dict)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; then send what is there, once."""
        slots = asyncio.Semaphore(self.shards_at_once)
        self._work = {shard: asyncio.Event() for shard in self.shards}
        async with asyncio.TaskGroup() as workers:
            for shard in self.shards:
                workers.create_task(self._send_shard(shard, slots, stop))
            await self._dispatch(stop)
            for work in self._work.values():
                work.set()  # the last time

    async def _dispatch(self, stop: asyncio.Event) -> None:
        """Wake the shards that have rows: after a nudge at once, else now and then."""
        clock = asyncio.get_running_loop().time
        measured_at = float("-inf")
        while not stop.is_set():
            self.nudge.clear()
            try:
                async with self.pool.acquire() as proxy:
                    connection = cast("asyncpg.Connection", proxy)
                    for shard in await table.waiting(connection):
                        if shard in self._work:
                            self._work[shard].set()
                    if clock() - measured_at > _MEASURE_SECONDS:
                        measured_at = clock()
                        await _measure(connection)
            except _TROUBLE as error:
                log.warning("outbox not read", error=type(error).__name__)
            await _first_of(self.nudge, stop, seconds=POLL_SECONDS)

    async def _send_shard(self, shard: int, slots: asyncio.Semaphore, stop: asyncio.Event) -> None:
        pause, last = _FIRST_PAUSE_SECONDS, False
        while not last:
            await self._work[shard].wait()
            self._work[shard].clear()
            last = stop.is_set()
            try:
                async with slots:
                    while await self._send_once(shard) == _BATCH_ROWS:
                        pass
                pause = _FIRST_PAUSE_SECONDS
            except _TROUBLE as error:
                log.warning("outbox not sent", shard=shard, error=type(error).__name__, reason=str(error))
                await _first_of(stop, seconds=pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _send_once(self, shard: int) -> int:
        """Send the oldest rows of a shard; the transaction that deletes them commits when Kafka has them."""
        async with self.pool.acquire() as proxy, proxy.transaction():
            connection = cast("asyncpg.Connection", proxy)
            if not await table.lead(connection, shard):
                return 0
            rows = await table.take(connection, shard, limit=_BATCH_ROWS, limit_bytes=_BATCH_BYTES)
            if rows:
                await self.publisher.publish([record_of(row) for row in rows])
            return len(rows)


def record_of(row: asyncpg.Record) -> Record:
    """Turn a row into the record it stands for: a CloudEvent in binary mode, or a dead letter with the headers it came with."""
    _, event_id, topic, key, type_, source, time, traceparent, packed, payload = row
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


async def _measure(connection: asyncpg.Connection) -> None:
    for shard, backlog in (await table.backlog(connection)).items():
        OUTBOX_ROWS.labels(shard).set(backlog.rows)
        OUTBOX_OLDEST_AGE.labels(shard).set(backlog.oldest_seconds)


async def _first_of(*events: asyncio.Event, seconds: float) -> None:
    """Wait until one of the events is set, at most this long."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
