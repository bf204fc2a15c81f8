"""What was done day by day for levels, what was decided by hand, and which level everybody was told."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from accrual.domain.tiers.progress import Progress
from accrual.domain.tiers.timeline import Assignment
from accrual.store import Connection


class Kept(NamedTuple):
    """Everything that is kept of one account's levels; `told` says whether somebody was told a level at all."""

    programme: str
    by_day: Mapping[date, Progress]
    assignments: Sequence[Assignment]
    told: bool
    level: str | None


class Told(NamedTuple):
    """The level that an account was told, by which edition of the programme's levels, and when to look again."""

    account_id: UUID
    programme: str
    level: str | None
    edition: int
    turns_on: date | None


_LOAD = """
    select account.id, account.programme, done.days, done.points, done.money, done.purchases, set.levels, set.since, set.until,
           tier_standing.account_id is not null, tier_standing.level
    from account
    left join lateral (
        select array_agg(day) as days, array_agg(points) as points, array_agg(money) as money, array_agg(purchases) as purchases
        from tier_progress where tier_progress.account_id = account.id
    ) as done on true
    left join lateral (
        select array_agg(level order by number) as levels, array_agg(since order by number) as since, array_agg(until order by number) as until
        from tier_assignment where tier_assignment.account_id = account.id
    ) as set on true
    left join tier_standing on tier_standing.account_id = account.id
    where account.id = any($1::uuid[]) and account.programme = any($2::text[]) and account.moved_to is null
"""
_COUNT = """
    insert into tier_progress (account_id, day, points, money, purchases)
    select * from unnest($1::uuid[], $2::date[], $3::bigint[], $4::bigint[], $5::bigint[])
    on conflict (account_id, day) do update set points = excluded.points, money = excluded.money, purchases = excluded.purchases
"""
_TELL = """
    insert into tier_standing (account_id, programme, level, edition, turns_on)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::date[])
    on conflict (account_id) do update set level = excluded.level, edition = excluded.edition, turns_on = excluded.turns_on
"""
_MOVED = """
    with gone as (delete from tier_progress where account_id = any($1::uuid[]))
    delete from tier_standing where account_id = any($1::uuid[])
"""
_ASSIGN = """
    insert into tier_assignment (account_id, number, level, since, until, reason, operator, assigned_at)
    select $1, count(*) + 1, $2, $3, $4, $5, $6, $7 from tier_assignment where account_id = $1
"""
_BRING = """
    insert into tier_assignment (account_id, number, level, since, until, reason, operator, assigned_at)
    select $2, row_number() over (order by number) + (select count(*) from tier_assignment where account_id = $2),
           level, since, until, reason, operator, assigned_at
    from tier_assignment where account_id = $1
"""
_DUE = """
    (select account_id from tier_standing where programme = $1 and turns_on <= $2 and account_id <> all($5::uuid[]) order by turns_on, account_id limit $4)
    union
    (select account_id from tier_standing where programme = $1 and edition < $3 and account_id <> all($5::uuid[]) order by account_id limit $4)
    limit $4
"""


async def load(connection: Connection, account_ids: Collection[UUID], programmes: Collection[str]) -> dict[UUID, Kept]:
    """Read everything about the levels of those of these accounts that belong to these programmes. They should be locked."""
    found = {}
    for row in await connection.fetch(_LOAD, list(account_ids), list(programmes)):
        days = zip(*(column or () for column in row[2:6]), strict=True)
        assigned = zip(*(column or () for column in row[6:9]), strict=True)
        by_day = {day: Progress(points, money, purchases) for day, points, money, purchases in days}
        found[row[0]] = Kept(row[1], by_day, [Assignment(*each) for each in assigned], row[9], row[10])
    return found


async def count(connection: Connection, progress: Mapping[tuple[UUID, date], Progress]) -> None:
    """Write what counts of these days now. Their accounts must be locked."""
    rows = [(account_id, day, *done) for (account_id, day), done in sorted(progress.items())]
    if rows:
        await connection.execute(_COUNT, *zip(*rows, strict=True))


async def tell(connection: Connection, told: Iterable[Told]) -> None:
    """Write which levels were told. The accounts must be locked."""
    rows = sorted(told)
    if rows:
        await connection.execute(_TELL, *zip(*rows, strict=True))


async def forget(connection: Connection, account_ids: Collection[UUID]) -> None:
    """Forget the progress of accounts that moved: it counts where they moved to."""
    await connection.execute(_MOVED, list(account_ids))


async def assign(connection: Connection, account_id: UUID, assignment: Assignment, *, reason: str, operator: str, at: datetime) -> None:
    """Write a floor that an operator has set. The account must be locked."""
    await connection.execute(_ASSIGN, account_id, *assignment, reason, operator, at)


async def bring(connection: Connection, source_id: UUID, target_id: UUID) -> None:
    """Give an account the floors of another, after its own. Both must be locked."""
    await connection.execute(_BRING, source_id, target_id)


async def due(connection: Connection, programme: str, *, today: date, edition: int, limit: int, but: Iterable[UUID] = ()) -> list[UUID]:
    """Find accounts whose level may change by the calendar, or by other levels than when it was found. Some may be left out."""
    return [row[0] for row in await connection.fetch(_DUE, programme, today, edition, limit, list(but))]
