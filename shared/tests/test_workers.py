"""Tasks that run until they are told to stop."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from shared.service.workers import Rank, WorkerEndedError, Workers


async def until_told(stop: asyncio.Event) -> None:
    await stop.wait()


async def test_what_comes_in_stops_before_what_goes_out():
    workers = Workers()
    order: list[Rank] = []

    def work(rank: Rank) -> Callable[[asyncio.Event], Awaitable[None]]:
        async def one(stop: asyncio.Event) -> None:
            await stop.wait()
            order.append(rank)

        return one

    for rank in (Rank.HTTP, Rank.RELAY, Rank.HEALTH, Rank.INTAKE):
        workers.start(rank, rank.name, work(rank))
    await workers.drain()
    assert order == [Rank.INTAKE, Rank.RELAY, Rank.HTTP, Rank.HEALTH]


async def test_a_task_that_ends_by_itself_is_a_failure_with_or_without_an_exception():
    async def fail(_: asyncio.Event) -> None:
        raise ZeroDivisionError

    async def leave(_: asyncio.Event) -> None:
        return

    for work, cause in ((fail, ZeroDivisionError), (leave, type(None))):
        workers, never = Workers(), asyncio.create_task(asyncio.Event().wait())
        workers.start(Rank.RELAY, "steady", until_told)
        workers.start(Rank.INTAKE, "fickle", work)
        with pytest.raises(WorkerEndedError, match="fickle") as ended:
            await workers.watch(never)
        assert isinstance(ended.value.__cause__, cause)
        never.cancel()
        await workers.drain()


async def test_watching_ends_when_it_is_time_to_stop():
    workers = Workers()
    workers.start(Rank.INTAKE, "steady", until_told)
    stop = asyncio.Event()
    watching = asyncio.create_task(workers.watch(asyncio.create_task(stop.wait())))
    stop.set()
    await watching
    await workers.drain()


async def test_one_that_does_not_stop_well_does_not_keep_the_others_from_it():
    async def fail_at_the_end(stop: asyncio.Event) -> None:
        await stop.wait()
        raise ZeroDivisionError

    workers, stopped = Workers(), []

    async def note(stop: asyncio.Event) -> None:
        await stop.wait()
        stopped.append(True)

    workers.start(Rank.INTAKE, "bad", fail_at_the_end)
    workers.start(Rank.RELAY, "good", note)
    await workers.drain()
    assert stopped == [True]


async def test_what_is_abandoned_is_cancelled():
    workers = Workers()
    workers.start(Rank.INTAKE, "steady", until_told)
    await workers.abandon()
    assert workers._all[0].task.cancelled()
