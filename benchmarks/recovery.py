"""P15: how soon a killed process, broker or PostgreSQL is back at work."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count

import httpx
from aiokafka.errors import KafkaError
from backlog import Backlog
from rewards import Arrivals, listening
from standing import HOLDERS, Standing

from loyalty.console import Failure
from shared.clock import utc_now
from shared.kafka import Producer
from shared.local import start_broker, start_postgres

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.02
_NUMBERS = count(1)  # no two probes are the same purchase


class Probe:
    """Produces one purchase and tells when its reward can be read."""

    def __init__(self, here: Standing, arrivals: Arrivals) -> None:
        self._here, self._arrivals = here, arrivals

    async def rewarded(self) -> None:
        """Produce a purchase, as often as it takes until the broker has it, and wait for its reward."""
        number = next(_NUMBERS)
        backlog = Backlog(purchases=1, holders=HOLDERS, seed=number, until=utc_now(), name="probe")
        event = f"probe-{number}-0"
        producer = Producer(self._here.address, name="probe")
        try:
            while True:
                with suppress(KafkaError, OSError):
                    await producer.publish(list(backlog.records()))
                    break
                await asyncio.sleep(POLL_SECONDS)
        finally:
            await producer.close()
        await _until(lambda: event in self._arrivals.at, what="the probe's reward")


async def measure(here: Standing) -> dict[str, float]:
    """Kill each service, then the broker, then PostgreSQL. Returns seconds until they work again: from the kill for services, from up for servers."""
    found = {}
    async with _probing(here) as probe:
        await probe.rewarded()
        found["accrual"] = await _killed(here, "accrual", probe.rewarded)
    for service in ("members", "gateway"):
        found[service] = await _killed(here, service, lambda service=service: _ready(here, service))  # type: ignore[misc]
    found["kafka"] = await _broker(here)
    async with _probing(here) as probe:
        found["postgresql"] = await _postgres(here, probe)
    return found


@asynccontextmanager
async def _probing(here: Standing) -> AsyncIterator[Probe]:
    async with listening(here.address) as arrivals:
        yield Probe(here, arrivals)


async def _killed(here: Standing, service: str, works: Callable[[], Awaitable[None]]) -> float:
    now = asyncio.get_running_loop().time
    before = here.pid(service)
    os.kill(before, signal.SIGKILL)
    began = now()
    await _until(lambda: here.supervisor.state.services[service].pid != before, what=f"another {service}")
    await works()
    return now() - began


async def _ready(here: Standing, service: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
        while True:
            with suppress(httpx.HTTPError):
                if (await client.get(f"{here.url(service)}/health/ready")).is_success:
                    return
            await asyncio.sleep(POLL_SECONDS)


async def _broker(here: Standing) -> float:
    """Kill the broker and start it again; count from the moment it answers."""
    now = asyncio.get_running_loop().time
    start_broker(here.places.broker).kill()
    await asyncio.to_thread(start_broker, here.places.broker, die_with_parent=False)
    began = now()
    async with _probing(here) as probe:
        await probe.rewarded()
    return now() - began


async def _postgres(here: Standing, probe: Probe) -> float:
    """Kill PostgreSQL and start it again; count from the moment it answers."""
    now = asyncio.get_running_loop().time
    start_postgres(here.places.postgres).kill()
    start_postgres(here.places.postgres)  # in this thread: it dies with the one that starts it
    began = now()
    await probe.rewarded()
    return now() - began


async def _until(true: Callable[[], bool], *, what: str) -> None:
    now = asyncio.get_running_loop().time
    deadline = now() + PATIENCE_SECONDS
    while not true():
        if now() > deadline:
            raise Failure(f"After {PATIENCE_SECONDS:.0f} s there is no sign of {what}.")
        await asyncio.sleep(POLL_SECONDS)
