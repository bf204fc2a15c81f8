"""Publishing to Kafka: acknowledged by all replicas, retried until patience ends, in order per holder."""

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnsupportedVersionError,
)
from aiokafka.structs import RecordMetadata

from contracts.envelope import Event, Record, encode
from loyalty_client.publishing import Confirmation, NotConfirmedError

#: As many as one request of the broker's can hold if they are small; whoever has more waits for the next.
_CHUNK = 500
#: Events that wait for the broker; more, and whoever publishes waits.
_MAX_QUEUED = 10_000
_ANSWER_SECONDS = 15
#: Refusals that no retry changes. Anything else may pass: a broker that is starting knows neither its topics nor its leaders.
_FINAL = (MessageSizeTooLargeError, TopicAuthorizationFailedError, ClusterAuthorizationFailedError, InvalidTopicError, AuthenticationFailedError, TypeError)
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSecurity:
    """How a broker that is not on this machine is reached: SASL/SCRAM-SHA-512 over TLS."""

    username: str
    password: str = field(repr=False)
    ca_file: Path | None = None
    """The authority that signed the broker's certificate; the system's authorities if none is named."""

    def arguments(self) -> dict[str, Any]:
        """Return what the client library is made with."""
        return {
            "security_protocol": "SASL_SSL",
            "ssl_context": ssl.create_default_context(cafile=self.ca_file),
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
        }


@dataclass(slots=True)
class _Waiting:
    event: Event[Any]
    record: Record
    until: float
    confirmed: "asyncio.Future[Confirmation]"


class KafkaPublisher:
    """Publishes to Kafka. Use it as an async context manager, one for the whole program: `async with KafkaPublisher(…) as publisher`.

    Everything goes through one queue, in the order in which it was published, so that a failure and its retry change no order. The broker's
    own duplicates are prevented where it can (an idempotent producer); those of a retry keep their id and count once.
    """

    def __init__(self, bootstrap_servers: str, *, security: KafkaSecurity | None = None, patience_seconds: float = 60) -> None:
        self._arguments = {"bootstrap_servers": bootstrap_servers, **(security.arguments() if security else {})}
        self._patience = patience_seconds
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue(_MAX_QUEUED)
        self._client: AIOKafkaProducer | None = None
        self._working: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._working = asyncio.create_task(self._work())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Send what is under way, and let go of the broker."""
        await self._queue.put(None)
        if self._working is not None:
            await self._working

    async def publish(self, *events: Event[Any]) -> tuple[Confirmation, ...]:
        """Return when every replica has all of these, in their order. Raises NotConfirmedError when patience has ended.

        Raises ValueError, before anything is sent, for an event that no topic can take: larger than 900 KB, or with a long id.
        """
        if self._working is None or self._working.done():
            raise RuntimeError("not open: use it as `async with KafkaPublisher(…) as publisher`")
        loop = asyncio.get_running_loop()
        records = [encode(event) for event in events]
        until = loop.time() + self._patience
        waiting = [_Waiting(event, record, until, loop.create_future()) for event, record in zip(events, records, strict=True)]
        for each in waiting:
            await self._queue.put(each)
        said = await asyncio.gather(*(each.confirmed for each in waiting), return_exceptions=True)
        failed = [(each.event, error) for each, error in zip(waiting, said, strict=True) if isinstance(error, BaseException)]
        confirmed = tuple(each for each in said if isinstance(each, Confirmation))
        if failed:
            raise NotConfirmedError(str(failed[0][1]), events=[event for event, _ in failed], confirmed=confirmed) from failed[0][1]
        return confirmed

    async def _work(self) -> None:
        more = True
        try:
            while more:
                taken = [await self._queue.get()]
                while len(taken) < _CHUNK and not self._queue.empty():
                    taken.append(self._queue.get_nowait())
                more = None not in taken
                await self._deliver([each for each in taken if each is not None])
        finally:
            await self._let_go()

    async def _deliver(self, waiting: list[_Waiting]) -> None:
        """Send until each is confirmed, or its time is over. What failed is sent again in its old order."""
        pause = _FIRST_PAUSE_SECONDS
        while waiting:
            failed = await self._attempt(waiting)
            now = asyncio.get_running_loop().time()
            waiting = []
            for each, error in failed:
                if now + pause < each.until and not isinstance(error, _FINAL):
                    waiting.append(each)
                elif not each.confirmed.done():
                    each.confirmed.set_exception(error)
            if failed:
                await self._let_go()  # an idempotent producer that missed an answer has lost count, and may refuse everything after it
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _attempt(self, waiting: Sequence[_Waiting]) -> list[tuple[_Waiting, Exception]]:
        """Send each once, and wait for every answer; return those that failed, with the reason."""
        sent: list[asyncio.Future[RecordMetadata]] = []
        reason: Exception = KafkaError()
        try:
            if self._client is None:
                self._client = await _connected(self._arguments)
            for each in waiting:
                record = each.record
                sent.append(await self._client.send(record.topic, record.value, record.key, headers=list(record.headers)))
        except Exception as error:  # noqa: BLE001  whatever it is, somebody waits to hear of it
            reason = error
        answers: list[RecordMetadata | BaseException] = await asyncio.gather(*sent, return_exceptions=True)
        answers += [reason] * (len(waiting) - len(sent))
        failed: list[tuple[_Waiting, Exception]] = []
        for each, answer in zip(waiting, answers, strict=True):
            if isinstance(answer, BaseException):
                failed.append((each, answer if isinstance(answer, Exception) else reason))
            elif not each.confirmed.done():
                each.confirmed.set_result(Confirmation(each.event.source, each.event.id, answer.topic, answer.partition, answer.offset))
        return failed

    async def _let_go(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await _stopped(client)


async def _connected(arguments: dict[str, Any]) -> AIOKafkaProducer:
    try:
        return await _started(arguments, idempotent=True)
    except (UnknownError, UnsupportedVersionError):  # a small broker that knows no idempotent producers
        return await _started(arguments, idempotent=False)


async def _started(arguments: dict[str, Any], *, idempotent: bool) -> AIOKafkaProducer:
    client = AIOKafkaProducer(**arguments, client_id="loyalty-client", acks="all", enable_idempotence=idempotent, request_timeout_ms=_ANSWER_SECONDS * 1000)
    try:
        await client.start()
    except BaseException:
        await _stopped(client)
        raise
    return client


async def _stopped(client: AIOKafkaProducer) -> None:
    with contextlib.suppress(KafkaError, OSError):
        await client.stop()
