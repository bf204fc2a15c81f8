"""Records to Kafka: acknowledged by all replicas, in order per key, or not at all as far as the caller knows."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, UnknownError, UnsupportedVersionError
from aiokafka.producer.message_accumulator import BatchBuilder

from contracts.envelope import Record
from shared.kafka.address import Address, client_arguments
from shared.kafka.errors import UnpublishedError
from shared.kafka.partitions import partition_of

log = structlog.get_logger(__name__)

#: As dead-letter topics allow; other topics allow less, and no record for them is larger.
MAX_REQUEST_BYTES = 2 * 1024 * 1024
#: One partition's share of a request. A broker refuses a batch larger than its topic's largest message, 1 MiB.
_BATCH_BYTES = 512 * 1024
#: Within the relay's 30 s of patience.
_ANSWER_SECONDS = 20
#: A topic that is still unknown after this does not exist.
_METADATA_SECONDS = 3


class Producer:
    """Sends records, many at a time. Idempotent where the broker can; after a failure it begins anew, so it stays usable."""

    def __init__(self, address: Address, *, name: str = "loyalty") -> None:
        self._arguments = {**client_arguments(address), "client_id": name}
        self._client: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._unkeyed = 0
        self._ending: set[asyncio.Task[None]] = set()

    async def publish(self, records: Sequence[Record]) -> None:
        """Send records and wait until all replicas have them; records of one key keep their order.

        Raises UnpublishedError, then any of them may be missing and any may be there.
        """
        if not records:
            return
        client = await self._ready()
        try:
            for batches in await self._rounds(client, records):
                sent = [await client.send_batch(batch, topic, partition=partition) for (topic, partition), batch in batches.items()]
                await asyncio.wait(sent)
                for acknowledgement in sent:
                    acknowledgement.result()
        except KafkaError as error:
            self._abandon(client)
            raise UnpublishedError(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        """Send what is under way and let go of the broker."""
        if self._client is not None:
            self._abandon(self._client)
        await asyncio.gather(*self._ending)

    async def _ready(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._client is None:
                try:
                    self._client = await _started(self._arguments)
                except (KafkaError, OSError, TimeoutError) as error:
                    raise UnpublishedError(f"no broker: {type(error).__name__}") from error
            return self._client

    async def _rounds(self, client: AIOKafkaProducer, records: Sequence[Record]) -> list[dict[tuple[str, int], BatchBuilder]]:
        """Sort records into batches per partition. A partition's second batch is of the second round, so that it cannot overtake the first."""
        counts = {topic: await _partitions(client, topic) for topic in {record.topic for record in records}}
        rounds: list[dict[tuple[str, int], BatchBuilder]] = [{}]
        latest: dict[tuple[str, int], int] = {}
        for record in records:
            place = record.topic, self._partition(record.key, counts[record.topic])
            turn = latest.setdefault(place, 0)
            batch = rounds[turn].get(place) or rounds[turn].setdefault(place, client.create_batch())
            if not _append(batch, record):
                latest[place] = turn + 1
                if turn + 1 == len(rounds):
                    rounds.append({})
                _append(rounds[turn + 1].setdefault(place, client.create_batch()), record)  # the first record of a batch always fits
        return rounds

    def _partition(self, key: bytes | None, count: int) -> int:
        if key is not None:
            return partition_of(key, count)
        self._unkeyed += 1
        return self._unkeyed % count

    def _abandon(self, client: AIOKafkaProducer) -> None:
        """Begin anew: an idempotent client that missed an answer has lost count, and may refuse everything after it."""
        if self._client is client:
            self._client = None
            ending = asyncio.create_task(_stop(client))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)


async def _partitions(client: AIOKafkaProducer, topic: str) -> int:
    try:
        async with asyncio.timeout(_METADATA_SECONDS):
            return len(await client.partitions_for(topic))
    except TimeoutError:
        raise UnpublishedError(f"nobody knows of a topic {topic}") from None


def _append(batch: BatchBuilder, record: Record) -> bool:
    return batch.append(timestamp=None, key=record.key, value=record.value, headers=list(record.headers)) is not None


async def _started(arguments: dict[str, Any]) -> AIOKafkaProducer:
    try:
        return await _start(arguments, idempotent=True)
    except (UnknownError, UnsupportedVersionError):
        log.info("broker knows no idempotent producers")  # the memory-only one
        return await _start(arguments, idempotent=False)


async def _start(arguments: dict[str, Any], *, idempotent: bool) -> AIOKafkaProducer:
    client = AIOKafkaProducer(
        **arguments,
        acks="all",
        enable_idempotence=idempotent,
        max_batch_size=_BATCH_BYTES,
        max_request_size=MAX_REQUEST_BYTES,
        request_timeout_ms=_ANSWER_SECONDS * 1000,
    )
    try:
        await client.start()
    except BaseException:
        await _stop(client)
        raise
    return client


async def _stop(client: AIOKafkaProducer) -> None:
    with contextlib.suppress(KafkaError, OSError):
        await client.stop()
