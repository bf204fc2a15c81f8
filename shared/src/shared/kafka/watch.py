"""Once a second: how far behind each partition is, whether it moves, and a hint for Kafka how far it was read."""

import asyncio
import contextlib
from dataclasses import dataclass, field

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.batches.lane import Lane
from shared.clock import Clock
from shared.kafka.assignment import Assignment, PartitionFeed
from shared.metrics import CONSUMER_LAG_RECORDS, CONSUMER_LAG_SECONDS, TOPIC_PARTITIONS

log = structlog.get_logger(__name__)

_EVERY_SECONDS = 1.0
#: The ends are asked for this often: a fetch that never comes back would tell of none.
_ENDS_EVERY_SECONDS = 10.0
_ANSWER_SECONDS = 5.0
#: A partition with records waiting that stood still for this long needs a new process.
STALLED_SECONDS = 60.0
#: The broker's end may seem too low for a moment after it changed hands; after this long it is true.
_SHORTER_SECONDS = 10.0


@dataclass(slots=True)
class _Seen:
    """What the watch remembers of one lane."""

    reached: int | None = None
    end: int = 0
    moved_at: float = 0.0  # when it last moved, or nothing waited
    ahead_since: float | None = None  # when the end was first seen ahead with nothing in hand
    short_since: float | None = None  # when the end was first seen behind what was read
    hinted: int | None = None


@dataclass(slots=True)
class Watch:
    """Looks at the lanes from outside. Nothing here moves a stored offset by itself."""

    client: AIOKafkaConsumer
    assignment: Assignment
    clock: Clock
    _seen: dict[Lane, _Seen] = field(default_factory=dict)

    @property
    def stalled(self) -> bool:
        """Whether a lane with records waiting, and not stopped by its breaker, has not moved for a minute."""
        now = asyncio.get_running_loop().time()
        return any(now - seen.moved_at > STALLED_SECONDS for lane, seen in self._seen.items() if lane.pause_reason is None)

    async def run(self) -> None:
        """Look until cancelled."""
        asked_at = float("-inf")
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            now = asyncio.get_running_loop().time()
            self._seen = {lane: self._seen.get(lane) or _Seen(moved_at=now) for lane in self.assignment.lanes.values()}
            if now - asked_at > _ENDS_EVERY_SECONDS:
                asked_at = now
                await self._ask_ends()
            for lane, seen in self._seen.items():
                with contextlib.suppress(KafkaError, OSError):  # a partition that has just gone
                    await self._look(TopicPartition(lane.position.topic, lane.position.partition), lane, seen, now)
            await self.hint()

    async def hint(self) -> None:
        """Tell Kafka how far was read. It is for people and scalers; nothing starts from it."""
        moved = {
            place: lane.reached
            for place, lane in self.assignment.lanes.items()
            if lane.reached is not None and (seen := self._seen.get(lane)) is not None and seen.hinted != lane.reached
        }
        if not moved:
            return
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self.client.commit(moved)
        except (KafkaError, TimeoutError) as error:
            log.info("offset hint not taken", error=type(error).__name__)
            return
        for place, reached in moved.items():
            lane = self.assignment.lanes.get(place)
            if lane in self._seen:
                self._seen[lane].hinted = reached

    async def _ask_ends(self) -> None:
        places = list(self.assignment.lanes)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                ends = await self.client.end_offsets(places) if places else {}
        except (KafkaError, TimeoutError) as error:
            log.info("ends not known", error=type(error).__name__)
            for topic in self.assignment.topics:
                TOPIC_PARTITIONS.labels(topic).set(0)  # a broker that does not answer lets nobody fall behind: here is where it is seen
            return
        for topic in self.assignment.topics:  # those of which we own nothing, too: perhaps nobody does
            TOPIC_PARTITIONS.labels(topic).set(len(self.client.partitions_for_topic(topic) or ()))
        for place, end in ends.items():
            lane = self.assignment.lanes.get(place)
            if lane in self._seen:
                self._seen[lane].end = end

    async def _look(self, place: TopicPartition, lane: Lane, seen: _Seen, now: float) -> None:
        highwater = self.client.highwater(place) if place in self.client.assignment() else None
        end, first, reached = max(seen.end, highwater or 0), lane.first, lane.reached
        fetched_to = await self._position(place)
        if self.assignment.lanes.get(place) is not lane:
            return  # given away while we asked: its figures are somebody else's now
        waiting = first is not None or lane.cursor is None or (fetched_to is not None and fetched_to < end)
        if reached != seen.reached or not waiting:
            seen.reached, seen.moved_at = reached, now
        behind = end - reached if reached is not None and waiting else 0
        seen.ahead_since = (seen.ahead_since or now) if behind > 0 and first is None else None
        waited = 0.0 if seen.ahead_since is None else now - seen.ahead_since
        age = waited if first is None else self.clock().timestamp() - first.timestamp_ms / 1000
        CONSUMER_LAG_RECORDS.labels(*place).set(max(0, behind))
        CONSUMER_LAG_SECONDS.labels(*place).set(max(0.0, age))
        short = highwater is not None and lane.cursor is not None and end < lane.cursor
        seen.short_since = (seen.short_since or now) if short else None
        if seen.short_since is not None and now - seen.short_since > _SHORTER_SECONDS:
            lane.rewind(await PartitionFeed(self.client, place).earliest())

    async def _position(self, place: TopicPartition) -> int | None:
        try:
            async with asyncio.timeout(0.1):
                position: int = await self.client.position(place)
        except (KafkaError, TimeoutError):
            return None
        return position
