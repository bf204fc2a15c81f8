"""Scores of contests, who stands where, and what was won."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from accrual.store import Connection

#: A programme and one of its contests.
Name = tuple[str, str]


class Scored(NamedTuple):
    """What a purchase or an activity scores in a contest now."""

    programme: str
    contest: str
    cause_key: bytes
    account_id: UUID
    occurred_at: datetime
    score: int


class Ranking(NamedTuple):
    """Who takes part in a contest, and what becomes of equal scores."""

    members_only: bool
    shared: bool


class Asked(NamedTuple):
    """Which places are asked for: the first ones, and that of one account besides; so many rows at most."""

    places: int
    also: UUID | None = None
    limit: int | None = None


class Placed(NamedTuple):
    """A participant: whose account it is now, and with which score on which place. `reached_at` is when it last scored."""

    account_id: UUID
    place: int
    score: int
    reached_at: datetime


class Standings(NamedTuple):
    """Some places of a contest, the first ones first, and how many participants it has."""

    placed: tuple[Placed, ...]
    participants: int


class Won(NamedTuple):
    """A place with a prize, and what was given."""

    key: bytes
    grant_id: UUID | None
    entitlement_id: UUID | None
    account_id: UUID
    occurred_at: datetime
    decided_at: datetime
    programme_version: int
    programme: str
    contest: str
    withheld: str | None
    body: bytes
    decision: bytes | None


_SAVE = """
    insert into contest_score (programme, contest, cause_key, account_id, occurred_at, score) values ($1, $2, $3, $4, $5, $6)
    on conflict (programme, contest, cause_key) do update set occurred_at = excluded.occurred_at, score = excluded.score
"""
#: Whoever is forgotten takes part no longer. Of equal scores the one that stood first comes first, unless they share their place.
_PLACED = """
    with scored as (
        select owner.id as account_id, sum(score)::bigint as score, max(occurred_at) as reached_at
        from contest_score
        join account on account.id = contest_score.account_id
        join account as owner on owner.id = coalesce(account.moved_to, account.id)
        join holder on holder.account_id = owner.id
        where contest_score.programme = $1 and contest = $2 and score > 0 and (owner.kind = 'member' or not $3)
        group by owner.id
    ), placed as (
        select account_id, score, reached_at,
               (case when $4 then rank() over (order by score desc) else row_number() over (order by score desc, reached_at, account_id) end)::int as place
        from scored
    )
"""
_FINAL = """
    with placed as (
        select coalesce(account.moved_to, account.id) as account_id, score, reached_at, place
        from contest_place join account on account.id = account_id where contest_place.programme = $1 and contest = $2
    )
"""
#: However many share the first places, the one asked for besides is among them.
_SHOWN = """
    select account_id, place, score, reached_at, participants from (select *, count(*) over () as participants from placed) as counted
    where place <= ${0} or account_id = ${1} order by account_id = ${1} desc, place, reached_at, account_id limit ${2}
"""
_LIVE = _PLACED + _SHOWN.format(5, 6, 7)
_SETTLED_PLACES = _FINAL + _SHOWN.format(3, 4, 5)
_FIX = f"""
    {_PLACED} insert into contest_place (programme, contest, account_id, score, reached_at, place)
    select $1, $2, account_id, score, reached_at, place from placed
"""  # noqa: S608  a constant
_RESULT = """
    insert into contest_result (programme, contest, programme_version, settled_at) values ($1, $2, $3, $4) on conflict do nothing returning 1
"""
_SETTLED = """
    select programme, contest, settled_at from contest_result join unnest($1::text[], $2::text[]) as asked (programme, contest) using (programme, contest)
"""
_WON = f"insert into contest_prize ({', '.join(Won._fields)}) values ({', '.join(f'${place}' for place in range(1, len(Won._fields) + 1))})"  # noqa: S608  constants


async def save(connection: Connection, scored: Collection[Scored]) -> None:
    """Write what these score now. Their accounts must be locked."""
    if scored:
        await connection.executemany(_SAVE, sorted(scored))


async def standings(connection: Connection, name: Name, rules: Ranking, asked: Asked) -> Standings:
    """Read places of a contest as it stands now."""
    return _standings(await connection.fetch(_LIVE, *name, *rules, *asked))


async def places(connection: Connection, name: Name, asked: Asked) -> Standings:
    """Read final places of a contest that is settled."""
    return _standings(await connection.fetch(_SETTLED_PLACES, *name, *asked))


async def settled(connection: Connection, names: Collection[Name]) -> dict[Name, datetime]:
    """Tell which of these contests are settled, and since when."""
    rows = await connection.fetch(_SETTLED, [programme for programme, _ in names], [contest for _, contest in names])
    return {(row[0], row[1]): row[2] for row in rows}


async def settle(connection: Connection, name: Name, rules: Ranking, *, version: int, now: datetime) -> bool:
    """Make places final as they are now. False: somebody has done that before."""
    if await connection.fetchval(_RESULT, *name, version, now) is None:
        return False
    await connection.execute(_FIX, *name, *rules)
    return True


async def add_prizes(connection: Connection, won: Iterable[Won]) -> None:
    """Write who won what."""
    await connection.executemany(_WON, [tuple(each) for each in won])


def _standings(rows: Sequence[asyncpg.Record]) -> Standings:
    placed = sorted((Placed(*row[:4]) for row in rows), key=lambda each: (each.place, each.reached_at, each.account_id))
    return Standings(tuple(placed), rows[0][4] if rows else 0)
