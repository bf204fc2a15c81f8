"""The row that says where a partition is read to: locked and compared by each batch, set with its effects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from contracts.verdicts import Verdict
from shared.batches.breaker import Breaker

_VERDICTS = tuple(Verdict)
_COLUMNS = [verdict.replace("-", "_") for verdict in _VERDICTS]
_WHERE = "incarnation = $1 and topic = $2 and partition = $3"
_BEGIN = """
    insert into consumer_offset (incarnation, topic, partition, first, next, updated_at) values ($1, $2, $3, $4, $4, $5)
    on conflict do nothing
"""
_STORED = f"select next, recent_dead, dead_in_a_row, pause_reason, updated_at from consumer_offset where {_WHERE}"  # noqa: S608  constants
_CLAIM = f"select from consumer_offset where {_WHERE} and next = $4 and paused_at is null for update"
_ADVANCE = f"""
    update consumer_offset set
        next = $5, gaps = gaps + $6, recent_dead = $7, dead_in_a_row = $8, pause_reason = $9::text,
        paused_at = case when $9::text is null then null else $10::timestamptz end, updated_at = $10,
        {", ".join(f"{column} = {column} + ${11 + place}" for place, column in enumerate(_COLUMNS))}
    where {_WHERE} and next = $4
"""  # noqa: S608  constants
_REWIND = f"update consumer_offset set next = $5, gaps = gaps - (next - $5), updated_at = $6 where {_WHERE} and next = $4"  # noqa: S608  constants
_RESUME = """
    update consumer_offset set paused_at = null, pause_reason = null, recent_dead = '{}', dead_in_a_row = 0, updated_at = $1
    where paused_at is not null and topic = coalesce($2, topic) and partition = coalesce($3, partition)
"""


@dataclass(frozen=True, slots=True)
class Position:
    """A partition of a topic of one broker, from its first start to its end."""

    incarnation: str
    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database knows of a partition."""

    next: int
    breaker: Breaker
    pause_reason: str | None
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class Advance:
    """How a batch moves its partition on. The verdicts and the gaps add up to the way from `expected` to `next`."""

    expected: int
    next: int
    gaps: int
    verdicts: Mapping[Verdict, int]
    breaker: Breaker
    pause_reason: str | None


class OffsetTakenError(Exception):
    """The stored offset is not the one this process expected: somebody else was there, or an operator paused the partition."""


async def begin(connection: asyncpg.Connection, position: Position, *, first: int, now: datetime) -> None:
    """Start to read a partition at this offset, unless that was done before."""
    await connection.execute(_BEGIN, *_key(position), first, now)


async def stored(connection: asyncpg.Connection, position: Position) -> Stored | None:
    """Look up where a partition is read to. None: it never was read."""
    row = await connection.fetchrow(_STORED, *_key(position))
    if row is None:
        return None
    return Stored(row["next"], Breaker(tuple(row["recent_dead"]), row["dead_in_a_row"]), row["pause_reason"], row["updated_at"])


async def claim(connection: asyncpg.Connection, position: Position, *, expected: int) -> None:
    """Be the only one to move this partition until the transaction ends. Raises OffsetTakenError if it is not where it was expected."""
    if await connection.fetchrow(_CLAIM, *_key(position), expected) is None:
        raise OffsetTakenError(f"{position.topic}/{position.partition} is not at {expected} any more")


async def advance(connection: asyncpg.Connection, position: Position, move: Advance, *, now: datetime) -> None:
    """Move a claimed partition on, and count what became of its records."""
    counts = [move.verdicts.get(verdict, 0) for verdict in _VERDICTS]
    breaker = move.breaker
    values = (move.expected, move.next, move.gaps, breaker.recent, breaker.in_a_row, move.pause_reason, now)
    tag = await connection.execute(_ADVANCE, *_key(position), *values, *counts)
    if tag != "UPDATE 1":
        raise OffsetTakenError(f"{position.topic}/{position.partition} was not at {move.expected}")


async def rewind(connection: asyncpg.Connection, position: Position, *, expected: int, first: int, now: datetime) -> bool:
    """Read again from `first`, because the broker has lost what was read up to here: the inbox keeps what counted from counting again."""
    return await connection.execute(_REWIND, *_key(position), expected, first, now) == "UPDATE 1"


async def resume(connection: asyncpg.Connection, *, topic: str | None = None, partition: int | None = None, now: datetime) -> int:
    """Let stopped partitions go on, their breakers closed and forgetful. Returns how many there were."""
    tag = await connection.execute(_RESUME, now, topic, partition)
    return int(tag.removeprefix("UPDATE "))


def _key(position: Position) -> tuple[str, str, int]:
    return position.incarnation, position.topic, position.partition
