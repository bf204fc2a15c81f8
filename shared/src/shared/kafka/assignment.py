"""Which partitions this process owns just now, each with its lane."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from shared.batches import report
from shared.batches.lane import Lane
from shared.kafka.errors import UnavailableError
from shared.metrics import CONSUMER_PARTITIONS, REBALANCES

log = structlog.get_logger(__name__)

#: A batch in hand may end before its partition is given away. One that does not is undone: nobody waits for a slow owner.
_FINISH_SECONDS = 3.0


class PartitionFeed:
    """One partition of the client."""

    def __init__(self, client: AIOKafkaConsumer, place: TopicPartition) -> None:
        self._client = client
        self._place = place

    def seek(self, offset: int) -> None:
        """Fetch from this offset next."""
        try:
            self._client.seek(self._place, offset)
            self._client.resume(self._place)
        except KafkaError as error:  # no longer ours
            raise UnavailableError(type(error).__name__) from error

    async def earliest(self) -> int:
        """Ask for the lowest offset that the broker still has."""
        try:
            offsets = await self._client.beginning_offsets([self._place])
        except KafkaError as error:
            raise UnavailableError(type(error).__name__) from error
        offset: int = offsets[self._place]
        return offset


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # the library ships no types
    """Makes a lane for every partition that comes and ends it before the partition goes.

    The client swallows what is raised in here, so nothing here can fail: a lane reads its stored offset by itself, and until
    then its partition is not fetched and takes no records.
    """

    def __init__(self, client: AIOKafkaConsumer, topics: Iterable[str], make_lane: Callable[[TopicPartition, PartitionFeed], Lane]) -> None:
        self.lanes: Mapping[TopicPartition, Lane] = {}
        self.joined = False
        self.topics = tuple(topics)
        self._client, self._make_lane = client, make_lane
        self._tasks: dict[asyncio.Task[None], TopicPartition] = {}
        self._failures: list[Exception] = []

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002  the library's signature
        """End all lanes: the group gives everything out anew."""
        await self.finish()
        lanes, self.lanes = self.lanes, {}
        for lane in lanes.values():
            report.forget(lane.position)
        self._count_partitions()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Begin a lane each."""
        await self.finish()
        places = sorted(assigned)
        self._client.pause(*places)
        self.lanes = {place: self._make_lane(place, PartitionFeed(self._client, place)) for place in places}
        self._tasks = {asyncio.create_task(lane.run(), name=f"{place.topic}/{place.partition}"): place for place, lane in self.lanes.items()}
        self.joined = True
        self._count_partitions()
        for topic in self.topics:
            REBALANCES.labels(topic).inc()
        log.info("partitions assigned", partitions=len(places))

    def _count_partitions(self) -> None:
        counts = Counter(place.topic for place in self.lanes)
        for topic in self.topics:
            CONSUMER_PARTITIONS.labels(topic).set(counts[topic])

    async def finish(self) -> None:
        """Let every batch in hand end, and undo those that take too long. The lanes stay to be asked how far they came."""
        for lane in self.lanes.values():
            lane.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_FINISH_SECONDS)
            for task in late:
                task.cancel()
            ends = await asyncio.gather(*self._tasks, return_exceptions=True)
            self._failures += [end for end in ends if isinstance(end, Exception)]
            self._tasks = {}

    def raise_failures(self) -> None:
        """Raise what ended a lane: the process must not live on without it."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()
        for failure in self._failures:
            raise failure

    def regulate(self) -> None:
        """Fetch for the lanes that want records, and only for them."""
        paused = self._client.paused()
        for place, lane in self.lanes.items():
            if lane.wants_more and place in paused:
                self._client.resume(place)
            elif not lane.wants_more and place not in paused:
                self._client.pause(place)
