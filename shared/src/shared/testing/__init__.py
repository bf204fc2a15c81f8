"""A pytest plugin: real servers, cheap databases, a clock that can be set, and waiting for conditions.

Fixtures: `postgres_server`, `broker` and `kafka` (one each a session), `database`, `clock`, `eventually`.
"""

import asyncio
import hashlib
import inspect
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

import asyncpg
import psycopg
import pytest
import structlog
from hypothesis import settings
from psycopg import sql

from shared import migrations
from shared.ids import random_id
from shared.postgres import ServiceUrls, create_pool, provision

T = TypeVar("T")
# What a commit is worth does not depend on luck: its laws meet the same examples each time. `make hunt` looks for new ones.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("hunt", derandomize=False, database=None)
settings.load_profile("repeatable")
#: Monday noon: no test should depend on today.
A_MONDAY = datetime(2025, 3, 10, 12, tzinfo=UTC)
#: Only a failure waits this long; a busy machine must not look like one.
DEADLINE_SECONDS = 60
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server for tests, and how its superuser reaches it."""

    url: str


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker for tests. `tansu` has no idempotent producer and keeps nothing when it stops."""

    bootstrap_servers: str
    kind: str


@dataclass(frozen=True, slots=True)
class Database:
    """A fresh, migrated database. The pool and `url` are those of the role that runs the service, with its rights and no more."""

    urls: ServiceUrls
    pool: asyncpg.Pool

    @property
    def url(self) -> str:
        """Where the service's own role connects."""
        return self.urls.app


class NewDatabase(Protocol):
    """What the fixture `database` gives: call it for a database with the shared migrations and those of the directories."""

    async def __call__(self, *directories: Path, service: str = "shared") -> Database:
        """Make one. The service names the roles: its migrations give rights to `<service>_app`."""
        ...


@dataclass(slots=True)
class SettableClock:
    """A clock that stands still until it is told to move."""

    now: datetime = A_MONDAY

    def __call__(self) -> datetime:
        """Say the time."""
        return self.now

    def advance(self, **how_far: float) -> datetime:
        """Move on by so many `days`, `hours`, `seconds` …, and say the time."""
        self.now += timedelta(**how_far)
        return self.now


async def eventually(condition: Callable[[], T | Awaitable[T]], deadline_seconds: float = DEADLINE_SECONDS) -> T:
    """Return the condition's first true value; fail with its last value when the deadline passes. AssertionErrors count as false."""
    deadline = time.monotonic() + deadline_seconds
    while True:
        try:
            value = condition()
            result: object = await value if inspect.isawaitable(value) else value
        except AssertionError as error:
            result = error
        if result and not isinstance(result, AssertionError):
            return result  # type: ignore[return-value]
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {deadline_seconds} s: {inspect.getsource(condition).strip()} gave {result!r}")
        await asyncio.sleep(_POLL_SECONDS)


def pytest_configure() -> None:
    """Print tracebacks of logged exceptions as they are: the pretty ones take seconds to draw."""
    processors = [*structlog.get_config()["processors"][:-1], structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(processors=processors)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undo what a command under test did to the logs: it lets them write to a stream that ends with its test."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(name="eventually", scope="session")
def _eventually() -> Callable[..., Awaitable[object]]:
    return eventually


@pytest.fixture
def clock() -> SettableClock:
    """Give each test a clock of its own, at noon of a Monday."""
    return SettableClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """Give the server at DATABASE_URL, or start one of our own that does not fear a power cut."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield Server(given)
        return
    from shared.local import start_postgres  # noqa: PLC0415  most tests need no server

    with _folder() as folder:
        server = start_postgres(folder / "postgres", durable=False)
        try:
            yield Server(server.url)
        finally:
            server.remove()


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """Give the broker at KAFKA_BOOTSTRAP_SERVERS, or one in Docker, or Apache Kafka by Java, or the wheel's: the first there is."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield Broker(given, "given")
        return
    from shared.local import broker as local  # noqa: PLC0415  most tests need no broker
    from shared.testing import docker  # noqa: PLC0415

    contained = docker.start_kafka()
    if contained is not None:
        bootstrap_servers, stop = contained
        yield Broker(bootstrap_servers, "kafka")
        stop()
        return
    with _folder() as folder:
        started = local.start_broker(folder / "broker")
        try:
            yield Broker(started.bootstrap_servers, started.kind)
        finally:
            started.remove()


@pytest.fixture(scope="session")
def kafka(broker: Broker) -> str:
    """Give the bootstrap address of the session's broker."""
    return broker.bootstrap_servers


@dataclass(slots=True)
class _Databases:
    """Makes databases from one migrated template for each service and set of directories, and removes them."""

    admin_url: str
    names: list[str] = field(default_factory=list)
    templates: dict[tuple[str, tuple[Path, ...]], str] = field(default_factory=dict)

    def make(self, service: str, directories: tuple[Path, ...]) -> ServiceUrls:
        wanted = (service, directories)
        if wanted not in self.templates:
            urls = provision(self.admin_url, service=service, database=self._name("template", service, directories))
            migrations.apply(urls.owner, directories)
            self.templates[wanted] = self.names[-1]
        return provision(self.admin_url, service=service, database=self._name("test", service, directories), template=self.templates[wanted])

    def _name(self, prefix: str, service: str, directories: Sequence[Path]) -> str:
        digest = hashlib.sha256(str((service, directories)).encode()).hexdigest()[:8]
        self.names.append(f"{prefix}_{service}_{digest}_{random_id().hex[:12]}")
        return self.names[-1]

    def drop(self, names: Sequence[str]) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            for name in names:
                connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
                self.names.remove(name)


@pytest.fixture(scope="session")
def _databases(postgres_server: Server) -> Iterator[_Databases]:
    databases = _Databases(postgres_server.url)
    yield databases
    databases.drop(list(databases.names))


@pytest.fixture
async def database(_databases: _Databases) -> AsyncIterator[NewDatabase]:
    """Give a function that makes fresh, migrated databases; they are gone after the test."""
    made: list[Database] = []

    async def new_database(*directories: Path, service: str = "shared") -> Database:
        urls = _databases.make(service, directories)
        made.append(Database(urls, await create_pool(urls.app, size=5, application_name="test")))
        return made[-1]

    yield new_database
    for each in made:
        each.pool.terminate()
        _databases.drop([each.urls.app.rsplit("/", 1)[1]])


class _folder:  # noqa: N801  reads as a function
    """A folder of the system's temporary ones that a server of another system user can enter."""

    def __enter__(self) -> Path:
        self.path = Path(tempfile.mkdtemp(prefix="loyalty-test-"))
        self.path.chmod(0o711)
        return self.path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
