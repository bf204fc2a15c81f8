"""The clock's work, by one process at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import asyncpg
import pytest

from shared.postgres import create_pool
from shared.service import Job
from shared.service import schedule as module
from shared.service.schedule import keep_schedule
from shared.testing import A_MONDAY, Database, NewDatabase, SettableClock, eventually

KIOSK = Path(__file__).parent / "kiosk"


@dataclass
class Process:
    """One process of a service, as far as its schedule goes."""

    pool: asyncpg.Pool
    job: Callable[[asyncpg.Connection, datetime], Awaitable[int]]
    every_seconds: float = 0.01
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[asyncio.Task[None]]:
        job = Job("count", self.every_seconds, self.job, self.ended.set)
        task = asyncio.create_task(keep_schedule([job], pool=self.pool, clock=SettableClock(), nudge=self.nudge, stop=self.stop))
        yield task
        self.stop.set()
        await asyncio.wait({task})


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "STANDBY_SECONDS", 0.05)


@pytest.fixture
async def base(database: NewDatabase) -> Database:
    return await database(KIOSK, service="kiosk")


def counting(calls: list[datetime], *answers: int) -> Callable[[asyncpg.Connection, datetime], Awaitable[int]]:
    left = list(answers)

    async def job(_: asyncpg.Connection, now: datetime) -> int:
        calls.append(now)
        return left.pop(0) if left else 0

    return job


async def test_a_job_with_more_to_do_goes_on_at_once_and_wakes_the_relay(base: Database):
    calls: list[datetime] = []
    process = Process(base.pool, counting(calls, 5, 5, 1), every_seconds=3600)
    async with process.at_work():
        await eventually(lambda: len(calls) == 4)
    assert calls == [A_MONDAY] * 4
    assert process.nudge.is_set()


async def test_a_job_with_nothing_to_do_waits_for_its_time(base: Database):
    calls: list[datetime] = []
    async with Process(base.pool, counting(calls), every_seconds=0.02).at_work():
        await eventually(lambda: len(calls) >= 3)


async def test_one_process_leads_and_another_takes_over_when_its_session_ends(base: Database):
    pools = [await create_pool(base.url, size=2, application_name=f"process {number}") for number in range(2)]
    calls: list[list[datetime]] = [[], []]
    try:
        former, next_ = Process(pools[0], counting(calls[0])), Process(pools[1], counting(calls[1]))
        async with former.at_work():
            await eventually(lambda: calls[0])
            async with next_.at_work() as second:
                await eventually(lambda: len(calls[0]) > 10)
                assert calls[1] == []
                assert not former.ended.is_set()
                pools[0].terminate()
                await eventually(lambda: calls[1] and former.ended.is_set())
                assert not second.done()
                assert not next_.ended.is_set()
    finally:
        for pool in pools:
            pool.terminate()


async def test_whoever_stops_lets_go_of_the_lead(base: Database):
    calls: list[datetime] = []
    async with Process(base.pool, counting(calls)).at_work():
        await eventually(lambda: calls)
    mine = "database = (select oid from pg_database where datname = current_database())"
    assert not await base.pool.fetch(f"select from pg_locks where locktype = 'advisory' and classid = $1 and {mine}", module._LOCK_CLASS)


async def test_a_leader_that_stands_still_is_replaced_and_does_nothing_when_it_wakes(base: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LEADER_IDLE_SECONDS", 0.3)
    pools = [await create_pool(base.url, size=2, application_name=f"process {number}") for number in range(2)]
    calls: list[list[datetime]] = [[], []]
    frozen, thawed = Process(pools[0], counting(calls[0])), asyncio.Event()
    sleep = module._sleep

    async def stands_still(seconds: float, stop: asyncio.Event) -> None:
        await (thawed.wait() if stop is frozen.stop else sleep(seconds, stop))

    monkeypatch.setattr(module, "_sleep", stands_still)
    try:
        async with frozen.at_work() as first:
            await eventually(lambda: calls[0])
            async with Process(pools[1], counting(calls[1])).at_work():
                await eventually(lambda: calls[1])
                before = len(calls[0])
                monkeypatch.setattr(module, "_sleep", sleep)
                thawed.set()
                done = len(calls[1])
                await eventually(lambda: len(calls[1]) > done + 10)
                assert (len(calls[0]), first.done()) == (before, False)
    finally:
        for pool in pools:
            pool.terminate()


async def test_a_leader_that_loses_its_session_asks_again(base: Database):
    calls: list[datetime] = []
    async with Process(base.pool, counting(calls)).at_work() as task:
        await eventually(lambda: calls)
        leader = "select pid from pg_locks where locktype = 'advisory' and classid = $1"
        await base.pool.execute(f"select pg_terminate_backend(pid) from ({leader}) as leader", module._LOCK_CLASS)
        before = len(calls)
        await eventually(lambda: len(calls) > before)
        assert not task.done()


async def test_a_job_in_somebodys_way_is_tried_again(base: Database):
    calls: list[datetime] = []

    async def job(connection: asyncpg.Connection, now: datetime) -> int:
        calls.append(now)
        if len(calls) == 1:
            raise asyncpg.DeadlockDetectedError
        return 0

    async with Process(base.pool, job).at_work() as task:
        await eventually(lambda: len(calls) > 1)
        assert not task.done()


async def test_a_job_that_fails_undoes_its_work_and_ends_the_process(base: Database):
    async def job(connection: asyncpg.Connection, now: datetime) -> int:
        await connection.execute("insert into broken values ('half a job')")
        raise ZeroDivisionError

    async with Process(base.pool, job).at_work() as task:
        await asyncio.wait({task}, timeout=10)
        assert isinstance(task.exception(), ZeroDivisionError)
    assert await base.pool.fetchval("select count(*) from broken") == 0
