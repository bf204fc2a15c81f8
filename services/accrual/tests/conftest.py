"""An accrual service in pieces: its database, its handlers, and a way to hand it events as Kafka would."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from joserfc.jwk import OKPKey

from accrual import api
from accrual.api.parts import Desk
from accrual.app import MAX_BODY_BYTES
from accrual.consumer import handlers
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.clockwork import Clockwork
from accrual.handlers.overdue import Overdue
from accrual.handlers.publishing import Publication, publish
from contracts.envelope import Event, Record, encode
from shared.auth import Verifier, issue
from shared.batches.breaker import Breaker
from shared.batches.handler import Handler, Outcome
from shared.batches.items import read
from shared.batches.offsets import Position, begin
from shared.batches.records import Fetched
from shared.batches.transaction import Batch, Topic, settle
from shared.outbox.relay import record_of
from shared.service.api import build_api
from shared.testing import Database, NewDatabase, Server, SettableClock

from .builders import BREAD

MIGRATIONS = Path(__file__).parents[1] / "migrations"


@dataclass(slots=True)
class Service:
    """Accrual without its Kafka and HTTP: events go through the real batch transaction, as the service's own role."""

    database: Database
    clock: SettableClock
    catalogue: Catalogue = field(default_factory=Catalogue)
    clockwork: Clockwork = field(default_factory=Clockwork)
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
                published.append(await publish(connection, self.catalogue, document, now=self.clock(), secret=b"tests"))
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
                done = await self.clockwork.turn(connection, self.clock())
            if not done:
                return total
            total += done

    async def overdue(self) -> int:
        """Let the clock expire every hold that is due, and return how many were."""
        async with self.pool.acquire() as connection, connection.transaction():
            return await Overdue().turn(connection, self.clock())

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


@pytest.fixture
async def administrator(service: Service, postgres_server: Server) -> AsyncIterator[asyncpg.Connection]:
    """The superuser at the service's database, whom no trigger stops."""
    name = service.database.url.rsplit("/", 1)[1]
    connection = await asyncpg.connect(postgres_server.url, database=name, server_settings={"session_replication_role": "replica"})
    yield connection
    await connection.close()


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


KEY = OKPKey.generate_key("Ed25519")
_READING = ("accounts:read", "verdicts:read", "quotes:read", "programmes:read", "operations:read", "coupons:read", "holds:read")
_WRITING = ("programmes:write", "programmes:approve", "coupons:write", "rewards:write", "rewards:pay", "raffles:draw", "holds:write")
ALL = (*_READING, *_WRITING)


class Caller:
    """Somebody with a token."""

    def __init__(self, client: httpx.AsyncClient, service: Service, nudge: asyncio.Event) -> None:
        self.client, self.service, self.nudge = client, service, nudge

    def headers(self, scopes: Iterable[str] = ALL) -> dict[str, str]:
        token = issue(KEY, subject="till-7", scopes=scopes, audience="loyalty", now=self.service.clock())
        return {"authorization": f"Bearer {token}"}

    async def get(self, path: str, **params: Any) -> Any:
        """Ask, and return the answer to a question that is answered."""
        response = await self.client.get(path, params=params, headers=self.headers())
        assert response.status_code == 200, response.text
        return response.json()

    async def refused(self, path: str, **params: Any) -> tuple[int, str]:
        """Ask, and return how it is refused."""
        response = await self.client.get(path, params=params, headers=self.headers())
        assert response.headers["content-type"] == "application/problem+json"
        return response.status_code, response.json()["code"]

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Say something: text as it is, anything else as JSON."""
        given = {"content": body} if isinstance(body, str | bytes) else {"json": body}
        return await self.client.post(path, headers={**self.headers(), **headers}, **given)


@pytest.fixture
async def caller(service: Service) -> AsyncIterator[Caller]:
    verifier, nudge = Verifier(key=KEY, audience="loyalty", clock=service.clock), asyncio.Event()
    desk = Desk(pool=service.pool, clock=service.clock, verifier=verifier, nudge=nudge, catalogue=service.catalogue, one_step=True)
    transport = httpx.ASGITransport(build_api("accrual", api.routers(desk), max_body_bytes=MAX_BODY_BYTES))
    async with httpx.AsyncClient(transport=transport, base_url="http://accrual") as client:
        yield Caller(client, service, nudge)
