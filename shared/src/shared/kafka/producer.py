"""Records to Kafka: acknowledged by all replicas, in order per key, or not at all as far as the caller knows."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """Rounds of batches per partition, and for each record its round, its batch and its place in that."""

    rounds: list[dict[tuple[str, int], BatchBuilder]]
    slots: list[tuple[int, tuple[str, int], int]]


class Producer:
    """Sends records, many at a time. Idempotent where the broker can; after a failure it begins anew, so it stays usable."""

    def __init__(self, address: Address, *, name: str = "loyalty", answer_seconds: float = _ANSWER_SECONDS) -> None:
        self._arguments = {**client_arguments(address), "client_id": name, "request_timeout_ms": int(answer_seconds * 1000)}
        self._client: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._unkeyed = 0
        self._ending: set[asyncio.Task[None]] = set()

    async def publish(self, records: Sequence[Record]) -> list[Place]:
        """Send records and wait until all replicas have them; records of one key keep their order. Return where each lies.

        Raises UnpublishedError, then any of them may be missing and any may be there.
        """
        if not records:
            return []
        client = await self._ready()
        try:
            plan = await self._plan(client, records)
            firsts = [await self._send(client, batches) for batches in plan.rounds]
        except KafkaError as error:
            self._abandon(client)
            raise UnpublishedError(f"{type(error).__name__}: {error}") from error
        return [Place(*place, firsts[turn][place] + number) for turn, place, number in plan.slots]

    async def _send(self, client: AIOKafkaProducer, batches: dict[tuple[str, int], BatchBuilder]) -> dict[tuple[str, int], int]:
        """Send a round; return the offset of each batch's first record."""
        sent = {place: await client.send_batch(batch, place[0], partition=place[1]) for place, batch in batches.items()}
        await asyncio.wait(sent.values())
        return {place: acknowledgement.result().offset for place, acknowledgement in sent.items()}

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

    async def _plan(self, client: AIOKafkaProducer, records: Sequence[Record]) -> _Plan:
        """Sort records into batches per partition. A partition's second batch is of the second round, so that it cannot overtake the first."""
        counts = {topic: await _partitions(client, topic) for topic in {record.topic for record in records}}
        rounds: list[dict[tuple[str, int], BatchBuilder]] = [{}]
        slots = []
        latest: dict[tuple[str, int], int] = {}
        for record in records:
            place = record.topic, self._partition(record.key, counts[record.topic])
            turn = latest.setdefault(place, 0)
            batch = rounds[turn].get(place) or rounds[turn].setdefault(place, client.create_batch())
            if not _append(batch, record):
                latest[place] = turn + 1
                if turn + 1 == len(rounds):
                    rounds.append({})
                turn, batch = turn + 1, rounds[turn + 1].setdefault(place, client.create_batch())
                _append(batch, record)  # the first record of a batch always fits
            slots.append((turn, place, batch.record_count() - 1))
        return _Plan(rounds, slots)

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
