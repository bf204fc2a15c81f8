"""One partition in this process's hands: from records that were fetched to a cursor that moves on."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Protocol, cast

import asyncpg
import structlog

from shared.batches import offsets, report
from shared.batches.breaker import Breaker
from shared.batches.buffer import Buffer, GapError
from shared.batches.commits import LostCommitError
from shared.batches.handler import Repeat
from shared.batches.items import read
from shared.batches.records import Fetched
from shared.batches.transaction import Batch, Topic, settle

log = structlog.get_logger(__name__)

#: What ends by itself: the batch is given up, the stored offset read again. Anything else ends the process.
TRANSIENT = (
    offsets.OffsetTakenError,
    LostCommitError,
    Repeat,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 2.0


class Feed(Protocol):
    """Where a partition's records come from."""

    def seek(self, offset: int) -> None:
        """Hand out records from this offset next."""

    async def earliest(self) -> int:
        """Tell the lowest offset that the broker still has. Raises OSError if it cannot be asked."""


class Lane:
    """Gives each record of a partition its verdict, in order, batch by batch.

    Until its stored offset was read it processes nothing; after any failure it lets go of all it holds and reads it again.
    """

    def __init__(self, topic: Topic, position: offsets.Position, feed: Feed, *, slots: asyncio.Semaphore, nudge: asyncio.Event) -> None:
        self.position = position
        self.reached: int | None = None  # the stored offset, as last known
        self.cursor: int | None = None  # the same, if processing may go on from it
        self.pause_reason: str | None = None
        self.buffer = Buffer()
        self._topic, self._feed, self._slots, self._nudge = topic, feed, slots, nudge
        self._breaker = Breaker()
        self._in_work: Sequence[Fetched] = ()
        self._wake = asyncio.Event()
        self._again_from: int | None = None
        self._stopping = False

    @property
    def wants_more(self) -> bool:
        """Whether records may be handed in."""
        return self.cursor is not None and not self.buffer.full

    @property
    def first(self) -> Fetched | None:
        """The record in hand that waits longest for its verdict."""
        return self._in_work[0] if self._in_work else self.buffer.first

    def hand_in(self, records: Sequence[Fetched]) -> None:
        """Take records that were fetched. Without a cursor they are dropped: they may be from before it."""
        if self.cursor is not None:
            self.buffer.add(records)
            self._wake.set()

    def stop(self) -> None:
        """Ask to end after the batch in hand."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until stopped. Raises only what the process should not survive."""
        pause = _FIRST_PAUSE_SECONDS
        while not self._stopping:
            try:
                if self.cursor is None:
                    await self._load()
                elif self._again_from is not None:
                    await self._rewind(self.cursor, self._again_from)
                elif await self._one_batch(self.cursor):
                    pause = _FIRST_PAUSE_SECONDS
            except TRANSIENT as error:
                log.warning("batch given up", **self._name, error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None))
                self._let_go()
            if self.cursor is None:
                await self._rest(_LONGEST_PAUSE_SECONDS if self.pause_reason else pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def rewind(self, first: int) -> None:
        """Ask to read again from `first`: the broker's log ends before the cursor, so it lost what was read or is another log."""
        self._again_from = first
        self._wake.set()

    async def _load(self) -> None:
        async with self._topic.pool.acquire() as proxy:
            connection = cast("asyncpg.Connection", proxy)
            found = await offsets.stored(connection, self.position)
            if found is None:
                await offsets.begin(connection, self.position, first=await self._feed.earliest(), now=self._topic.clock())
                found = await offsets.stored(connection, self.position)
        if found is None:
            return
        report.found(self.position, moved_at=found.moved_at)
        report.paused(self.position, self.pause_reason, found.pause_reason)
        self.reached, self._breaker, self.pause_reason = found.next, found.breaker, found.pause_reason
        if found.pause_reason is None:
            self.buffer.clear()
            self.cursor = found.next
            self._feed.seek(found.next)

    async def _rewind(self, cursor: int, first: int) -> None:
        self._again_from = None
        log.error("broker lost records", **self._name, read_to=cursor, again_from=first)
        self._let_go()
        async with self._topic.pool.acquire() as connection:
            await offsets.rewind(cast("asyncpg.Connection", connection), self.position, expected=cursor, first=first, now=self._topic.clock())

    async def _one_batch(self, cursor: int) -> bool:
        if not len(self.buffer):
            self._wake.clear()
            if not self._stopping:
                await self._wake.wait()
            return False
        try:
            records = self.buffer.take(cursor)
        except GapError as gap:
            log.info("fetching again", **self._name, reason=str(gap))
            self._feed.seek(cursor)
            return False
        if records:
            self._in_work = records
            try:
                await self._settle(cursor, records)
            finally:
                self._in_work = ()
        return bool(records)

    async def _settle(self, cursor: int, records: Sequence[Fetched]) -> None:
        async with self._slots:
            clock = asyncio.get_running_loop().time
            started = clock()
            settled = await settle(self._topic, self.position, Batch(cursor, read(records), self._breaker), committed=self._nudge.set)
            report.settled(self.position, settled, seconds=clock() - started, now=self._topic.clock())
        self.cursor, self.reached, self._breaker = settled.next, settled.next, settled.breaker
        self.buffer.give_back(records[len(settled.items) :])
        self.buffer.passed(settled.next)
        if records[0].offset > cursor:
            await self._count_lost(cursor)
        if settled.pause_reason is not None:
            report.paused(self.position, None, settled.pause_reason)
            self._let_go()
            self.pause_reason = settled.pause_reason

    async def _count_lost(self, cursor: int) -> None:
        earliest = await self._feed.earliest()
        if earliest > cursor:
            report.lost(self.position, earliest - cursor)

    def _let_go(self) -> None:
        self.cursor = None
        self.buffer.clear()

    async def _rest(self, seconds: float) -> None:
        self._wake.clear()
        if not self._stopping:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), seconds)

    @property
    def _name(self) -> dict[str, object]:
        return {"topic": self.position.topic, "partition": self.position.partition}
