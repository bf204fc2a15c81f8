"""The broker as a command uses it: found, written to, and patient when it hiccups."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from contracts.envelope import Record
from loyalty.console import COULD_NOT, Failure
from loyalty.publish.run import Send
from loyalty.stack import state
from loyalty.stack.places import Places
from shared.kafka import Producer, UnavailableError, UnpublishedError, incarnation_of

#: A broker that restarts is back within seconds; records sent twice keep their ids and count once.
ATTEMPTS = 8
WAIT_SECONDS = 2.0


def address_of(given: str | None, places: Places) -> str:
    """Say which broker is meant: the one given, or the local stack's."""
    return given or os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or state.running(places).broker.bootstrap_servers


async def incarnation(bootstrap_servers: str) -> str:
    """Tell which broker this is; a memory-only one is another after each start."""
    try:
        return await incarnation_of(bootstrap_servers)
    except UnavailableError as error:
        raise Failure(
            f"The broker at {bootstrap_servers} does not answer: {error}", advice="Is it up? `loyalty status` shows the local one.", code=COULD_NOT
        ) from error


@asynccontextmanager
async def producing(bootstrap_servers: str) -> AsyncIterator[Send]:
    """Give a function that sends records and returns when all replicas have them. It fails once the broker stays away."""
    producer = Producer(bootstrap_servers, name="loyalty")

    async def send(records: Sequence[Record]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await producer.publish(records)
            except UnpublishedError as error:
                if attempt == ATTEMPTS:
                    advice = "Is it up? `loyalty status` shows the local one. Running the same command again goes on where this one stopped."
                    raise Failure(f"The broker at {bootstrap_servers} does not take events: {error}", advice=advice) from error
                await asyncio.sleep(WAIT_SECONDS)
            else:
                return

    try:
        yield send
    finally:
        await producer.close()
