"""The scheduled audit: one process of a service looks, again and again, whether its invariants hold, and says so in its metrics.

It has a connection and a lock of its own, reads only, on one core of the database, and rests nine times as long as it looked: the
work of the service goes first. A check holds no snapshot for longer than half a minute; one that does not end by then is given up.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass

import asyncpg
import structlog

from shared import metrics
from shared.checks import Check, Violation
from shared.clock import Clock
from shared.postgres import AWAY

log = structlog.get_logger(__name__)
#: A snapshot older than this would keep the database from tidying up what the outbox leaves behind.
LOOK_SECONDS = 30
#: Seconds of rest for each second of looking.
REST = 9
#: A broken invariant rarely breaks in one row, and the alert is the same for more.
ENOUGH_VIOLATIONS = 100
_ROWS_SHOWN = 3
#: A leader that says nothing for so long is frozen or cut off, and another leads: longer than the longest rest, well within the alert of a silent audit.
_IDLE_SECONDS = 360
_STANDBY_SECONDS = 5
_ANSWER_SECONDS = 5
_LOCK_CLASS = 0x61756474  # "audt": the first half of the advisory lock's key
_LEAD = "select pg_try_advisory_lock($1, 0)"


class _GivenUpError(Exception):
    """A question was taken back in its middle: what its session is worth now, nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What is looked at, where, and how often."""

    service: str
    url: str
    checks: Sequence[Check]
    every_seconds: float
    clock: Clock

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set. A database that is away is waited for, a check that cannot be answered is told of; nothing is raised for either."""
        names = [check.id for check in self.checks]
        metrics.forget_violations(names)
        left = deque(self.checks)
        while not stop.is_set():
            try:
                async with self._connected() as connection:
                    if await connection.fetchval(_LEAD, _LOCK_CLASS):
                        log.info("audit leads", invariants=names)
                        await self._lead(connection, left, stop)
                    else:
                        metrics.forget_violations(names)
            except _GivenUpError:
                continue
            except AWAY as error:
                log.warning("audit waits for the database", error=type(error).__name__)
            await _rest(_STANDBY_SECONDS, stop)

    async def _lead(self, connection: asyncpg.Connection, left: deque[Check], stop: asyncio.Event) -> None:
        """Go round the checks, on the session that holds the lock. A check that cost us the session is not asked again before the others."""
        while not stop.is_set():
            round_ends = time.monotonic() + self.every_seconds
            while left and not stop.is_set():
                started = time.monotonic()
                ended = await self._look(connection, left.popleft(), stop)
                await _rest(REST * (time.monotonic() - started), stop)
                if not ended:
                    raise _GivenUpError
            while (seconds := round_ends - time.monotonic()) > 0 and not stop.is_set():
                await _rest(min(seconds, _STANDBY_SECONDS), stop)
                await connection.execute("select")  # notices that the session, and with it the lock, is gone
            left.extend(self.checks)

    async def _look(self, connection: asyncpg.Connection, check: Check, stop: asyncio.Event) -> bool:
        """Ask one question, and tell whether there was an answer."""
        looking = asyncio.ensure_future(_violations(check, connection))
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait({looking, stopping}, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if looking.done():
            self._tell(check, looking)
            return True
        looking.cancel()
        await asyncio.wait({looking}, timeout=_ANSWER_SECONDS)
        if looking.done() and not looking.cancelled():
            looking.exception()  # whatever it says: the question was taken back
        if not stop.is_set():
            log.warning("check takes too long", invariant=check.id, seconds=LOOK_SECONDS)
        return False

    def _tell(self, check: Check, looking: "asyncio.Future[list[Violation]]") -> None:
        try:
            found = looking.result()
        except AWAY:
            raise
        except Exception:  # a row too damaged to be read must not end the service; that nothing was checked is seen
            log.exception("check failed", invariant=check.id)
            return
        metrics.INVARIANT_VIOLATIONS.labels(check.id).set(len(found))
        metrics.INVARIANT_CHECKED.labels(check.id).set(self.clock().timestamp())
        for row in found[:_ROWS_SHOWN]:
            log.error("invariant broken", invariant=row.invariant, table=row.table, key=row.key, expected=row.expected, found=row.found, rows=len(found))

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(
            self.url,
            timeout=_ANSWER_SECONDS,
            server_settings={
                "application_name": f"{self.service} audit",
                "default_transaction_read_only": "on",
                "idle_in_transaction_session_timeout": "5s",
                "idle_session_timeout": f"{_IDLE_SECONDS}s",
                "jit": "off",
                "lock_timeout": "1s",
                "max_parallel_workers_per_gather": "0",
                "statement_timeout": f"{LOOK_SECONDS + _ANSWER_SECONDS}s",  # should this process freeze
                "timezone": "UTC",
            },
        )
        try:
            yield connection
        finally:
            connection.terminate()


async def _violations(check: Check, connection: asyncpg.Connection) -> list[Violation]:
    found: list[Violation] = []
    async with aclosing(check.run(connection)) as rows:  # type: ignore[type-var]
        async for row in rows:
            found.append(row)
            if len(found) == ENOUGH_VIOLATIONS:
                break
    return found


async def _rest(seconds: float, stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
