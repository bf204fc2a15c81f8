"""Read topics from their beginning, outside any consumer group: for checks, repair, tests and people."""

import asyncio
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

import shared.kafka.tolerance  # noqa: F401  makes the client read any header
from shared.batches.records import Fetched
from shared.kafka.address import Address, client_arguments
from shared.kafka.errors import UnavailableError

_POLL_MILLISECONDS = 100


async def read_topic(address: Address, topic: str, *, follow: bool = False, patience_seconds: float = 30) -> AsyncIterator[Fetched]:
    """Hand out what a topic holds, in order within each partition, up to the end as it was when reading began; with `follow`, for ever.

    Raises UnavailableError if the broker is not there, or silent for that long before the end.
    """
    consumer = AIOKafkaConsumer(topic, **client_arguments(address), enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await consumer.start()
        ends: dict[TopicPartition, int] = {}
        clock = asyncio.get_running_loop().time
        heard = clock()
        while follow or not await _finished(consumer, ends):
            got = await consumer.getmany(timeout_ms=_POLL_MILLISECONDS)
            heard = clock() if got else heard
            if not follow and clock() - heard > patience_seconds:
                raise UnavailableError(f"{topic}: nothing came for {patience_seconds} s")
            for records in got.values():
                for record in records:
                    yield fetched(record)
    except KafkaError as error:
        raise UnavailableError(f"{type(error).__name__}: {error}") from error
    finally:
        await consumer.stop()


async def _finished(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    """Note the ends as they were first heard of (a memory-only broker tells them only with records), and tell whether all are reached."""
    for place in consumer.assignment() - ends.keys():
        if (end := consumer.highwater(place)) is not None:
            ends[place] = end
    return ends.keys() == consumer.assignment() and all([await consumer.position(place) >= end for place, end in ends.items()])


def fetched(record: ConsumerRecord) -> Fetched:
    """Take a record out of its client."""
    return Fetched(
        topic=record.topic,
        key=record.key,
        value=record.value,
        headers=record.headers,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
    )
