"""Errands run at the gateway at a steady pace, each timed from the moment it was due: one question, or several that follow from each other."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from latency import MOST_LATE_SECONDS, TooSlow
from standing import Standing

from loyalty.console import Advance, Failure
from loyalty.demo.rewards import quantile

CONNECTIONS = 32
WARM_UP_SECONDS = 3.0
#: Seconds of errands that wait. With more of them it is the length of the run that is measured.
MOST_BEHIND_SECONDS = 2.0
DONE = (b"HTTP/1.1 200", b"HTTP/1.1 201")


class Refused(Exception):  # noqa: N818  it says what was said
    """The gateway said no."""


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
    key: str | None = None  #: of a command: its Idempotency-Key

    def written(self, *, host: str, token: str) -> bytes:
        """Write the request out."""
        head = f"{self.line} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n"
        if self.key is not None:
            head += f"idempotency-key: {self.key}\r\n"
        if self.body is None:
            return f"{head}\r\n".encode()
        return f"{head}content-type: application/json\r\ncontent-length: {len(self.body)}\r\n\r\n".encode() + self.body


class Line:
    """One connection that asks one question at a time. Written by hand: a general client takes more processor than the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, host: str, token: str) -> None:
        self._reader, self._writer, self._host, self._token = reader, writer, host, token

    async def ask(self, question: Question) -> bytes:
        """Ask, and return the body of the answer. Raises Refused with the body of one that is none."""
        self._writer.write(question.written(host=self._host, token=self._token))
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await self._reader.readexactly(int(length.partition(b":")[2]))
        if not head.startswith(DONE):
            raise Refused(body.decode())
        return body

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


#: What is done for each number, on a connection that nobody else uses meanwhile.
Errand = Callable[[Line, int], Awaitable[object]]


def asking(question: Callable[[int], Question]) -> Errand:
    """Return the errand of one question."""
    return lambda line, number: line.ask(question(number))


async def measure(here: Standing, errand: Errand, *, scopes: Sequence[str], per_second: int, seconds: float, advance: Advance) -> Answers:
    """Begin evenly, whether or not earlier errands are done; one that has to wait for a free connection is late by that much.

    Raises TooSlow if benchmark or product cannot keep the pace: how long an answer takes then depends on how long it was measured.
    """
    parts = urlsplit(here.url("gateway"))
    token = here.token(*scopes)
    free: asyncio.Queue[Line] = asyncio.Queue()
    lines = [Line(*await asyncio.open_connection(parts.hostname, parts.port), host=parts.netloc, token=token) for _ in range(CONNECTIONS)]
    for line in lines:
        free.put_nowait(line)
    try:
        return await _paced(free, errand, per_second, seconds, advance)
    except ExceptionGroup as group:
        raise _first(group) from group
    except (OSError, asyncio.IncompleteReadError) as error:
        raise Failure(f"The gateway hung up: {error}") from error
    finally:
        for line in lines:
            line.close()


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """Return what went wrong first, as it is told."""
    found = group.exceptions[0]
    return found if isinstance(found, (TooSlow, Failure)) else Failure(f"The gateway hung up: {found!r}")


async def _paced(free: asyncio.Queue[Line], errand: Errand, per_second: int, seconds: float, advance: Advance) -> Answers:
    now = asyncio.get_running_loop().time
    began, took, refused, done = now(), [], [], 0
    skipped = int(per_second * WARM_UP_SECONDS)
    many = per_second * MOST_BEHIND_SECONDS

    async def ask(number: int, due: float) -> None:
        nonlocal done
        line = await free.get()
        try:
            await errand(line, number)
        except Refused as said:
            refused.extend([str(said)] if number >= skipped else [])
        free.put_nowait(line)
        done += 1
        if number >= skipped:
            took.append(now() - due)

    async with asyncio.TaskGroup() as asking:
        for number in range(skipped + int(per_second * seconds)):
            due = began + number / per_second
            if due > now():
                await asyncio.sleep(due - now())
            elif now() - due > MOST_LATE_SECONDS and number > skipped:
                raise TooSlow(f"the benchmark itself fell {now() - due:.2f} s behind its pace of {per_second:,} a second.")
            if number - done > many and number > skipped + many:  # a cold start may leave some waiting
                raise TooSlow(f"this machine does not keep {per_second:,} a second: {done / (now() - began):,.0f} a second were answered, the others wait.")
            asking.create_task(ask(number, due))
            if number % per_second == 0:
                advance(number)
    if refused:
        raise Failure(f"{len(refused):,} of {len(took):,} were not answered; the first: {refused[0]}")
    return Answers(per_second, sorted(took))
