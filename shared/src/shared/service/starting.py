"""What has to be true before a service works: safe settings, a database at the expected version."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import asyncpg
import psycopg
import structlog
from pydantic import BaseModel

from shared import metrics, migrations
from shared.clock import Clock
from shared.logs import SpeakableError
from shared.postgres import AWAY, create_pool
from shared.service.health import Health
from shared.settings import DatabaseSettings, Environment, refusals

log = structlog.get_logger(__name__)
_RETRY_SECONDS = 1
_BEAT_SECONDS = 2
_ANSWER_SECONDS = 5
#: A process frozen between two messages of one statement (the driver prepares in one and runs in the next) is not idle to the database, so its
#: idle time-out never ends it. Whoever stands still for so long in there is ended by any other process of the service.
_SILENT_SECONDS = 10
_FREE = """
    select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity
    where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
    and state = 'active' and wait_event_type = 'Client' and state_change < clock_timestamp() - make_interval(secs => $1)
"""
_SKEW = "select extract(epoch from clock_timestamp())::float8 - $1::float8"


class UnsafeSettingsError(SpeakableError):
    """Production does not start on these settings."""


def refuse_unsafe(settings: BaseModel, environment: Environment) -> None:
    """Raise UnsafeSettingsError, saying all that is wrong, unless this is a machine for trying things: then say so loudly."""
    if environment == "local":
        log.warning("LOCAL MODE: development keys and plain connections are accepted here. Never use this for anything real.")
        return
    reasons = refusals(settings)
    if reasons:
        raise UnsafeSettingsError("; ".join(reasons) + ". (ENV=local allows it on a machine for trying things.)")


async def open_database(database: DatabaseSettings, directories: Sequence[Path], *, name: str) -> asyncpg.Pool:
    """Wait for the database, bring it to the expected version, and return a pool that has reached it once.

    A process that is not given the owner's URL, and may not change the schema, waits for the one that may.
    """
    while True:
        try:
            count = await asyncio.to_thread(_migrate, database, directories)
            pool = await create_pool(database.url, size=database.pool_size, application_name=name)
        except psycopg.errors.InsufficientPrivilege:
            log.warning("waiting for somebody with the right to migrate the database")
            await asyncio.sleep(_RETRY_SECONDS)
        except (psycopg.OperationalError, *AWAY) as error:
            log.warning("waiting for the database", error=type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            log.info("database is ready", migrations_applied=count)
            metrics.DB_POOL_IN_USE.set_function(partial(_in_use, pool))
            return pool


def _migrate(database: DatabaseSettings, directories: Sequence[Path]) -> int:
    if database.migration_url is None and not migrations.pending(database.url, directories):
        return 0
    return migrations.apply(database.migration_url or database.url, directories)


def _in_use(pool: asyncpg.Pool) -> float:
    return pool.get_size() - pool.get_idle_size()


async def beat(database: DatabaseSettings, health: Health, clock: Clock, stop: asyncio.Event) -> None:
    """Ask the database every other second whether it is there and what time it is, on a connection that nobody else can keep busy.

    The same question frees what a frozen process of the service holds there.
    """
    while not stop.is_set():
        try:
            connection = await asyncpg.connect(database.url, timeout=_ANSWER_SECONDS, server_settings={"application_name": "health"})
            try:
                while not stop.is_set():
                    metrics.CLOCK_SKEW.set(await connection.fetchval(_SKEW, clock().timestamp(), timeout=_ANSWER_SECONDS))
                    health.database_answered()
                    if freed := await connection.fetchval(_FREE, float(_SILENT_SECONDS), timeout=_ANSWER_SECONDS):
                        log.warning("ended sessions that stood still", sessions=freed)
                    await _pause(stop)
            finally:
                connection.terminate()
        except AWAY as error:
            log.warning("the database does not answer", error=type(error).__name__)
            await _pause(stop)


async def _pause(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), _BEAT_SECONDS)
    except TimeoutError:
        return
