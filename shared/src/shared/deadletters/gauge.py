"""How many dead letters wait, told to the metrics every so often from the table itself: it survives restarts, a counter does not."""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import cast

import asyncpg
import structlog

from contracts.faults import Fault
from shared.deadletters import table
from shared.deadletters.letters import INTERNAL_ERROR
from shared.metrics import DEAD_LETTERS_WAITING
from shared.postgres import AWAY

log = structlog.get_logger(__name__)

EVERY_SECONDS = 5.0


async def tell_waiting(pool: asyncpg.Pool, topics: Iterable[str], stop: asyncio.Event) -> None:
    """Keep the gauge true until `stop` is set. Every process of a service says the same number: take the largest, never the sum."""
    seen = {(topic, code) for topic in topics for code in (*(fault.value for fault in Fault), INTERNAL_ERROR)}
    for labels in seen:
        DEAD_LETTERS_WAITING.labels(*labels).set(0)
    while not stop.is_set():
        try:
            await tell_once(pool, seen)
        except AWAY as error:
            log.warning("dead letters could not be counted", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_SECONDS)


async def tell_once(pool: asyncpg.Pool, seen: set[tuple[str, str]]) -> None:
    """Set the gauge, to 0 for those that were `seen` and of which nobody waits any more; what is new is added to them."""
    async with pool.acquire() as connection:
        waiting = await table.waiting(cast("asyncpg.Connection", connection))
    seen |= waiting.keys()
    for labels in seen:
        DEAD_LETTERS_WAITING.labels(*labels).set(waiting.get(labels, 0))
