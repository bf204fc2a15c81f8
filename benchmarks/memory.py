"""P16: how much memory an idle service holds."""

import asyncio

import psutil
from standing import Standing

IDLE_SECONDS = 10.0
MIB = 2**20


async def measure(here: Standing) -> dict[str, float]:
    """Wait until nothing happens any more, and return MiB of resident memory by service."""
    await asyncio.sleep(IDLE_SECONDS)
    return {name: psutil.Process(here.pid(name)).memory_info().rss / MIB for name in here.supervisor.state.services}
