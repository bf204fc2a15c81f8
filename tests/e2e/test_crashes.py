"""Processes die and multiply; the figures stay the same."""

import asyncio
import subprocess
import sys

from e2e.builders import Cast
from e2e.system import System, eventually

MANY = 3_000


async def test_kill_9_in_the_middle_of_the_work_loses_and_doubles_nothing(system: System, cast: Cast):
    holders = [cast.holder(f"kira{number}") for number in range(30)]
    purchases = [cast.a_purchase(holders[number % len(holders)], total_cents=1_00) for number in range(MANY)]
    publishing = asyncio.create_task(system.publish(*purchases))
    await eventually(lambda: system.verdict(purchases[0].source, purchases[0].id))
    victim = system.process_of("accrual")
    victim.kill()
    await publishing
    await eventually(lambda: system.process_of("accrual").pid != victim.pid)
    for number in range(len(holders)):
        await eventually(lambda number=number: _has(system, cast.email(f"kira{number}"), MANY // len(holders)))
    assert system.verify()["violations"] == 0


async def test_two_processes_share_the_work(system: System, cast: Cast):
    """A second process joins while purchases flow in, takes partitions, and leaves again; every purchase counts once."""
    holders = [cast.holder(f"leo{number}") for number in range(30)]
    purchases = [cast.a_purchase(holders[number % len(holders)], total_cents=1_00) for number in range(MANY)]
    environment = system.process_of("accrual").environ() | {"HTTP_PORT": "0"}
    log = (system.folder / "logs" / "accrual-second.log").open("wb")
    second = subprocess.Popen([sys.executable, "-m", "accrual"], env=environment, stdout=log, stderr=subprocess.STDOUT)  # noqa: ASYNC220  it only starts
    try:
        third = MANY // 3
        await system.publish(*purchases[:third])
        await eventually(lambda: _owns_partitions(system))
        await system.publish(*purchases[third : 2 * third])
    finally:
        second.terminate()
        second.wait(30)
        log.close()
    await system.publish(*purchases[2 * third :])
    for number in range(len(holders)):
        await eventually(lambda number=number: _has(system, cast.email(f"leo{number}"), MANY // len(holders)))
    assert system.verify()["violations"] == 0
    assert second.returncode == 0


async def _has(system: System, email: str, points: int) -> bool:
    return await system.available(email) == points


def _owns_partitions(system: System) -> bool:
    return "partitions assigned" in (system.folder / "logs" / "accrual-second.log").read_text()
