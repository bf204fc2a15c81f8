"""A members service in pieces: its database, its office, and a way to hand it events as Kafka would."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from joserfc.jwk import OKPKey

from contracts.envelope import Event, encode
from members import api
from members.api.parts import Desk
from members.consumer import Registrations, Rewards
from members.handlers.submissions import Office
from shared.auth import Verifier, issue
from shared.batches.breaker import Breaker
from shared.batches.handler import Handler, Outcome
from shared.batches.items import read
from shared.batches.offsets import Position, begin
from shared.batches.records import Fetched
from shared.batches.transaction import Batch, Topic, settle
from shared.service import build_api
from shared.testing import Database, NewDatabase, SettableClock

from .builders import an_office, letters_key

MIGRATIONS = Path(__file__).parents[1] / "migrations"
REGISTRATIONS, REWARDS = "loyalty.registrations.v1", "loyalty.rewards.v1"


@dataclass(slots=True)
class Service:
    """Members without its Kafka and HTTP: events go through the real batch transaction, as the service's own role."""

    database: Database
    clock: SettableClock
    office: Office = field(default_factory=an_office)
    next: dict[Position, int] = field(default_factory=dict)
    nudge: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pool(self) -> asyncpg.Pool:
        return self.database.pool

    @property
    def handlers(self) -> dict[str, Handler]:
        return {REGISTRATIONS: Registrations(self.office, letters_key()), REWARDS: Rewards()}

    async def hear(self, *events: Event[Any], partition: int = 0) -> list[Outcome]:
        """Take events in one batch and return what became of each."""
        return await self.hear_records([encode(event) for event in events], partition=partition)

    async def hear_records(self, records: Sequence[Any], *, partition: int = 0) -> list[Outcome]:
        position = Position("test", records[0].topic, partition)
        expected = self.next.setdefault(position, 0)
        if expected == 0:
            async with self.pool.acquire() as connection:
                await begin(connection, position, first=0, now=self.clock())
        fetched = [
            Fetched(topic=each.topic, key=each.key, value=each.value, headers=each.headers, partition=partition, offset=expected + number, timestamp_ms=0)
            for number, each in enumerate(records)
        ]
        topic = Topic(service="members", handler=self.handlers[records[0].topic], pool=self.pool, clock=self.clock)
        settled = await settle(topic, position, Batch(expected, read(fetched), Breaker()))
        self.next[position] = settled.next
        return list(settled.outcomes)

    async def fetch(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in await self.pool.fetch(query, *arguments)]

    async def said(self, event_type: str) -> list[bytes]:
        """The bodies of all events of a type in the outbox, oldest first."""
        return [body for (body,) in await self.fetch("select payload from outbox where type = $1 order by sequence", event_type)]


NewService = Callable[[], Awaitable[Service]]


@pytest.fixture
def new_service(database: NewDatabase, clock: SettableClock) -> NewService:
    """Give a function that makes services, each with an empty database."""

    async def make() -> Service:
        return Service(await database(MIGRATIONS, service="members"), clock)

    return make


@pytest.fixture
async def service(new_service: NewService) -> Service:
    return await new_service()


KEY = OKPKey.generate_key("Ed25519")
ALL = ("registrations:write", "identifiers:resolve", "identifiers:release", "members:read", "guests:read", "verdicts:read")


class Caller:
    """Somebody with a token."""

    def __init__(self, client: httpx.AsyncClient, service: Service) -> None:
        self.client, self.service = client, service

    async def ask(self, method: str, path: str, body: Any = None, *, scopes: Iterable[str] = ALL, subject: str = "till-7", **headers: str) -> httpx.Response:
        token = issue(KEY, subject=subject, scopes=scopes, audience="loyalty", now=self.service.clock())
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, json=body, headers={"authorization": f"Bearer {token}", **named})


@pytest.fixture
async def caller(service: Service) -> AsyncIterator[Caller]:
    verifier = Verifier(key=KEY, audience="loyalty", clock=service.clock)
    desk = Desk(pool=service.pool, clock=service.clock, verifier=verifier, nudge=service.nudge, office=service.office)
    transport = httpx.ASGITransport(build_api("members", api.routers(desk)))
    async with httpx.AsyncClient(transport=transport, base_url="http://members") as client:
        yield Caller(client, service)
