"""Keeps a service alive: started, watched, started again with back-off, stopped cleanly."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 10.0
#: A service that dies so often within so long is broken, not unlucky.
MOST_DEATHS, DEATHS_WINDOW_SECONDS = 5, 60.0
#: A little more than a service gives itself to drain.
STOP_SECONDS = 28.0


@dataclass(frozen=True, slots=True)
class Program:
    """How one service is started."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path


@dataclass(frozen=True, slots=True)
class Condition:
    """How a service fares."""

    name: str
    pid: int | None = None
    restarts: int = 0
    failed: bool = False


async def keep_alive(program: Program, *, changed: Callable[[Condition], None]) -> None:
    """Run the program until cancelled, or until it died too often. Says every change; leaves no process behind."""
    condition = Condition(program.name)
    deaths: deque[float] = deque(maxlen=MOST_DEATHS)
    wait_seconds = FIRST_WAIT_SECONDS
    now = asyncio.get_running_loop().time
    while True:
        started_at = now()
        await _run_once(program, lambda pid, known=condition: changed(replace(known, pid=pid)))  # type: ignore[misc]
        deaths.append(now())
        if len(deaths) == MOST_DEATHS and deaths[-1] - deaths[0] < DEATHS_WINDOW_SECONDS:
            changed(replace(condition, failed=True))
            return
        if now() - started_at > DEATHS_WINDOW_SECONDS:
            wait_seconds = FIRST_WAIT_SECONDS
        condition = replace(condition, restarts=condition.restarts + 1)
        changed(condition)
        await asyncio.sleep(wait_seconds)
        wait_seconds = min(2 * wait_seconds, LONGEST_WAIT_SECONDS)


async def _run_once(program: Program, started: Callable[[int], None]) -> None:
    """Run the program to its end, in a session of its own so that Ctrl-C reaches the supervisor alone."""
    with program.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *program.command,
            env=dict(program.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    started(process.pid)
    try:
        await process.wait()
    finally:
        await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
