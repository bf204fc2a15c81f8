"""An accrual service in pieces: its database, its handlers, and a way to hand it events as Kafka would."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from accrual.consumer import handlers
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.clockwork import turn
from accrual.handlers.publishing import Publication, publish
from contracts.envelope import Event, Record, encode
from shared.batches.breaker import Breaker
from shared.batches.handler import Handler, Outcome
from shared.batches.items import read
from shared.batches.offsets import Position, begin
from shared.batches.records import Fetched
from shared.batches.transaction import Batch, Topic, settle
from shared.outbox.relay import record_of
from shared.testing import Database, NewDatabase, SettableClock

from .builders import BREAD

MIGRATIONS = Path(__file__).parents[1] / "migrations"


@dataclass(slots=True)
class Service:
    """Accrual without its Kafka and HTTP: events go through the real batch transaction, as the service's own role."""

    database: Database
    clock: SettableClock
    catalogue: Catalogue = field(default_factory=Catalogue)
    next: dict[Position, int] = field(default_factory=dict)

    @property
    def pool(self) -> asyncpg.Pool:
        return self.database.pool

    @property
    def handlers(self) -> dict[str, Handler]:
        return handlers(self.catalogue, self.clock)

    async def publish(self, *documents: str) -> list[Publication]:
        published = []
        for document in documents:
            async with self.pool.acquire() as connection, connection.transaction():
                published.append(await publish(connection, self.catalogue, document, now=self.clock()))
        return published

    async def hear(self, *events: Event[Any], partition: int = 0) -> list[str]:
        """Take events in order, a batch for each run of one topic, and return the verdict on each, with its reason."""
        outcomes: list[Outcome] = []
        run: list[Record] = []
        for record in map(encode, events):
            if run and run[-1].topic != record.topic:
                outcomes += await self.hear_records(run, partition=partition)
                run = []
            run.append(record)
        outcomes += await self.hear_records(run, partition=partition) if run else []
        return [f"{outcome.verdict} {outcome.reason or ''}".strip() for outcome in outcomes]

    async def hear_records(self, records: Sequence[Record], *, partition: int = 0) -> list[Outcome]:
        position = Position("test", records[0].topic, partition)
        expected = self.next.setdefault(position, 0)
        if expected == 0:
            async with self.pool.acquire() as connection:
                await begin(connection, position, first=0, now=self.clock())
        fetched = [
            Fetched(topic=each.topic, key=each.key, value=each.value, headers=each.headers, partition=partition, offset=expected + number, timestamp_ms=0)
            for number, each in enumerate(records)
        ]
        topic = Topic(service="accrual", handler=self.handlers[records[0].topic], pool=self.pool, clock=self.clock)
        settled = await settle(topic, position, Batch(expected, read(fetched), Breaker()))
        self.next[position] = settled.next
        return list(settled.outcomes)

    async def turn(self) -> int:
        """Let the clock do everything that is due now, and return how much that was."""
        total = 0
        while True:
            async with self.pool.acquire() as connection, connection.transaction():
                done = await turn(connection, self.clock())
            if not done:
                return total
            total += done

    async def fetch(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in await self.pool.fetch(query, *arguments)]

    async def balances(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Pending and available points of every holder with any, by holder and programme."""
        rows = await self.fetch("select holder, holder.programme, pending, available from holder join account on id = account_id where pending + available > 0")
        return {(holder, programme): (pending, available) for holder, programme, pending, available in rows}

    async def said(self) -> list[Record]:
        """Everything in the outbox, in order, as the relay will send it."""
        columns = "sequence, id, aggregatetype, aggregateid, type, source, time, traceparent, headers, payload"
        return [record_of(row) for row in await self.pool.fetch(f"select {columns} from outbox order by sequence")]


NewService = Callable[[], Awaitable[Service]]


@pytest.fixture
def new_service(database: NewDatabase, clock: SettableClock) -> NewService:
    """Give a function that makes services, each with an empty database."""

    async def make() -> Service:
        return Service(await database(MIGRATIONS, service="accrual"), clock)

    return make


@pytest.fixture
async def service(new_service: NewService) -> Service:
    """A service with the bread programme published."""
    made = await new_service()
    await made.publish(BREAD)
    return made
