"""The broker, for callers who cannot speak Kafka themselves."""

import asyncio
from collections.abc import Sequence

import structlog

from contracts.envelope import Record
from shared.kafka import Place, Producer, UnpublishedError
from shared.problems import Problem

log = structlog.get_logger()

#: Requests whose events wait for the broker. While it is away more would only fill the memory, up to a MiB each.
MAX_WAITING = 32
#: In seconds: a broker that restarts, or a partition that changes its leader, is back within a few.
RETRY_AFTER = "5"


class Broker:
    """Publishes, or says in time that it could not. Without a producer it says so to everybody."""

    def __init__(self, producer: Producer | None, *, seconds: float) -> None:
        self._producer = producer
        self._seconds = seconds
        self._places = asyncio.Semaphore(MAX_WAITING)
        self._sending: set[asyncio.Task[list[Place]]] = set()

    async def publish(self, records: Sequence[Record]) -> list[Place]:
        """Return where the records lie, once every replica has them. Raises Problem 503, and then any of them may have arrived."""
        if self._producer is None:
            raise Problem(503, "no-broker", "This gateway takes no events", "It was started without the address of a broker.")
        try:
            async with asyncio.timeout(self._seconds):
                await self._places.acquire()
                return await asyncio.shield(self._sent(self._producer, records))
        except (UnpublishedError, TimeoutError) as error:
            log.warning("events were not confirmed", records=len(records), error=type(error).__name__)
            raise Problem(
                503,
                "broker-unavailable",
                "The broker has not confirmed the events in time",
                "Some may have been taken all the same. Send all of them again, as they are: each counts once.",
                headers={"Retry-After": RETRY_AFTER},
            ) from error

    async def close(self) -> None:
        """Let go of the broker."""
        if self._producer is not None:
            await self._producer.close()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _sent(self, producer: Producer, records: Sequence[Record]) -> "asyncio.Task[list[Place]]":
        """Send to the end, however long the caller waits: records cut off half-way would leave the producer in doubt for everybody."""
        sending = asyncio.create_task(producer.publish(records))
        self._sending.add(sending)
        sending.add_done_callback(self._ended)
        return sending

    def _ended(self, sending: "asyncio.Task[list[Place]]") -> None:
        self._places.release()
        self._sending.discard(sending)
        if not sending.cancelled():
            sending.exception()  # whoever waited has been told, or has gone
