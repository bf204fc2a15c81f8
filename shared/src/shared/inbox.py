"""The inbox: which events have a verdict already, and which one. It never forgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from contracts.verdicts import Verdict
from shared.ids import event_key

#: Why a record that was known by its place is a duplicate: it came again, its id could be read, and that is what counts now.
HAS_AN_ID = "has-an-id"
_KNOWN = f"select key from inbox where key = any($1::bytea[]) and verdict <> '{Verdict.DEAD_LETTERED}'"  # noqa: S608  a constant
_INSERT = f"""
    insert into inbox (key, verdict, reason, decided_at)
    select key, verdict, reason, $4 from unnest($1::bytea[], $2::text[], $3::text[]) as new (key, verdict, reason)
    on conflict (key) do update set verdict = excluded.verdict, reason = excluded.reason, decided_at = excluded.decided_at
    where inbox.verdict = '{Verdict.DEAD_LETTERED}'
"""  # noqa: S608  a constant
_RESOLVE = f"""
    update inbox set verdict = new.verdict, reason = new.reason, decided_at = $4
    from unnest($1::bytea[], $2::text[], $3::text[]) as new (key, verdict, reason)
    where inbox.key = new.key and inbox.verdict = '{Verdict.WAITING}'
"""  # noqa: S608  a constant
_SUPERSEDE = f"""
    update inbox set verdict = '{Verdict.DUPLICATE}', reason = '{HAS_AN_ID}', decided_at = $2
    where key = any($1::bytea[]) and verdict = '{Verdict.DEAD_LETTERED}'
        and exists (select from dead_letter where dead_letter.key = inbox.key and dead_letter.state = 'redriven')
"""  # noqa: S608  constants
_FIND = "select verdict, reason, decided_at from inbox where key = $1"


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """What became of one event, and when that was decided."""

    verdict: Verdict
    reason: str | None
    decided_at: datetime


async def verdict_of(connection: asyncpg.Connection, source: str, event_id: str) -> StoredVerdict | None:
    """Find what became of an event. None: never seen."""
    row = await connection.fetchrow(_FIND, event_key(source, event_id))
    return None if row is None else StoredVerdict(Verdict(row["verdict"]), row["reason"], row["decided_at"])


async def known(connection: asyncpg.Connection, keys: Sequence[bytes]) -> set[bytes]:
    """Say which of these events count already. One that was dead-lettered does not: it may come again, repaired."""
    return {row[0] for row in await connection.fetch(_KNOWN, keys)}


async def insert(connection: asyncpg.Connection, verdicts: Mapping[bytes, tuple[Verdict, str | None]], *, now: datetime) -> bool:
    """Remember these verdicts. False: another transaction had one of the events first, so roll back and look again."""
    keys = sorted(verdicts)  # one order for everybody: two batches that share events cannot deadlock here
    values = [verdicts[key] for key in keys]
    tag = await connection.execute(_INSERT, keys, [verdict for verdict, _ in values], [reason for _, reason in values], now)
    return tag == f"INSERT 0 {len(keys)}"


async def resolve(connection: asyncpg.Connection, verdicts: Mapping[bytes, tuple[Verdict, str | None]], *, now: datetime) -> None:
    """Say what came of events that were waiting. Any other verdict stays as it is."""
    keys = sorted(verdicts)
    values = [verdicts[key] for key in keys]
    await connection.execute(_RESOLVE, keys, [verdict for verdict, _ in values], [reason for _, reason in values], now)


async def supersede(connection: asyncpg.Connection, keys: Sequence[bytes], *, now: datetime) -> None:
    """Settle records that died nameless, known by their place alone, and have come again with an id that can be read: its verdict counts.

    Only what an operator sent again can have come again: anybody may write a place into a header.
    """
    if keys:
        await connection.execute(_SUPERSEDE, keys, now)
