"""What members remembers. SQL lives here and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import asyncpg

Connection = asyncpg.Connection
"""A connection inside a transaction of the caller's, unless a function says that it only reads."""
Pool = asyncpg.Pool


@asynccontextmanager
async def reading(pool: Pool) -> AsyncIterator[Connection]:
    """Give a connection that sees one moment and writes nothing."""
    async with pool.acquire() as proxy:
        connection = cast("Connection", proxy)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection
