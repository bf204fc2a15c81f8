"""A running system whose every part can be frozen, killed and brought back, and what an auditor can say of it afterwards."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil

from contracts.envelope import Event
from e2e.system import System, eventually
from loyalty.verify.audit import audit, chosen, offered
from shared.ids import event_key
from shared.local import LocalBroker, LocalPostgres

#: Nothing here is asserted as a speed; a process that never comes back is found after this.
PATIENCE_SECONDS = 120
_VERDICTS = "select verdict, count(*) from inbox where key = any($1::bytea[]) group by verdict"
_SESSIONS = "select client_port from pg_stat_activity where datname = $1 and "


class Second:
    """One more process of a service, beside the supervised one and with the same settings."""

    def __init__(self, service: str, *, environment: dict[str, str], log: Path, **settings: str) -> None:
        self.service, self.log = service, log
        with log.open("wb") as output:
            command = [sys.executable, "-m", service]
            self.process = subprocess.Popen(command, env=environment | {"HTTP_PORT": "0"} | settings, stdout=output, stderr=subprocess.STDOUT)

    def said(self, event: str) -> list[dict[str, Any]]:
        """List its log lines of one kind."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]  # the last may be half written
        return [found for line in lines if (found := json.loads(line))["event"] == event]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.said('listening')[0]['port']}"

    @property
    def alive(self) -> bool:
        """Whether it is still the process that was started."""
        return self.process.poll() is None

    @property
    def ports(self) -> set[int]:
        """Its ends of connections: by them the database tells its sessions."""
        return {connection.laddr.port for connection in psutil.Process(self.process.pid).net_connections("tcp")}

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop it where it is, as a machine does that is out of memory or was put to sleep."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Ask it to stop in order."""
        if self.alive:
            self.process.terminate()


@dataclass
class Servers:
    """The broker and the database as they are now: tests kill them and start them again."""

    broker: LocalBroker
    postgres: LocalPostgres

    def remove(self) -> None:
        """Stop both and forget what they hold."""
        self.broker.remove()
        self.postgres.remove()


@dataclass
class Place:
    """The system, the ground it stands on, and what is expected of it."""

    system: System
    servers: Servers
    say: Callable[[str], None]
    seconds: list[Second] = field(default_factory=list)
    restarts: Counter[str] = field(default_factory=Counter)
    """How often the tests themselves killed a supervised service."""

    def start(self, service: str, **settings: str) -> Second:
        """Start one more process of a service; it is stopped at the end of the tests, if not before."""
        environment = self.supervised(service).environ()
        log = self.system.folder / "logs" / f"{service}-{len(self.seconds) + 2}.log"
        self.seconds.append(Second(service, environment=environment, log=log, **settings))
        return self.seconds[-1]

    def supervised(self, service: str) -> psutil.Process:
        """Find the process of a service that the stack looks after."""
        return psutil.Process(json.loads((self.system.folder / "stack.json").read_text())["services"][service]["pid"])

    async def decided(self, events: Iterable[Event[Any]], *, by: str = "accrual") -> Counter[str]:
        """Count what became of events, as a service wrote it down."""
        keys = [event_key(event.source, event.id) for event in events]
        async with self.asking(by) as connection:
            return Counter(dict(await connection.fetch(_VERDICTS, keys)))

    async def all_granted(self, events: list[Event[Any]]) -> None:
        """Wait until each of these has its points."""
        await eventually(lambda: self._granted(events), deadline_seconds=PATIENCE_SECONDS)

    async def _granted(self, events: list[Event[Any]]) -> bool:
        try:
            return await self.decided(events) == Counter(granted=len(events))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False  # the database may just be coming back

    @asynccontextmanager
    async def asking(self, service: str, *, superuser: bool = False) -> AsyncIterator[asyncpg.Connection]:
        """Look into a service's database, as the auditor may or as nobody should."""
        url = self.servers.postgres.database_url(service) if superuser else self.system.verify_urls[service]
        connection = await asyncpg.connect(url)
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def nobody_may_book(self) -> AsyncIterator[None]:
        """Hold the ledger's accounts, so that every batch stands still in the middle of its transaction."""
        async with self.asking("accrual", superuser=True) as connection, connection.transaction():
            await connection.execute("lock table account in exclusive mode")
            yield

    async def sessions(self, process: Second, condition: str) -> int:
        """Count a process's database sessions of which something is true."""
        async with self.asking(process.service, superuser=True) as connection:
            found = {row[0] for row in await connection.fetch(_SESSIONS + condition, process.service)}
        return len(found & process.ports)

    async def metric(self, process: Second, line: str) -> float:
        """Read one figure of a process; 0 where it does not say it."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            text = (await client.get(f"{process.url}/metrics")).text
        return next((float(row.rsplit(" ", 1)[1]) for row in text.splitlines() if row.startswith(line)), 0.0)

    @contextmanager
    def took(self, what: str) -> Iterator[None]:
        """Say how long something took. Reliability promises figures; a test on a busy machine only shows them."""
        started = time.monotonic()
        yield
        self.say(f"{what}: {time.monotonic() - started:.1f} s")

    async def check(self) -> None:
        """Whatever happened: every invariant holds, nothing waits to be sent, and nobody died whom no test killed."""
        await eventually(self._nothing_waits)
        urls = self.system.verify_urls
        found = [finding async for finding in audit(chosen(offered(), services=urls, invariant=None), urls=urls, exhaustive=False)]
        assert [(finding.invariant, finding.first) for finding in found if not finding.clean] == []
        services = json.loads((self.system.folder / "stack.json").read_text())["services"]
        assert Counter({name: service["restarts"] for name, service in services.items() if service["restarts"]}) == self.restarts

    async def _nothing_waits(self) -> bool:
        for service in self.system.verify_urls:
            async with self.asking(service) as connection:
                if await connection.fetchval("select exists (select from outbox)"):
                    return False
        return True

    async def close(self) -> None:
        """End what was started beside the supervised services."""
        for process in self.seconds:
            process.end()
        for process in self.seconds:
            await asyncio.to_thread(process.process.wait, PATIENCE_SECONDS)


def loyalty(*arguments: str, data: Path, **settings: str) -> str:
    """Run the `loyalty` command against a stack's folder and return what it printed."""
    environment = os.environ | {"LOYALTY_DATA": str(data)} | settings
    done = subprocess.run([sys.executable, "-m", "loyalty", *arguments], env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()
