"""The consumer: every partition that the group gives this process, each in its own lane, until it is told to stop."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaError

from shared.batches.handler import Handler
from shared.batches.lane import Lane
from shared.batches.offsets import Position
from shared.batches.transaction import Topic
from shared.clock import Clock
from shared.kafka.address import Address, client_arguments
from shared.kafka.assignment import Assignment, PartitionFeed
from shared.kafka.errors import UnavailableError
from shared.kafka.reading import fetched
from shared.kafka.topics import incarnation_of
from shared.kafka.watch import Watch
from shared.metrics import expect_events

log = structlog.get_logger(__name__)

#: A killed process is noticed after this.
SESSION_SECONDS = 6
HEARTBEAT_SECONDS = 2
#: How long the broker may keep a fetch open; a partition that was full waits at most this long for its turn.
_FETCH_WAIT_MILLISECONDS = 250
_POLL_MILLISECONDS = 200
#: A topic or partition that is made while the process runs is found this soon.
_METADATA_SECONDS = 30
_START_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Consuming:
    """What a consumer is given. The incarnation, where none is given, is the broker's cluster id."""

    address: Address
    service: str
    handlers: Mapping[str, Handler]
    pool: asyncpg.Pool
    clock: Clock
    nudge: asyncio.Event
    incarnation: str | None = None
    batches_at_once: int = 4


class Consumer:
    """Gives every record of its topics a verdict. The group shares the partitions among its processes; PostgreSQL says who really has one."""

    def __init__(self, given: Consuming) -> None:
        self._given = given
        self._assignment: Assignment | None = None
        self._watch: Watch | None = None
        expect_events(given.handlers)

    @property
    def polling(self) -> bool:
        """Whether the group was joined and records are asked for; owning no partition is fine."""
        return self._assignment is not None and self._assignment.joined

    @property
    def owned(self) -> int:
        """How many partitions this process has just now."""
        return len(self._assignment.lanes) if self._assignment is not None else 0

    @property
    def stalled(self) -> bool:
        """Whether a partition with records waiting, and not stopped by its breaker, stood still for a minute."""
        return self._watch is not None and self._watch.stalled

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set; then finish the batches in hand and leave the group. Raises what the process should not survive."""
        incarnation = await self._incarnation(stop)
        if incarnation is None:
            return
        client = AIOKafkaConsumer(
            **client_arguments(self._given.address),
            group_id=f"{self._given.service}.events",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=SESSION_SECONDS * 1000,
            heartbeat_interval_ms=HEARTBEAT_SECONDS * 1000,
            fetch_max_wait_ms=_FETCH_WAIT_MILLISECONDS,
            metadata_max_age_ms=_METADATA_SECONDS * 1000,
        )
        try:
            await client.start()
            await self._consume(client, incarnation, stop)
        finally:
            await client.stop()

    async def _consume(self, client: AIOKafkaConsumer, incarnation: str, stop: asyncio.Event) -> None:
        given = self._given
        slots = asyncio.Semaphore(given.batches_at_once)

        def lane(place: TopicPartition, feed: PartitionFeed) -> Lane:
            topic = Topic(service=given.service, handler=given.handlers[place.topic], pool=given.pool, clock=given.clock)
            return Lane(topic, Position(incarnation, place.topic, place.partition), feed, slots=slots, nudge=given.nudge)

        assignment = self._assignment = Assignment(client, given.handlers, lane)
        watch = self._watch = Watch(client, assignment, given.clock)
        watching = asyncio.create_task(watch.run())
        try:
            client.subscribe(list(given.handlers), listener=assignment)
            while not stop.is_set():
                await self._poll(client, assignment)
                if watching.done():
                    watching.result()
        finally:
            assignment.joined = False
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
            await assignment.finish()
            await watch.hint()

    async def _poll(self, client: AIOKafkaConsumer, assignment: Assignment) -> None:
        """Hand what was fetched to its lane. A record for a partition that was lost meanwhile is dropped: its owner has it."""
        try:
            got = await client.getmany(timeout_ms=_POLL_MILLISECONDS)
        except KafkaError as error:
            if not error.retriable and not isinstance(error, CorruptRecordException):
                raise
            log.error("fetch failed", error=type(error).__name__, reason=str(error))  # noqa: TRY400  the client's traceback says nothing
            return
        fetcher = client._fetcher.error_future  # noqa: SLF001  a client whose fetcher died answers "nothing new" for ever
        if fetcher.done() and not fetcher.cancelled():
            fetcher.result()
        for place, records in got.items():
            lane = assignment.lanes.get(place)
            if lane is not None:
                lane.hand_in([fetched(record) for record in records])
        assignment.raise_failures()
        assignment.regulate()

    async def _incarnation(self, stop: asyncio.Event) -> str | None:
        """Ask the broker who it is, until it answers or nobody wants to know any more."""
        while self._given.incarnation is None and not stop.is_set():
            try:
                return await incarnation_of(self._given.address)
            except UnavailableError as error:
                log.warning("broker does not answer", reason=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _START_PAUSE_SECONDS)
        return self._given.incarnation
