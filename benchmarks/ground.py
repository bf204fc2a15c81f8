"""What the benchmark stands on: a broker, a PostgreSQL and databases, as `loyalty up` starts them, all of it gone at the end."""

import asyncio
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from contracts.cards import load_cards
from loyalty.console import COULD_NOT, Failure, note
from loyalty.demo.run import make_room
from loyalty.stack import programs, state
from loyalty.stack.guardian import Guardian
from loyalty.stack.places import Places
from loyalty.stack.programmes import publish_all
from shared.kafka import create_topics
from shared.local import LocalBroker, LocalPostgres, apache_kafka, start_broker, start_postgres
from shared.local.keys import LocalKeys, make_keys
from shared.postgres import ServiceUrls, provision

SERVICE = "accrual"
HERE = Path(__file__).parent
PROGRAMME = HERE / "programme.yaml"
READY_SECONDS = 60.0
STOP_SECONDS = 28.0
EVERYTHING = ("consumer,api,schedule,relay",)


@dataclass(frozen=True, slots=True)
class Process:
    """One running process of the service, and when it was started, on the monotonic clock."""

    popen: subprocess.Popen[bytes]
    url: str
    log: Path
    started_at: float

    def tail(self) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


@dataclass(frozen=True, slots=True)
class Ground:
    """The servers, and how the service is run on them."""

    places: Places
    broker: LocalBroker
    postgres: LocalPostgres
    keys: LocalKeys
    guardian: Guardian

    @property
    def address(self) -> str:
        """Where Kafka is."""
        return self.broker.bootstrap_servers

    def database(self, name: str, *, template: str | None = None) -> ServiceUrls:
        """Make a database of the service: empty, or as the template is."""
        return provision(self.postgres.url, service=SERVICE, database=name, template=template)

    @contextmanager
    def running(self, urls: ServiceUrls, *, roles: Sequence[str] = EVERYTHING, recorder: Sequence[str] = ()) -> Iterator[list[Process]]:
        """Start the service as an operator would, one process for each set of roles, and stop all of them at the end."""
        processes: list[Process] = []
        try:
            for some in roles:
                processes.append(self._start(urls, some, recorder, number=len(processes)))
                self.guardian.entrust(processes[-1].popen.pid)
            yield processes
        finally:
            stop(processes)

    def _start(self, urls: ServiceUrls, roles: str, recorder: Sequence[str], *, number: int) -> Process:
        """Start one process, with the settings that `loyalty up` gives it."""
        planned = programs.plans(programs.Ground(self.address, {SERVICE: urls}, self.keys), self.places, gateway_port=None)[SERVICE]
        log = self.places.logs / f"{urls.app.rsplit('/', 1)[1]}-{number}.log"
        command = [sys.executable, *recorder] if recorder else list(planned.program.command)
        with log.open("wb") as output:
            started_at = time.monotonic()
            popen = subprocess.Popen(
                command,
                env={**planned.program.environment, "RUN_ROLES": roles},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Process(popen, planned.url, log, started_at)

    async def publish_programme(self, urls: ServiceUrls) -> None:
        """Migrate a database, and publish the ten rules as an operator does: by the service's API."""
        with self.running(urls, roles=["api,relay"]) as (process,):
            await until_ready(process)
            await publish_all([PROGRAMME], places=self.places, url=process.url)


@asynccontextmanager
async def prepared(places: Places) -> AsyncIterator[Ground]:
    """Start durable servers with no data, and remove them with all they hold when the block is left, however it is left."""
    reason = apache_kafka.missing()
    if reason is not None:
        raise Failure(f"The figures are about Apache Kafka, which cannot run here: {reason}.", advice="Install Java 17 and Maven.", code=COULD_NOT)
    make_room(places)
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, places.folder, ignore_errors=True)
        cleanup.enter_context(state.alone(places))
        places.logs.mkdir(parents=True, exist_ok=True)
        guardian = Guardian()
        cleanup.callback(guardian.dismiss)
        note("Starting Apache Kafka and PostgreSQL …")
        postgres = start_postgres(places.postgres)
        cleanup.callback(postgres.remove)
        broker = start_broker(places.broker, kind="kafka")
        cleanup.callback(broker.remove)
        await create_topics(broker.bootstrap_servers, load_cards())
        yield Ground(places, broker, postgres, make_keys(places.keys), guardian)


async def until_ready(process: Process) -> None:
    """Wait until a process says that it is ready."""
    deadline = time.monotonic() + READY_SECONDS
    async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
        while True:
            with suppress(httpx.HTTPError):
                if (await client.get(f"{process.url}/health/ready")).is_success:
                    return
            ensure_alive([process])
            if time.monotonic() > deadline:
                raise Failure(f"{SERVICE} is not ready after {READY_SECONDS:.0f} s. The end of its log:\n{process.tail()}")
            await asyncio.sleep(0.02)


def ensure_alive(processes: Sequence[Process]) -> None:
    """Fail with the last words of a process that has ended."""
    for process in processes:
        if process.popen.poll() is not None:
            raise Failure(f"{SERVICE} ended by itself. The end of its log:\n{process.tail()}")


def stop(processes: Sequence[Process]) -> None:
    """Stop processes in order; one that does not end is killed."""
    for process in processes:
        with suppress(ProcessLookupError):
            process.popen.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.popen.kill()
            process.popen.wait()


def cpu_seconds(ground: Ground, processes: Sequence[Process]) -> Mapping[str, float]:
    """Return the CPU time that each part has used so far; `others` is whatever else runs on the machine, and spoils the figures."""
    server = psutil.Process(ground.postgres.served.pid)
    used = server.cpu_times()
    database = used.user + used.system + used.children_user + used.children_system  # the children that have ended
    for child in server.children():
        with suppress(psutil.NoSuchProcess):
            database += _own(child)
    parts = {
        SERVICE: sum(_own(psutil.Process(process.popen.pid)) for process in processes),
        "postgresql": database,
        "kafka": _own(psutil.Process(ground.broker.served.pid)),
        "harness": _own(psutil.Process()),
    }
    machine = psutil.cpu_times()
    busy = sum(machine) - machine.idle - getattr(machine, "iowait", 0.0) - getattr(machine, "guest", 0.0) - getattr(machine, "guest_nice", 0.0)
    stolen = getattr(machine, "steal", 0.0)
    return {**parts, "others": busy - stolen - sum(parts.values()), "stolen": stolen, "idle": machine.idle + getattr(machine, "iowait", 0.0)}


def _own(process: psutil.Process) -> float:
    used = process.cpu_times()
    return used.user + used.system
