"""Which points will soon be gone, and who was told of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection


class Ending(NamedTuple):
    """What is left of all lots of an account that end at one moment."""

    account_id: UUID
    holder: str
    expires_at: datetime
    points: int


class Window(NamedTuple):
    """The ends of which one reminder tells, `since` excluded and `until` included; `days` before the last day, in a zone."""

    programme: str
    zone: str
    days: int
    since: datetime
    until: datetime
    closes_at: datetime | None = None  #: from when on no points of the programme can be used, if it closes
    guests: int | None = None  #: for how many days what a guest earned is kept, if not as long as it lives


# Points earned on the day of a reminder or after it are told of by the next one: nobody is reminded of what they have just got.
_DUE = """
    select lot.account_id, holder.holder, lot.expires_at, sum(lot.remaining)::bigint
    from {lots} as lot
    join account on account.id = lot.account_id and account.programme = $1
    join holder on holder.account_id = lot.account_id and holder.programme = $1
    where lot.remaining > 0 and lot.expires_at > $2 and lot.expires_at <= $3
        and (lot.granted_at at time zone $5)::date < (lot.expires_at at time zone $5)::date - 1 - $4::integer
        and not exists (select from reminder where reminder.expires_at = lot.expires_at and reminder.account_id = lot.account_id and reminder.days = $4)
    group by lot.account_id, holder.holder, lot.expires_at
    order by lot.expires_at, lot.account_id
    limit $6
"""
_AS_GRANTED = _DUE.format(lots="lot")
# Where a programme closes, or keeps guests' points for a shorter time, lots end earlier than they say themselves: all of the programme's are looked at.
_EARLIER = _DUE.format(
    lots="""(
        select lot.account_id, lot.remaining, lot.granted_at, least(
            lot.expires_at, $7::timestamptz,
            case when account.kind = 'unclaimed' then ((lot.granted_at at time zone $5)::date + $8::integer + 1)::timestamp at time zone $5 end
        ) as expires_at
        from lot join account on account.id = lot.account_id where account.programme = $1 and lot.remaining > 0
    )"""
)
_ADD = """
    insert into reminder (expires_at, account_id, days, said_at) select unnest($1::timestamptz[]), unnest($2::uuid[]), $3, $4
    on conflict do nothing returning account_id, expires_at
"""
_FORGET = "delete from reminder where ctid = any(array(select ctid from reminder where expires_at <= $1 order by expires_at limit $2))"


async def due(connection: Connection, window: Window, *, limit: int) -> list[Ending]:
    """Find the points of which a reminder tells and has not told yet, those that end first before others."""
    about = (window.programme, window.since, window.until, window.days, window.zone, limit)
    if window.closes_at is None and window.guests is None:
        rows = await connection.fetch(_AS_GRANTED, *about)
    else:
        rows = await connection.fetch(_EARLIER, *about, window.closes_at, window.guests)
    return [Ending(*row) for row in rows]


async def add(connection: Connection, endings: Iterable[Ending], *, days: int, at: datetime) -> set[tuple[UUID, datetime]]:
    """Remember who is told, and return those who were not told before, by account and end."""
    ordered = sorted(endings, key=lambda each: (each.expires_at, each.account_id))
    rows = await connection.fetch(_ADD, [each.expires_at for each in ordered], [each.account_id for each in ordered], days, at)
    return {(row[0], row[1]) for row in rows}


async def forget(connection: Connection, *, now: datetime, limit: int) -> int:
    """Delete reminders of points that are gone, and return how many."""
    done: str = await connection.execute(_FORGET, now, limit)
    return int(done.rpartition(" ")[2])
