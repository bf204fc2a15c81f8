"""Transactions for those who ask by HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import asyncpg

from accrual.store import Connection

Pool = asyncpg.Pool


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncIterator[Connection]:
    """Give a connection whose statements all see the same moment, and which cannot write."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        yield cast("Connection", connection)


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Give a connection whose statements take effect together, or not at all."""
    async with pool.acquire() as connection, connection.transaction():
        yield cast("Connection", connection)
