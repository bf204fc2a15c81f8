"""The life of a process: start, work, drain, stop."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from inspect import isawaitable
from pathlib import Path
from typing import cast

import asyncpg
import structlog
import uvloop
from pydantic import BaseModel

from shared import logs, metrics, operations
from shared.auth import Verifier
from shared.checks import checks_of
from shared.clock import utc_now
from shared.deadletters.gauge import tell_waiting
from shared.service.api import Observed, build_api, version_of
from shared.service.audit import Audit
from shared.service.health import Front, Health
from shared.service.parts import Parts, Resources, ServiceSettings
from shared.service.pipeline import start_consumer, start_relay
from shared.service.schedule import keep_schedule
from shared.service.server import listen, serve
from shared.service.starting import beat, open_database, refuse_unsafe
from shared.service.workers import Rank, Workers
from shared.settings import DatabaseSettings, KafkaSettings, Role

Assemble = Callable[[Resources], Parts | Awaitable[Parts]]
log = structlog.get_logger(__name__)


def run(*, name: str, settings: ServiceSettings, migrations: Path | None, assemble: Assemble) -> None:
    """Run a service until SIGTERM or SIGINT, then drain and return. A second signal ends it at once; a failure, with exit status 1.

    `assemble` is called once, when the database is at the expected version. Without migrations the service has no database. Health and
    metrics are answered from the first moment to the last.
    """
    logs.configure(service=name, level=settings.run.log_level)
    metrics.BUILD_INFO.labels(version_of(name)).set(1)
    log.info("starting", version=version_of(name), roles=sorted(settings.run.roles), environment=settings.env)
    try:
        refuse_unsafe(cast("BaseModel", settings), settings.env)
        uvloop.run(_live(_Process(name, settings, migrations, assemble)))
    except Exception:
        log.critical("ended by a failure", exc_info=True)
        sys.exit(1)
    log.info("ended")


@dataclass(slots=True)
class _Process:
    name: str
    settings: ServiceSettings
    migrations: Path | None
    assemble: Assemble
    health: Health = field(default_factory=Health)
    workers: Workers = field(default_factory=Workers)

    @property
    def database(self) -> DatabaseSettings | None:
        return getattr(self.settings, "database", None) if self.migrations else None

    def has(self, role: Role) -> bool:
        return role in self.settings.run.roles


async def _live(process: _Process) -> None:
    health, workers, front = process.health, process.workers, Front(process.health)
    stopping = _on_signals()
    health.has_database = process.database is not None
    http = process.settings.http
    listening = listen(http)
    async with AsyncExitStack() as closing:
        workers.start(Rank.HTTP, "http", partial(serve, front, listening, http))
        closing.push_async_callback(workers.abandon)
        starting = asyncio.create_task(_start(process, front, closing))
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
            log.info("started")
            try:
                await workers.watch(stopping)
            finally:
                await _drain(process)
        else:
            starting.cancel()
            await asyncio.wait({starting})
    if stopping.done():
        log.info("stopped in order")


async def _start(process: _Process, front: Front, closing: AsyncExitStack) -> None:
    """Reach the stores, put the service together, and set its roles to work."""
    settings, workers = process.settings, process.workers
    pool = None
    if process.database is not None and process.migrations is not None:
        pool = await open_database(process.database, [process.migrations], name=process.name)
        closing.push_async_callback(_close, pool)
        process.health.database_answered()
        workers.start(Rank.HEALTH, "health", partial(beat, process.database, process.health, utc_now))
    auth = settings.auth
    verifier = Verifier.from_file(auth.public_key_file, auth.audience, issuer=auth.issuer)
    resources = Resources(pool=cast("asyncpg.Pool", pool), clock=utc_now, verifier=verifier)
    made = process.assemble(resources)
    parts = await made if isawaitable(made) else made
    if parts.close is not None:
        closing.push_async_callback(parts.close)
    kafka: KafkaSettings | None = getattr(settings, "kafka", None)
    if kafka is not None and parts.handlers and process.has(Role.CONSUMER):
        start_consumer(process.name, kafka, parts=parts, resources=resources, workers=workers, health=process.health)
    if kafka is not None and pool is not None and process.has(Role.RELAY):
        start_relay(process.name, kafka, resources=resources, workers=workers, closing=closing)
    if parts.jobs and process.has(Role.SCHEDULE):
        keep = partial(keep_schedule, parts.jobs, pool=resources.pool, clock=resources.clock, nudge=resources.nudge)
        workers.start(Rank.INTAKE, "schedule", lambda stop: keep(stop=stop))
    if process.database is not None and process.has(Role.SCHEDULE) and (checks := checks_of(process.name)):
        audit = Audit(service=process.name, url=process.database.url, checks=checks, every_seconds=settings.run.audit_seconds, clock=resources.clock)
        workers.start(Rank.INTAKE, "audit", audit.run)
    operators = []
    if pool is not None:
        workers.start(Rank.INTAKE, "dead-letters", partial(tell_waiting, pool, parts.handlers))
        operators = [operations.routes(operations.Desk(pool=pool, clock=resources.clock, verifier=verifier, nudge=resources.nudge))]
    if process.has(Role.API):
        api = build_api(
            process.name,
            [*parts.routers, *operators],
            openapi_url=parts.openapi_url,
            docs_url=parts.docs_url,
            max_body_bytes=parts.max_body_bytes,
            body_limits=parts.body_limits,
            middleware=parts.middleware,
        )
        front.api = Observed(api)
    _spare_collections()
    process.health.started = True


def _spare_collections() -> None:
    """Look for garbage in cycles seldom: batches make many objects and no cycles, and a third of the time went into looking for some."""
    gc.collect()
    gc.freeze()  # what is there now stays
    gc.set_threshold(50_000, 20, 50)


async def _drain(process: _Process) -> None:
    """Stop in order, in the time that the platform gives."""
    process.health.stopping = True
    log.info("stopping")
    async with asyncio.timeout(process.settings.run.stop_seconds):
        await process.workers.drain()


async def _close(pool: asyncpg.Pool) -> None:
    try:
        async with asyncio.timeout(2):
            await pool.close()
    except TimeoutError:
        pool.terminate()


def _on_signals() -> asyncio.Task[object]:
    """Return a task that is done at the first SIGTERM or SIGINT. The second ends the process at once."""
    stop = asyncio.Event()

    def asked(number: signal.Signals) -> None:
        if stop.is_set():
            log.warning("ended at once", signal=number.name)
            os._exit(128 + number)
        stop.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, asked, each)
    return asyncio.create_task(stop.wait())
