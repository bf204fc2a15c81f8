"""Commit, and find out what became of a commit whose answer was lost."""

import asyncio
import contextlib
from typing import cast

import asyncpg
import structlog
from asyncpg.transaction import Transaction

from shared.batches import offsets
from shared.metrics import COMMITS_UNKNOWN, COMMITTED, ROLLED_BACK

log = structlog.get_logger(__name__)

#: What a session that breaks, or has broken, makes the driver raise.
BROKEN = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_FIRST_LOOK_SECONDS = 0.02
_LONGEST_LOOK_SECONDS = 1.0
_SESSION = "select backend_start from pg_stat_activity where pid = $1"


class LostCommitError(Exception):
    """What was to be committed is not in the database."""


async def commit(connection: asyncpg.Connection, transaction: Transaction) -> int | None:
    """Commit, and return None. If nobody can tell whether it happened, return the session's process id: `find_out` can.

    Any error it raises says that the transaction was rolled back.
    """
    server_pid = connection.get_server_pid()
    try:
        await transaction.commit()
    except asyncpg.PostgresError as error:
        if getattr(error, "severity_en", None) == "ERROR":
            raise  # the session lives on and says so itself
    except (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        pass
    else:
        return None
    with contextlib.suppress(asyncpg.InterfaceError):  # the pool has noticed itself
        connection.terminate()
    return server_pid


async def find_out(pool: asyncpg.Pool, server_pid: int, position: offsets.Position, *, new: int) -> None:
    """Wait until the old session is gone, so that nothing is on its way any more, and read what is stored.

    Returns if the commit happened, raises LostCommitError if it did not. The session ends at the latest with its idle time-out.
    """
    await session_gone(pool, server_pid)
    async with pool.acquire() as connection:
        found = await offsets.stored(cast("asyncpg.Connection", connection), position)
    result = COMMITTED if found is not None and found.next == new else ROLLED_BACK
    log.warning("commit resolved", topic=position.topic, partition=position.partition, result=result)
    COMMITS_UNKNOWN.labels(result).inc()
    if result != COMMITTED:
        raise LostCommitError(f"{position.topic}/{position.partition}: the batch before {new} was rolled back")


async def session_gone(pool: asyncpg.Pool, server_pid: int) -> None:
    """Wait until a session has ended, and with it whatever was on its way."""
    first_seen, pause = None, _FIRST_LOOK_SECONDS
    while True:
        try:
            started = await pool.fetchval(_SESSION, server_pid)
        except BROKEN as error:
            log.warning("database does not answer", error=type(error).__name__)
        else:
            first_seen = first_seen or started
            if started is None or started != first_seen:  # another session may have got the number
                return
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_LOOK_SECONDS)
