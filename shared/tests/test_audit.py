"""The scheduled audit: what it finds is seen, and it is in nobody's way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from prometheus_client import REGISTRY

from shared.checks import Check, Violation
from shared.service import audit as module
from shared.service.audit import Audit
from shared.testing import A_MONDAY, Database, NewDatabase, SettableClock, eventually

BROKEN = "select offset_ from (select next as offset_ from consumer_offset where topic = 'broken') as rows"


@pytest.fixture
async def base(database: NewDatabase) -> Database:
    return await database()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_STANDBY_SECONDS", 0.05)
    monkeypatch.setattr(module, "REST", 0)


def asking(name: str, query: str = BROKEN) -> Check:
    async def run(connection: asyncpg.Connection) -> AsyncIterator[Violation]:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            async for (found,) in connection.cursor(query):
                yield Violation(name, "consumer_offset", "broken/0", "0", str(found))

    return Check(name, "Nothing is broken", run)


@asynccontextmanager
async def at_work(base: Database, *checks: Check, service: str = "toy") -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    audit = Audit(service=service, url=base.url, checks=checks, every_seconds=0.01, clock=SettableClock())
    task = asyncio.create_task(audit.run(stop))
    yield task
    stop.set()
    await asyncio.wait_for(asyncio.wait({task}), 10)
    assert task.done()


def violations(name: str) -> float | None:
    return REGISTRY.get_sample_value("loyalty_invariant_violations", {"invariant": name})


def checked(name: str) -> float | None:
    return REGISTRY.get_sample_value("loyalty_invariant_checked_timestamp_seconds", {"invariant": name})


async def break_it(base: Database) -> None:
    columns = "incarnation, topic, partition, first, next, updated_at"
    await base.pool.execute(f"insert into consumer_offset ({columns}) values ('b', 'broken', 0, 7, 7, $1)", A_MONDAY)


async def test_a_violation_is_seen_and_logged_with_its_row_until_it_is_gone(base: Database, capsys: pytest.CaptureFixture[str]):
    async with at_work(base, asking("T1")):
        await eventually(lambda: checked("T1") == A_MONDAY.timestamp())
        assert violations("T1") == 0
        await break_it(base)
        await eventually(lambda: violations("T1") == 1)
        assert "broken/0" in capsys.readouterr().out
        await base.pool.execute("update consumer_offset set topic = 'mended'")
        await eventually(lambda: violations("T1") == 0)


async def test_one_process_looks_and_another_takes_over_and_an_old_finding_is_not_repeated(base: Database):
    await break_it(base)

    async def first_has_lost() -> bool:
        await base.pool.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'first audit'")
        return violations("T2") == 0

    async with at_work(base, asking("T2"), service="first"):
        await eventually(lambda: violations("T2") == 1)
        async with at_work(base, asking("T3"), service="second"):
            assert not checked("T3")
            await eventually(first_has_lost)
            await eventually(lambda: violations("T3") == 1)
            assert checked("T2") == A_MONDAY.timestamp()


async def test_a_leader_that_stands_still_is_replaced(base: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_IDLE_SECONDS", 0.3)
    thawed, first, rest = asyncio.Event(), list[asyncio.Event](), module._rest

    async def stands_still(seconds: float, stop: asyncio.Event) -> None:
        first.extend([] if first else [stop])
        await (thawed.wait() if stop is first[0] else rest(seconds, stop))

    monkeypatch.setattr(module, "_rest", stands_still)
    async with at_work(base, asking("F1")):
        await eventually(lambda: first)
        async with at_work(base, asking("F2")):
            await eventually(lambda: checked("F2"))
            thawed.set()


async def test_a_check_that_takes_too_long_is_given_up_and_the_next_one_is_asked(base: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.2)
    async with at_work(base, asking("T4", "select pg_sleep(600)"), asking("T5")):
        await eventually(lambda: checked("T5"))
    assert checked("T4") == 0
    assert await base.pool.fetchval("select count(*) from pg_stat_activity where application_name = 'toy audit' and state = 'active'") == 0


async def test_a_check_that_costs_the_session_each_time_does_not_keep_the_others_from_being_asked(base: Database):
    async with at_work(base, asking("T10", "select 1 from pg_terminate_backend(pg_backend_pid())"), asking("T11")):
        await eventually(lambda: checked("T11"))
    assert checked("T10") == 0


async def test_a_check_that_fails_is_not_a_clean_one_and_ends_nothing(base: Database):
    async def breaks(connection: asyncpg.Connection) -> AsyncIterator[Violation]:
        await connection.fetchval("select 1 / 0")
        yield Violation("T6", "", "", "", "")

    async with at_work(base, Check("T6", "fails", breaks), asking("T7")) as task:
        await eventually(lambda: checked("T7"))
        assert not task.done()
    assert checked("T6") == 0


async def test_nothing_is_written_and_a_stop_does_not_wait_for_a_check(base: Database):
    written = asyncio.Event()

    async def writes(connection: asyncpg.Connection) -> AsyncIterator[Violation]:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("delete from consumer_offset")
        written.set()
        await connection.execute("select pg_sleep(600)")
        yield Violation("T8", "", "", "", "")

    async with at_work(base, Check("T8", "writes", writes)):
        await asyncio.wait_for(written.wait(), 30)


async def test_the_rest_is_as_long_as_the_look_nine_times(base: Database, monkeypatch: pytest.MonkeyPatch):
    rests: list[float] = []

    async def rest(seconds: float, stop: asyncio.Event) -> None:
        rests.append(seconds)
        stop.set()

    monkeypatch.setattr(module, "REST", 9)
    monkeypatch.setattr(module, "_rest", rest)
    async with at_work(base, asking("T9", "select 1 from pg_sleep(0.1)")) as task:
        await asyncio.wait({task}, timeout=30)
    assert rests[0] >= 0.9
