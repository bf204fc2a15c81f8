"""Watches the services work, by the read-only role: how far they are, and what there is in the end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg

from contracts.verdicts import Verdict

_COLUMNS = {verdict: verdict.replace("-", "_") for verdict in Verdict}
_VERDICTS = f"select {', '.join(f'coalesce(sum({column}), 0)::bigint as {column}' for column in _COLUMNS.values())} from consumer_offset where topic = $1"  # noqa: S608  a closed list
_UNSENT = "select count(*) from outbox"
_DUE = "select count(*) from lot where (state = 'pending' and usable_from <= now()) or (remaining > 0 and expires_at <= now())"


class Watch:
    """What the databases say of the services' progress."""

    def __init__(self, connections: Mapping[str, asyncpg.Connection]) -> None:
        self._connections = connections

    async def verdicts(self, service: str, topic: str) -> dict[str, int]:
        """Count what became of a topic's records, by verdict."""
        row = await self._connections[service].fetchrow(_VERDICTS, topic)
        return {str(verdict): row[column] for verdict, column in _COLUMNS.items()} if row else {}

    async def decided(self, service: str, topic: str) -> int:
        """Count the records of a topic that have their verdict."""
        return sum((await self.verdicts(service, topic)).values())

    async def unsent(self, service: str) -> int:
        """Count what a service has said and not yet sent to Kafka."""
        count: int = await self._connections[service].fetchval(_UNSENT)
        return count

    async def due(self) -> int:
        """Count the lots whose day has come and that still wait for it: to become usable, or to expire."""
        count: int = await self._connections["accrual"].fetchval(_DUE)
        return count

    async def accrual(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask accrual's database."""
        rows: list[asyncpg.Record] = await self._connections["accrual"].fetch(query, *arguments)
        return rows


@asynccontextmanager
async def watching(urls: Mapping[str, str]) -> AsyncIterator[Watch]:
    """Connect to every service's database, to read."""
    async with AsyncExitStack() as opened:
        connections = {}
        for service, url in urls.items():
            connections[service] = await asyncpg.connect(url, server_settings={"application_name": "loyalty demo"})
            opened.push_async_callback(connections[service].close)
        yield Watch(connections)
