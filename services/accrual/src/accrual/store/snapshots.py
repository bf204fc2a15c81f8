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
async def connected(pool: Pool) -> AsyncIterator[Connection]:
    """Give a connection for one statement that reads: a moment by itself, and three messages fewer than a transaction."""
    async with pool.acquire() as connection:
        yield cast("Connection", connection)


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Give a connection whose statements take effect together, or not at all."""
    async with pool.acquire() as connection, connection.transaction():
        yield cast("Connection", connection)
