"""The whole stack as `loyalty up` runs it: what P6, P7, P8, P15 and P16 are measured on."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice

import asyncpg
from backlog import Backlog, holder_of
from chain import PURCHASES
from ground import PROGRAMME

from loyalty.console import Failure, note
from loyalty.demo.run import make_room
from loyalty.stack.keys import token_for
from loyalty.stack.places import Places
from loyalty.stack.programs import AUDIENCE
from loyalty.stack.run import Options, stack
from loyalty.stack.supervisor import Supervisor
from shared.clock import utc_now
from shared.kafka import Producer

CHUNK = 5000
HOLDERS = 2000
MEMBERS = [holder_of(number) for number in range(1, HOLDERS, 2)]
PATIENCE_SECONDS = 120.0
_TO_ACTIVATE = "select count(*) from lot where state = 'pending' and usable_from <= now()"
_WITH_POINTS = """
    select holder from holder join account on account.id = holder.account_id where holder = any($1::text[]) and available >= $2 order by holder
"""
_DONE = "select coalesce(sum(next - first), 0)::bigint from consumer_offset where topic = $1"


@dataclass(frozen=True, slots=True)
class Standing:
    """A running stack."""

    places: Places
    supervisor: Supervisor

    @property
    def address(self) -> str:
        """Where Kafka is."""
        return self.supervisor.state.broker.bootstrap_servers

    def url(self, service: str) -> str:
        """Where a service answers."""
        return self.supervisor.state.services[service].url

    def pid(self, service: str) -> int:
        """Return the process that is this service now. Fails while it is being started again."""
        pid = self.supervisor.state.services[service].pid
        if pid is None:
            raise Failure(f"{service} does not run.")
        return pid

    def token(self, *scopes: str) -> str:
        """Return a token with these scopes."""
        return token_for(self.places, scopes=scopes, audience=AUDIENCE)

    async def fill(self, *, purchases: int, seed: int) -> None:
        """Publish purchases by all the holders, and wait until each has its verdict."""
        records = Backlog(purchases=purchases, holders=HOLDERS, seed=seed, until=utc_now(), name="standing").records()
        producer = Producer(self.address, name="bench")
        try:
            while some := list(islice(records, CHUNK)):
                await producer.publish(some)
        finally:
            await producer.close()
        await self._until(lambda connection: _all_decided(connection, purchases), "not all purchases have a verdict")

    async def members_with(self, points: int) -> list[str]:
        """Wait until the clock has made usable what is due, and return the members who have so many usable points."""
        await self._until(_none_to_activate, "not all points are usable that should be")
        connection = await asyncpg.connect(self._database)
        try:
            return [row[0] for row in await connection.fetch(_WITH_POINTS, MEMBERS, points)]
        finally:
            await connection.close()

    @property
    def _database(self) -> str:
        return self.supervisor.state.verify_urls["accrual"]

    async def _until(self, reached: Callable[[asyncpg.Connection], Awaitable[bool]], otherwise: str) -> None:
        connection = await asyncpg.connect(self._database)
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not await reached(connection):
                if time.monotonic() > deadline:
                    raise Failure(f"After {PATIENCE_SECONDS:.0f} s {otherwise}.")
                await asyncio.sleep(0.1)
        finally:
            await connection.close()


@asynccontextmanager
async def standing(places: Places) -> AsyncIterator[Standing]:
    """Start a stack with no data, and stop and remove it at the end."""
    options = Options(places, broker="kafka", programmes=(PROGRAMME,), given_servers=False)
    make_room(places)
    try:
        async with stack(options, say=note) as supervisor:
            yield Standing(places, supervisor)
    finally:
        shutil.rmtree(places.folder, ignore_errors=True)


async def _all_decided(connection: asyncpg.Connection, purchases: int) -> bool:
    return bool(await connection.fetchval(_DONE, PURCHASES) >= purchases)


async def _none_to_activate(connection: asyncpg.Connection) -> bool:
    return bool(await connection.fetchval(_TO_ACTIVATE) == 0)
