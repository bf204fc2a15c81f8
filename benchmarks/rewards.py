"""What the benchmark reads of the rewards topic: how far it goes, what it holds, and what comes in."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from contracts.cards import load_cards
from contracts.rewards import RewardGranted
from loyalty.console import Failure

TOPIC = "loyalty.rewards.v1"
GRANTED = RewardGranted.type.encode()
PATIENCE_SECONDS = 20.0

PLACES = [TopicPartition(TOPIC, number) for card in load_cards() if card.topic == TOPIC for number in range(card.partitions)]

Ends = Mapping[TopicPartition, int]


class Reader:
    """Reads the topic outside any consumer group."""

    def __init__(self, client: AIOKafkaConsumer) -> None:
        self._client = client

    async def ends(self) -> Ends:
        """Return up to where each partition can be read: the high watermark, so what lies before is acknowledged and readable."""
        ends: Ends = await self._client.end_offsets(PLACES)
        return ends

    async def count(self, first: Ends, last: Ends) -> int:
        """Read what lies between, and count the different grants."""
        self._client.assign(PLACES)
        for place, offset in first.items():
            self._client.seek(place, offset)
        seen: set[bytes] = set()
        missing = {place: last[place] - first[place] for place in last}
        while any(missing.values()):
            got = await self._client.getmany(timeout_ms=int(PATIENCE_SECONDS * 1000))
            if not got:
                raise Failure(f"Rewards that Kafka acknowledged cannot be read: {sum(missing.values())} are missing.")
            for place, records in got.items():
                wanted = records[: missing[place]]
                missing[place] -= len(wanted)
                seen.update(dict(record.headers)["ce_id"] for record in wanted if _is_grant(record))
        return len(seen)


@asynccontextmanager
async def reading(address: str) -> AsyncIterator[Reader]:
    """Open the topic."""
    client = AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False, auto_offset_reset="earliest")
    await client.start()
    try:
        yield Reader(client)
    finally:
        await client.stop()


@dataclass(slots=True)
class Arrivals:
    """When the grant of each event became readable, on the event loop's clock."""

    at: dict[str, float] = field(default_factory=dict)


@asynccontextmanager
async def listening(address: str) -> AsyncIterator[Arrivals]:
    """Follow the topic from its end on, as any reader of Kafka would."""
    arrivals = Arrivals()
    client = AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False, auto_offset_reset="latest")
    await client.start()
    client.assign(PLACES)
    await client.seek_to_end(*PLACES)
    for place in PLACES:
        await client.position(place)  # the end is known from here on
    task = asyncio.create_task(_follow(client, arrivals))
    try:
        yield arrivals
        if task.done():
            await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.stop()


async def _follow(client: AIOKafkaConsumer, arrivals: Arrivals) -> None:
    now = asyncio.get_running_loop().time
    while True:
        got = await client.getmany(timeout_ms=1000)
        arrived = now()
        for records in got.values():
            for record in records:
                if _is_grant(record):
                    arrivals.at.setdefault(orjson.loads(record.value)["cause"]["event_id"], arrived)


def _is_grant(record: ConsumerRecord) -> bool:
    return ("ce_type", GRANTED) in record.headers
