"""A service as a process: how it starts, works, and stops."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from contracts.activities import ActivityRecorded
from contracts.cards import load_cards
from contracts.envelope import Event, encode
from shared.auth import issue, read_private_key
from shared.clock import utc_now
from shared.ids import random_id
from shared.kafka import Producer, create_topics, read_topic
from shared.local.keys import LocalKeys, make_keys
from shared.local.ports import free_ports
from shared.postgres import ServiceUrls, provision
from shared.testing import Server, eventually

PROGRAM = Path(__file__).parent / "kiosk" / "program.py"
HEARS, SAYS = "loyalty.activities.v1", "loyalty.rewards.v1"


@dataclass
class Process:
    """A running kiosk."""

    popen: subprocess.Popen[str]
    log_file: Path
    url: str
    seen: list[dict[str, Any]] = field(default_factory=list)

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]

    def events(self) -> list[str]:
        return [line["event"] for line in self.log()]

    async def health(self, what: str) -> tuple[int, list[str]]:
        async with httpx.AsyncClient() as client:
            try:
                answer = await client.get(f"{self.url}/health/{what}")
            except httpx.TransportError:
                return 0, []
        return answer.status_code, answer.json()["reasons"]

    async def ready(self) -> bool:
        if self.popen.poll() is not None:
            pytest.fail(self.log_file.read_text())
        return (await self.health("ready"))[0] == 200

    def tell(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    async def ended(self) -> int:
        await eventually(lambda: self.popen.poll() is not None)
        return self.popen.returncode


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> LocalKeys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def urls(postgres_server: Server) -> ServiceUrls:
    return provision(postgres_server.url, service="kiosk", database=f"test_kiosk_{random_id().hex[:8]}")


Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path, urls: ServiceUrls, keys: LocalKeys) -> Iterator[Start]:
    started: list[Process] = []

    def start_one(**variables: str) -> Process:
        (port,) = free_ports(None)
        log_file = tmp_path / f"{len(started)}.log"
        environment = {
            "ENV": "local",
            "DATABASE_URL": urls.app,
            "DATABASE_MIGRATION_URL": urls.owner,
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
            "AUTH_PUBLIC_KEY_FILE": str(keys.jwt_public),
            "AUTH_AUDIENCE": "kiosk",
            "HTTP_PORT": str(port),
            "RUN_ROLES": "api,schedule",
        }
        inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
        with log_file.open("w") as log:
            popen = subprocess.Popen([sys.executable, PROGRAM], stdout=log, stderr=log, text=True, env=inherited | environment | variables)
        started.append(Process(popen, log_file, f"http://127.0.0.1:{port}"))
        return started[-1]

    yield start_one
    for process in started:
        process.popen.kill()
        process.popen.wait()


@asynccontextmanager
async def a_request_in_hand(process: Process, urls: ServiceUrls, seconds: float) -> AsyncIterator[asyncio.Task[httpx.Response]]:
    """Ask for something slow and give the control back when the service is at it."""
    async with httpx.AsyncClient(timeout=30) as client:
        asking = asyncio.create_task(client.get(f"{process.url}/v1/slow", params={"seconds": seconds}))
        observer = await asyncpg.connect(urls.app)
        await eventually(lambda: observer.fetchval("select true from pg_stat_activity where query ilike 'select pg_sleep(%'"))
        await observer.close()
        yield asking
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


@asynccontextmanager
async def a_producer(kafka: str) -> AsyncIterator[Producer]:
    producer = Producer(kafka)
    try:
        yield producer
    finally:
        await producer.close()


async def test_a_record_goes_in_and_its_effect_comes_out(start: Start, kafka: str, urls: ServiceUrls):
    await create_topics(kafka, [card for card in load_cards() if card.topic in {HEARS, SAYS}])
    process = start(KAFKA_BOOTSTRAP_SERVERS=kafka, RUN_ROLES="consumer,api,schedule,relay")
    data = ActivityRecorded(programme="demo", activity_id="1", kind="survey", holder=f"m:{random_id()}", occurred_at=utc_now())
    trace = f"00-{random_id().hex}-{random_id().hex[:16]}-01"
    async with a_producer(kafka) as producer:
        await producer.publish([encode(Event(str(random_id()), "urn:test:web", data.type, utc_now(), data, trace))])
    await eventually(process.ready)

    async def told() -> list[Any]:
        return [record async for record in read_topic(kafka, SAYS) if record.key == data.holder.encode()]

    (record,) = await eventually(told)
    assert dict(record.headers)["traceparent"] == trace.encode()
    process.tell(signal.SIGTERM)
    assert await process.ended() == 0
    order = [line["worker"] for line in process.log() if line["event"] == "stopped"]
    assert order[-3:] == ["relay", "http", "health"]
    assert set(order[:-3]) == {"consumer", "schedule", "dead-letters"}


async def test_a_token_opens_a_route_and_requests_are_logged_and_counted_by_template(start: Start, keys: LocalKeys):
    process = start()
    await eventually(process.ready)
    token = issue(read_private_key(keys.jwt_private), subject="ana", scopes=["accounts:read"], audience="kiosk", now=utc_now())
    async with httpx.AsyncClient(base_url=process.url, headers={"Authorization": f"Bearer {token}", "x-request-id": "till-7-000042"}) as client:
        assert (await client.get("/v1/whoami")).json() == "ana"
        assert (await client.get("/v1/canary")).status_code == 404
        metrics = (await client.get("/metrics")).text
        # asked for again on the same connection, so both lines are written
        assert (await client.get("/v1/whoami")).status_code == 200
    assert 'loyalty_http_requests_total{method="GET",route="/v1/whoami",status="200"} 1.0' in metrics
    assert 'loyalty_http_requests_total{method="GET",route="/v1/slow",status="500"} 0.0' in metrics
    line = next(line for line in process.log() if line["event"] == "request answered")
    assert (line["route"], line["status"], line["request_id"], line["service"]) == ("/v1/whoami", 200, "till-7-000042", "kiosk")
    assert "canary" not in metrics + process.log_file.read_text()


async def test_a_request_in_hand_is_answered_before_the_process_ends(start: Start, urls: ServiceUrls):
    process = start()
    await eventually(process.ready)
    async with a_request_in_hand(process, urls, 1) as asking:
        process.tell(signal.SIGTERM)
        answer = await asking
    assert (answer.status_code, answer.json()) == (200, "done")
    assert await process.ended() == 0
    assert process.events()[-2:] == ["stopped in order", "ended"]


async def test_a_second_signal_ends_it_at_once(start: Start, urls: ServiceUrls):
    process = start()
    await eventually(process.ready)
    async with a_request_in_hand(process, urls, 60):
        process.tell(signal.SIGINT)
        await eventually(lambda: "stopping" in process.events())
        process.tell(signal.SIGINT)
        assert await process.ended() == 128 + signal.SIGINT


async def test_a_stop_that_takes_too_long_is_cut_short(start: Start, urls: ServiceUrls):
    process = start(RUN_STOP_SECONDS="0.2")
    await eventually(process.ready)
    async with a_request_in_hand(process, urls, 60):
        process.tell(signal.SIGTERM)
        assert await process.ended() == 1


async def test_a_task_that_fails_ends_the_process_loudly_and_keeps_its_secret(start: Start, postgres_server: Server):
    urls = provision(postgres_server.url, service="kiosk", database=f"test_kiosk_{random_id().hex[:8]}")
    process = start(DATABASE_URL=urls.app, DATABASE_MIGRATION_URL=urls.owner)
    await eventually(process.ready)
    async with httpx.AsyncClient() as client:
        await client.post(f"{process.url}/v1/break")
    assert await process.ended() == 1
    last = process.log()[-1]
    assert (last["event"], last["level"]) == ("ended by a failure", "critical")
    assert [(error["type"], error.get("text")) for error in last["exception"]] == [("WorkerEndedError", "schedule"), ("RuntimeError", None)]


async def test_production_does_not_start_on_what_is_unsafe(start: Start):
    process = start(ENV="")
    assert await process.ended() == 1
    (error,) = process.log()[-1]["exception"]
    assert error["type"] == "UnsafeSettingsError"
    for reason in ("KAFKA_SECURITY_PROTOCOL", "DATABASE_URL", "DATABASE_MIGRATION_URL", "AUTH_PUBLIC_KEY_FILE"):
        assert reason in error["text"]
    assert "listening" not in process.events()


async def test_local_mode_says_so_loudly(start: Start):
    process = start()
    await eventually(process.ready)
    assert any("LOCAL MODE" in event for event in process.events())


async def test_a_process_without_database_is_alive_and_waits(start: Start):
    process = start(DATABASE_URL="postgresql://kiosk_app@127.0.0.1:1/kiosk", DATABASE_MIGRATION_URL="")
    await eventually(lambda: "waiting for the database" in process.events())
    assert await process.health("live") == (200, [])
    assert (await process.health("startup"))[0] == 503
    assert await process.health("ready") == (503, ["starting", "database"])
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{process.url}/v1/whoami")).json()["code"] == "unavailable"
    process.tell(signal.SIGTERM)
    assert await process.ended() == 0


async def test_a_process_without_the_api_role_answers_health_and_metrics_only(start: Start):
    process = start(RUN_ROLES="schedule")
    await eventually(process.ready)
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{process.url}/v1/whoami")).status_code == 404
        assert "loyalty_build_info" in (await client.get(f"{process.url}/metrics")).text


async def test_an_address_that_is_taken_ends_the_start(start: Start):
    first = start()
    await eventually(first.ready)
    second = start(HTTP_PORT=first.url.rsplit(":", 1)[1])
    assert await second.ended() == 1
    assert second.log()[-1]["exception"][0]["type"] == "OSError"
