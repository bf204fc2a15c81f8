"""The smallest service that the batch transaction can serve: each activity is a point for its holder, some are poison."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from contracts.activities import ActivityRecorded
from contracts.envelope import Event, Record, encode
from contracts.verdicts import Verdict
from shared.batches import Outcome, PoisonMessage
from shared.batches.breaker import Breaker
from shared.batches.items import read
from shared.batches.offsets import Position, begin, stored
from shared.batches.records import Fetched
from shared.batches.transaction import Batch, Settled, Topic, settle
from shared.ids import derived
from shared.outbox import Message
from shared.outbox.relay import record_of
from shared.testing import SettableClock

MIGRATIONS = Path(__file__).parent / "toy"
SOURCE = "urn:test:web"
NOON = datetime(2025, 3, 10, 12, tzinfo=UTC)
#: Kinds of activity whose message no outbox can hold.
UNSAYABLE: dict[str, dict[str, Any]] = {"nul-message": {"id": "\x00"}, "typeless-message": {"time": "noon"}, "huge-message": {"value": b"x" * 1_000_000}}
HERE = Position("a-broker", "toy", 0)


def holder(number: int) -> str:
    return f"m:00000000-0000-0000-0000-{number:012d}"


def an_event(event_id: str, *, who: int = 1, kind: str = "survey", topic: str = "toy", partition: int = 0, offset: int = 0) -> Fetched:
    """A record of one activity. The kinds that the toy does not digest: poison, crash, too-many, nul."""
    data = ActivityRecorded(programme="demo", activity_id=event_id, kind=kind, holder=holder(who), occurred_at=NOON)
    record = encode(Event(event_id, SOURCE, data.type, NOON, data))
    return Fetched(topic, record.key, record.value, record.headers, partition=partition, offset=offset, timestamp_ms=int(NOON.timestamp() * 1000))


def broken(offset: int = 0, *, value: bytes = b"{", headers: tuple[tuple[str, bytes], ...] = (), partition: int = 0) -> Fetched:
    """A record that is no event."""
    return Fetched("toy", b"key", value, headers, partition=partition, offset=offset, timestamp_ms=0)


def in_order(records: Sequence[Fetched], *, first: int = 0) -> list[Fetched]:
    """The same records at rising offsets."""
    return [replace(record, offset=first + place) for place, record in enumerate(records)]


@dataclass
class ToyHandler:
    """Counts points per holder, and how often it was asked."""

    asked: list[int] = field(default_factory=list)
    mended: bool = False  # then nothing is poison any more
    before_decide: Callable[[asyncpg.Connection], Awaitable[None]] | None = None

    async def lock(self, connection: asyncpg.Connection, events: Sequence[Event[Any]]) -> None:
        if any(event.data.kind == "unlockable" for event in events):
            raise KeyError("unlockable")
        holders = sorted({event.data.holder for event in events})
        await connection.execute("insert into toy select unnest($1::text[]), 0 on conflict do nothing", holders)
        await connection.execute("select from toy where holder = any($1) order by holder for update", holders)

    async def decide(self, connection: asyncpg.Connection, events: Sequence[Event[Any]], *, now: datetime) -> tuple[list[Outcome], list[Message]]:
        self.asked.append(len(events))
        if self.before_decide is not None:
            await self.before_decide(connection)
        outcomes, messages = [], []
        for event in events:
            if event.data.kind == "poison" and not self.mended:
                raise PoisonMessage("bad-taste", "it tastes bad")
            if event.data.kind == "crash" and not self.mended:
                raise ZeroDivisionError(event.data.holder)
            points = {"too-many": 1000, "nothing": 0}.get(event.data.kind, 1)
            await connection.execute("update toy set points = points + $2 where holder = $1", event.data.holder, points)
            if event.data.kind == "nul":
                await connection.execute("select $1::text", "\x00")
            outcomes.append(Outcome(Verdict.GRANTED) if points else Outcome(Verdict.NOTHING_EARNED, "no-rule"))
            messages += [_reward(event, now)] * bool(points)
            if event.data.kind in UNSAYABLE:
                messages.append(replace(_reward(event, now), **UNSAYABLE[event.data.kind]))
        return outcomes, messages


def _reward(event: Event[Any], now: datetime) -> Message:
    return Message("toy-rewards", event.data.holder, reward_id(event.id, event.data.holder), "urn:test:toy", "reward", now, b"{}")


def reward_id(event_id: str, whose: str) -> str:
    return str(derived(service="toy", source=SOURCE, cause=event_id, type="reward", holder=whose))


@dataclass
class Toy:
    """The toy at work on one database."""

    pool: asyncpg.Pool
    handler: ToyHandler = field(default_factory=ToyHandler)
    clock: SettableClock = field(default_factory=SettableClock)
    breaker: Breaker = field(default_factory=Breaker)

    @property
    def topic(self) -> Topic:
        return Topic(service="toy", handler=self.handler, pool=self.pool, clock=self.clock)

    async def settle(self, records: Sequence[Fetched], *, expected: int | None = None, position: Position = HERE) -> Settled:
        """One batch, in its place or where it is told to be."""
        if expected is None:
            expected = await self.next(position)
        return await settle(self.topic, position, Batch(expected, read(records), self.breaker))

    async def settle_all(self, records: Sequence[Fetched], *, position: Position = HERE) -> list[Settled]:
        """Batch after batch, until every record has its verdict or the partition stops."""
        batches, left = [], list(records)
        while left:
            batches.append(await self.settle(left, position=position))
            left = left[len(batches[-1].items) :]
            self.breaker = batches[-1].breaker
            if batches[-1].pause_reason:
                break
        return batches

    async def next(self, position: Position = HERE) -> int:
        await begin(self.pool, position, first=0, now=self.clock())
        found = await stored(self.pool, position)
        assert found is not None
        return found.next

    async def points(self) -> dict[str, int]:
        return {row["holder"]: row["points"] for row in await self.pool.fetch("select * from toy where points > 0")}

    async def counts(self, position: Position = HERE) -> dict[str, int]:
        row = await self.pool.fetchrow("select * from consumer_offset where topic = $1 and partition = $2", position.topic, position.partition)
        return {name: row[name] for name in (*(verdict.replace("-", "_") for verdict in Verdict), "gaps") if row[name]}

    async def letters(self) -> list[Record]:
        """The dead letters that wait to be sent, as they will be."""
        columns = "sequence, id, aggregatetype, aggregateid, type, source, time, traceparent, headers, payload"
        return [record_of(row) for row in await self.pool.fetch(f"select {columns} from outbox where headers is not null order by sequence")]

    async def sent(self) -> list[Fetched]:
        """Take the records that were redriven out of the outbox, as the topic will hold them from its end on."""
        columns = "sequence, id, aggregatetype, aggregateid, type, source, time, traceparent, headers, payload"
        rows = await self.pool.fetch(f"delete from outbox where aggregatetype = 'toy' returning {columns}")
        records = [record_of(row) for row in sorted(rows, key=lambda row: row["sequence"])]
        first = await self.next()
        return [
            Fetched(record.topic, record.key, record.value, record.headers, partition=0, offset=first + place, timestamp_ms=0)
            for place, record in enumerate(records)
        ]

    async def rewards(self) -> list[str]:
        return [row["id"] for row in await self.pool.fetch("select id from outbox where headers is null order by sequence")]

    async def verdicts(self) -> list[str]:
        return [row["verdict"] for row in await self.pool.fetch("select verdict from inbox order by verdict")]


async def cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
