"""Tasks that run until they are told to stop, watched while they do."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import IntEnum

import structlog

from shared.logs import SpeakableError

log = structlog.get_logger(__name__)


class Rank(IntEnum):
    """Who stops first: what comes in ends before what goes out, and answers are given to the last."""

    INTAKE = 1
    RELAY = 2
    HTTP = 3
    HEALTH = 4


class WorkerEndedError(SpeakableError):
    """A task that should run for as long as the process has ended."""


@dataclass(frozen=True, slots=True)
class _Worker:
    rank: Rank
    name: str
    task: asyncio.Task[None]
    stop: asyncio.Event


@dataclass(slots=True)
class Workers:
    """The tasks of a process."""

    _all: list[_Worker] = field(default_factory=list)

    def start(self, rank: Rank, name: str, work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        """Run this until the event that it is given is set."""
        stop = asyncio.Event()

        async def running() -> None:
            await work(stop)

        self._all.append(_Worker(rank, name, asyncio.create_task(running(), name=name), stop))

    async def watch(self, until: asyncio.Task[object]) -> None:
        """Return when that task is done. Raises WorkerEndedError as soon as a worker ends by itself, with what it raised as the cause."""
        done, _ = await asyncio.wait({until, *(worker.task for worker in self._all)}, return_when=asyncio.FIRST_COMPLETED)
        for worker in self._all:
            if worker.task in done:
                raise WorkerEndedError(worker.name) from worker.task.exception()

    async def drain(self) -> None:
        """Tell one after the other to stop, by rank, and wait for each."""
        for worker in sorted(self._all, key=lambda worker: worker.rank):
            worker.stop.set()
            await asyncio.wait({worker.task})
            error = None if worker.task.cancelled() else worker.task.exception()
            if error is not None:
                log.error("did not stop well", worker=worker.name, exc_info=error)
            else:
                log.info("stopped", worker=worker.name)

    async def abandon(self) -> None:
        """Cancel what still runs."""
        running = [worker.task for worker in self._all if not worker.task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
