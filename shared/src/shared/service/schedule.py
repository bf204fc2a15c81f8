"""The clock's work: each job every so often, by one process of the service at a time."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

import asyncpg
import structlog

from shared import metrics
from shared.clock import Clock
from shared.postgres import AWAY
from shared.service.parts import Job

log = structlog.get_logger(__name__)
#: How often a process that does not lead asks whether it may. The lock is the leader's session: it falls free when that ends.
STANDBY_SECONDS = 5
#: A leader that says nothing for so long, frozen or cut off, loses its session and with it the lead. It speaks every STANDBY_SECONDS.
LEADER_IDLE_SECONDS = 12
_LOCK_CLASS = 0x73636864  # "schd": the first half of the advisory lock's key
_LEAD = "select pg_try_advisory_lock($1, 0)"
_LOSE_IF_IDLE = "select set_config('idle_session_timeout', $1, false)"
_BUSY = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


async def keep_schedule(jobs: Sequence[Job], *, pool: asyncpg.Pool, clock: Clock, nudge: asyncio.Event, stop: asyncio.Event) -> None:
    """Run the jobs when they are due, while this process leads, until `stop` is set; a job in hand is finished.

    A database that is away is waited for. Any other failure of a job is raised.
    """
    for job in jobs:
        metrics.JOB_DONE.labels(job.name)
        for result in ("done", "busy"):
            metrics.JOB_RUNS.labels(job.name, result)
    while not stop.is_set():
        try:
            async with pool.acquire() as connection:
                if await connection.fetchval(_LEAD, _LOCK_CLASS):
                    log.info("schedule leads", jobs=[job.name for job in jobs])
                    try:
                        await _lead(jobs, cast("asyncpg.Connection", connection), clock, nudge, stop)
                    finally:
                        _end(jobs)
                        if not connection.is_closed():
                            await connection.reset()  # the lock is the session's, and the pool would keep both
        except AWAY as error:
            log.warning("schedule waits for the database", error=type(error).__name__)
        await _sleep(STANDBY_SECONDS, stop)


async def _lead(jobs: Sequence[Job], connection: asyncpg.Connection, clock: Clock, nudge: asyncio.Event, stop: asyncio.Event) -> None:
    """Lead until told to stop. The jobs run on the session that holds the lock: without it they cannot."""
    await connection.execute(_LOSE_IF_IDLE, f"{LEADER_IDLE_SECONDS}s")
    due = dict.fromkeys(range(len(jobs)), 0.0)
    while not stop.is_set():
        for number, job in enumerate(jobs):
            if due[number] <= time.monotonic():
                more = await _run_once(job, connection, clock, nudge)
                due[number] = 0.0 if more else time.monotonic() + job.every_seconds
        if min(due.values()) > 0:
            # asks again in time to notice that the session, and with it the lock, is gone
            await _sleep(min(min(due.values()) - time.monotonic(), STANDBY_SECONDS), stop)
            await connection.execute("select")


def _end(jobs: Sequence[Job]) -> None:
    for job in jobs:
        if job.ended is not None:
            job.ended()


async def _run_once(job: Job, connection: asyncpg.Connection, clock: Clock, nudge: asyncio.Event) -> bool:
    try:
        async with connection.transaction():
            done = await job.run(connection, clock())
    except _BUSY as error:
        metrics.JOB_RUNS.labels(job.name, "busy").inc()
        log.warning("job was in somebody's way", job=job.name, error=type(error).__name__)
        return False
    metrics.JOB_RUNS.labels(job.name, "done").inc()
    if done:
        metrics.JOB_DONE.labels(job.name).inc(done)
        nudge.set()
        log.info("job did its work", job=job.name, done=done)
    return done > 0


async def _sleep(seconds: float, stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), max(seconds, 0))
