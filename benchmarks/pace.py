"""Questions asked of the gateway at a steady pace, each timed from the moment it was due."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from latency import MOST_LATE_SECONDS, TooSlow
from standing import Standing

from loyalty.console import Advance, Failure
from loyalty.demo.rewards import quantile

CONNECTIONS = 32
WARM_UP_SECONDS = 3.0
OK = b"HTTP/1.1 200"


@dataclass(frozen=True, slots=True)
class Answers:
    """How long the answers took, sorted."""

    per_second: int
    seconds: Sequence[float]

    def milliseconds(self, share: float) -> float:
        """Return the time that this share of the answers stayed within."""
        return (quantile(list(self.seconds), share) or 0.0) * 1000

    def as_json(self) -> dict[str, Any]:
        """Make the object of the results file."""
        shares: Mapping[str, float] = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
        times = {name: round(self.milliseconds(share), 2) for name, share in shares.items()}
        return {"per_second": self.per_second, "answers": len(self.seconds), "milliseconds": times}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of the gateway: everything of a request but host and token."""

    line: str  #: `GET /v1/members/…/balance`
    body: bytes | None = None

    def written(self, *, host: str, token: str) -> bytes:
        """Write the request out."""
        head = f"{self.line} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n"
        if self.body is None:
            return f"{head}\r\n".encode()
        return f"{head}content-type: application/json\r\ncontent-length: {len(self.body)}\r\n\r\n".encode() + self.body


class Line:
    """One connection that asks one question at a time. Written by hand: a general client takes more processor than the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, host: str, token: str) -> None:
        self._reader, self._writer, self._host, self._token = reader, writer, host, token

    async def ask(self, question: Question) -> bool:
        """Ask, and tell whether there was an answer to the question."""
        self._writer.write(question.written(host=self._host, token=self._token))
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await self._reader.readexactly(int(length.partition(b":")[2]))
        return head.startswith(OK)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def measure(here: Standing, question: Callable[[int], Question], *, scopes: Sequence[str], per_second: int, seconds: float, advance: Advance) -> Answers:
    """Ask evenly, whether or not earlier questions were answered; one that has to wait for a free connection is late by that much."""
    parts = urlsplit(here.url("gateway"))
    token = here.token(*scopes)
    free: asyncio.Queue[Line] = asyncio.Queue()
    lines = [Line(*await asyncio.open_connection(parts.hostname, parts.port), host=parts.netloc, token=token) for _ in range(CONNECTIONS)]
    for line in lines:
        free.put_nowait(line)
    try:
        return await _paced(free, question, per_second, seconds, advance)
    except (OSError, asyncio.IncompleteReadError) as error:
        raise Failure(f"The gateway hung up: {error}") from error
    finally:
        for line in lines:
            line.close()


async def _paced(free: asyncio.Queue[Line], question: Callable[[int], Question], per_second: int, seconds: float, advance: Advance) -> Answers:
    now = asyncio.get_running_loop().time
    began, took, failed = now(), [], 0
    skipped = int(per_second * WARM_UP_SECONDS)

    async def ask(number: int, due: float) -> None:
        nonlocal failed
        line = await free.get()
        given = await line.ask(question(number))
        free.put_nowait(line)
        if number >= skipped:
            took.append(now() - due)
            failed += not given

    async with asyncio.TaskGroup() as asking:
        for number in range(skipped + int(per_second * seconds)):
            due = began + number / per_second
            if due > now():
                await asyncio.sleep(due - now())
            elif now() - due > MOST_LATE_SECONDS and number > skipped:
                raise TooSlow(f"the benchmark itself fell {now() - due:.2f} s behind its pace of {per_second:,} questions a second.")
            asking.create_task(ask(number, due))
            if number % per_second == 0:
                advance(number)
    if failed:
        raise Failure(f"{failed:,} of {len(took):,} questions were not answered.")
    return Answers(per_second, sorted(took))
