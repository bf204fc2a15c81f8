"""Real faults, a real Prometheus, the shipped rules: each alert fires, its runbook's remedy works, and it resolves. `make ops` runs it."""

import os
import signal
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from contracts.envelope import Record, encode
from e2e.builders import Cast
from ops.watching import Watched, eventually, watched
from shared.clock import utc_now
from shared.ids import random_id
from shared.local.keys import LocalKeys
from shared.outbox.table import _LOCK_CLASS, SHARDS

pytestmark = [
    pytest.mark.skipif(not os.environ.get("OPS_LIVE"), reason="takes minutes: `make ops` runs it"),
    pytest.mark.timeout(1200),
]
ACTIVITIES = "loyalty.activities.v1"
EXPECTED = {
    ("ConsumerStalled", "accrual"),
    ("BreakerOpen", "accrual"),
    ("OutboxStuck", "accrual"),
    ("InvariantBroken", "accrual"),
    ("TargetDown", "gateway"),
}


@pytest.fixture(scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory, prometheus_programs: Path) -> AsyncIterator[Watched]:
    async with watched(tmp_path_factory.mktemp("ops"), prometheus_programs) as found:
        await publish_programme(found)
        yield found


async def publish_programme(system: Watched) -> None:
    token = system.command("token", "--scope", "programmes:write").strip()
    headers = {"authorization": f"Bearer {token}", "content-type": "application/yaml"}
    document = (Path(__file__).parents[1] / "e2e" / "programme.yaml").read_bytes()
    async with httpx.AsyncClient(headers=headers, trust_env=False) as client:
        (await client.post(f"{system.urls['accrual']}/v1/programmes", content=document)).raise_for_status()


async def buy(system: Watched, count: int) -> None:
    cast = Cast(token=random_id().hex[:12], keys=LocalKeys(system.folder / "keys"), now=utc_now())
    await system.producer.publish([encode(cast.a_purchase(cast.holder(f"nina{number}"))) for number in range(count)])


async def granted(system: Watched) -> int:
    async with system.superuser("accrual") as connection:
        return await connection.fetchval("select coalesce(sum(granted), 0)::int from consumer_offset")


@asynccontextmanager
async def a_locked_partition(system: Watched) -> AsyncIterator[None]:
    """Somebody left a session open that holds what a partition's batches need."""
    async with system.superuser("accrual") as connection, connection.transaction():
        await connection.execute("select from consumer_offset where topic = 'loyalty.purchases.v1' order by partition limit 1 for update")
        yield


@asynccontextmanager
async def a_relay_that_cannot_lead(system: Watched) -> AsyncIterator[None]:
    """Another session sits on every shard of the outbox."""
    async with system.superuser("accrual") as connection:
        await connection.execute("select pg_advisory_lock($1, shard) from generate_series(0, $2::int) as shard", _LOCK_CLASS, SHARDS - 1)
        yield


@asynccontextmanager
async def a_row_changed_by_hand(system: Watched) -> AsyncIterator[None]:
    """Somebody gave a friend a point."""
    async with system.superuser("accrual") as connection:
        anybody = "select min(id::text)::uuid from account where kind <> 'system'"
        account = await connection.fetchval(f"update account set available = available + 1 where id = ({anybody}) returning id")
        yield
        await connection.execute("update account set available = available - 1 where id = $1", account)


@asynccontextmanager
async def a_frozen_process(system: Watched) -> AsyncIterator[None]:
    """It is there, and does nothing."""
    gateway = system.process_of("gateway")
    gateway.send_signal(signal.SIGSTOP)
    yield
    gateway.send_signal(signal.SIGCONT)


@asynccontextmanager
async def a_flood_of_rubbish(system: Watched) -> AsyncIterator[None]:
    """A producer writes something else, one record after the other."""
    await system.producer.publish([Record(ACTIVITIES, b"rubbish", f"oops {number}".encode(), ()) for number in range(60)])
    yield
    assert "dead-letters-in-a-row" in system.command("consumer", "list", "--json")
    assert "no-envelope" in system.command("dlq", "list", "--topic", ACTIVITIES, "--json")
    assert "goes on" in system.command("consumer", "resume", "--topic", ACTIVITIES)
    await eventually(lambda: "stopped" not in system.command("consumer", "list", "--topic", ACTIVITIES))
    await eventually(lambda: '"chosen":60' in system.command("dlq", "discard", "--topic", ACTIVITIES, "--dry-run", "--json"))
    system.command("dlq", "discard", "--topic", ACTIVITIES, "--yes")


FAULTS = (a_locked_partition, a_relay_that_cannot_lead, a_row_changed_by_hand, a_frozen_process, a_flood_of_rubbish)


async def test_each_fault_fires_its_alert_and_its_remedy_resolves_it(system: Watched):
    await buy(system, 60)
    await eventually(lambda: _equals(granted(system), 60))
    await eventually(lambda: _equals(system.alerts(), set()))
    async with AsyncExitStack() as faults:
        for fault in FAULTS:
            await faults.enter_async_context(fault(system))
        await buy(system, 60)
        await eventually(lambda: _equals(system.alerts(), EXPECTED))
        assert not await system.alive("accrual"), "a partition stands still, and the database answers"
    await eventually(lambda: _none_of(system.alerts(), EXPECTED))
    await eventually(lambda: _equals(granted(system), 120))
    await eventually(lambda: _any_of(system.alerts(), {("FreshnessBurning", "accrual")}))  # two minutes late: that has cost freshness
    assert await system.alive("accrual")
    system.command("verify")


async def _none_of(answer: Awaitable[set[tuple[str, str]]], unwanted: set[tuple[str, str]]) -> bool:
    return not await answer & unwanted


async def _any_of(answer: Awaitable[set[tuple[str, str]]], wanted: set[tuple[str, str]]) -> bool:
    return bool(await answer & wanted)


async def _equals(answer: Awaitable[object], expected: object) -> bool:
    found = await answer
    assert found == expected
    return True
