"""Publishing by HTTP, for systems that cannot speak Kafka: the same promise, through the gateway."""

import asyncio
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from contracts import structured
from contracts.envelope import Event
from contracts.replies import TakenEvents
from loyalty_client.http import TIMEOUT_SECONDS, Api, Token
from loyalty_client.problems import UnavailableError
from loyalty_client.publishing import Confirmation, NotConfirmedError

PATH = "/v1/events"
#: What the gateway takes at once.
MAX_EVENTS, MAX_BYTES = 500, 1024 * 1024
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0


class HttpPublisher:
    """Publishes through the gateway. The token needs the scope `events:write`. Use it as an async context manager."""

    def __init__(self, url: str, token: Token, *, patience_seconds: float = 60, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._api = Api(url, token, timeout_seconds=timeout_seconds)
        self._patience = patience_seconds
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._api.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._api.__aexit__(kind, error, trace)

    async def publish(self, *events: Event[Any]) -> tuple[Confirmation, ...]:
        """Return when every replica has all of these, in their order. One request at a time, so that no retry overtakes what came before.

        Raises NotConfirmedError when patience has ended, and InvalidError or AccessError at once where trying again would not help: InvalidError
        `invalid-events` names each bad event in `errors`, and then nothing of its request (at most 500 events) was published.
        """
        confirmed: list[Confirmation] = []
        async with self._turn:
            until = asyncio.get_running_loop().time() + self._patience
            for first, bodies in _requests(events):
                try:
                    taken = await self._until(until, bodies)
                except UnavailableError as error:
                    raise NotConfirmedError(str(error), events=events[first:], confirmed=confirmed) from error
                confirmed += [Confirmation(each.source, each.id, each.topic, each.partition, each.offset) for each in taken.events]
        return tuple(confirmed)

    async def _until(self, until: float, bodies: Sequence[bytes]) -> TakenEvents:
        """Send one request until it is answered, or time is over."""
        loop, pause = asyncio.get_running_loop(), _FIRST_PAUSE_SECONDS
        while True:
            try:
                answer = await self._api.post(PATH, b"[" + b",".join(bodies) + b"]", content_type=structured.BATCH_CONTENT_TYPE)
            except UnavailableError as error:
                pause = max(pause, error.retry_after or 0)
                if loop.time() + pause >= until:
                    raise
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            else:
                return TakenEvents.model_validate_json(answer)


def _requests(events: Sequence[Event[Any]]) -> Iterator[tuple[int, list[bytes]]]:
    """Cut events into requests that the gateway takes; give each with the number of its first event."""
    first, bodies, size = 0, list[bytes](), 2
    for number, event in enumerate(events):
        body = structured.write(event)
        if bodies and (len(bodies) == MAX_EVENTS or size + len(body) + 1 > MAX_BYTES):
            yield first, bodies
            first, bodies, size = number, [], 2
        bodies.append(body)
        size += len(body) + 1
    if bodies:
        yield first, bodies
