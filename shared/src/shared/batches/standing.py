"""Where all partitions stand, and which stand still: for operators, not for batches."""

import asyncpg

_EVERYTHING = "select * from consumer_offset order by topic, partition, updated_at desc, incarnation"
_STOPPED = """
    select topic, partition, next, pause_reason as reason from consumer_offset
    where paused_at is not null and topic = coalesce($1, topic) and partition = coalesce($2, partition)
    order by incarnation, topic, partition for update
"""


async def everything(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    """Return the row of every partition that was ever read, the newest broker's first."""
    return list(await connection.fetch(_EVERYTHING))


async def stopped(connection: asyncpg.Connection, *, topic: str | None, partition: int | None) -> list[asyncpg.Record]:
    """Return topic, partition, next and reason of those that the breaker stopped, locked until the transaction ends."""
    return list(await connection.fetch(_STOPPED, topic, partition))
