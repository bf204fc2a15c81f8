"""P6: balances asked of the gateway at a steady pace, each timed from the moment it was due."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from latency import MOST_LATE_SECONDS, TooSlow
from standing import MEMBERS, Standing

from loyalty.console import Advance, Failure
from loyalty.demo.rewards import quantile

CONNECTIONS = 32
WARM_UP_SECONDS = 3.0
OK = b"HTTP/1.1 200"


@dataclass(frozen=True, slots=True)
class Balances:
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


class Line:
    """One connection that asks one question at a time. Written by hand: a general client takes more processor than the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, host: str, token: str) -> None:
        self._reader, self._writer, self._host, self._token = reader, writer, host, token

    async def balance(self, member_id: str) -> bool:
        """Ask for a member's balance; tell whether it was given."""
        question = f"GET /v1/members/{member_id}/balance HTTP/1.1\r\nhost: {self._host}\r\nauthorization: Bearer {self._token}\r\n\r\n"
        self._writer.write(question.encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await self._reader.readexactly(int(length.partition(b":")[2]))
        return head.startswith(OK)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def measure(here: Standing, *, per_second: int, seconds: float, advance: Advance) -> Balances:
    """Ask evenly, whether or not earlier questions were answered; one that has to wait for a free connection is late by that much."""
    parts = urlsplit(here.url("gateway"))
    token = here.token("accounts:read", "members:read")
    free: asyncio.Queue[Line] = asyncio.Queue()
    lines = [Line(*await asyncio.open_connection(parts.hostname, parts.port), host=parts.netloc, token=token) for _ in range(CONNECTIONS)]
    for line in lines:
        free.put_nowait(line)
    try:
        return await _paced(free, per_second, seconds, advance)
    except (OSError, asyncio.IncompleteReadError) as error:
        raise Failure(f"The gateway hung up: {error}") from error
    finally:
        for line in lines:
            line.close()


async def _paced(free: asyncio.Queue[Line], per_second: int, seconds: float, advance: Advance) -> Balances:
    now = asyncio.get_running_loop().time
    began, took, failed = now(), [], 0
    skipped = int(per_second * WARM_UP_SECONDS)

    async def ask(number: int, due: float) -> None:
        nonlocal failed
        line = await free.get()
        given = await line.balance(MEMBERS[number % len(MEMBERS)].removeprefix("m:"))
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
        raise Failure(f"{failed:,} of {len(took):,} balances were not given.")
    return Balances(per_second, sorted(took))
