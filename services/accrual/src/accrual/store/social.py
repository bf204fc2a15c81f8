"""Social actions: which links were shown, and what somebody decided about them."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from accrual.store import Connection

Link = tuple[str, str]
"""A programme, and a link in its normal form."""


class Action(NamedTuple):
    """One social action, and who decided what about it. `account_id` is whose it is now."""

    id: UUID
    key: bytes
    event_key: bytes
    account_id: UUID
    asked_at: datetime
    lapses_at: datetime
    programme: str
    action: str
    link: str
    state: str = "waiting"
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None


class Told(NamedTuple):
    """The event that waits, as far as it is kept."""

    source: str
    event_id: str
    type: str
    occurred_at: datetime
    traceparent: str | None
    body: bytes


class Shown(NamedTuple):
    """A social action as people see it: whose it is now, what was told, and what came of it once that is known."""

    action: Action
    holder: str | None
    body: bytes
    verdict: str | None
    verdict_reason: str | None


_FIELDS = ", ".join(Action._fields)
_PLACES = ", ".join(f"${place}" for place in range(1, len(Action._fields) + 1))
_ADD = f"insert into social_action ({_FIELDS}) values ({_PLACES})"  # noqa: S608  constants
_NOW = ", ".join(f"coalesce(account.moved_to, social_action.{name})" if name == "account_id" else f"social_action.{name}" for name in Action._fields)
_FROM = f"select {_NOW} from social_action join account on account.id = social_action.account_id"  # noqa: S608  constants
_FIND = f"{_FROM} where social_action.id = $1"
_SHOW = f"""
    select {_NOW}, holder.holder, coalesce(waiting.body, activity.body), coalesce(waiting.verdict, activity.verdict), coalesce(waiting.reason, activity.reason)
    from social_action join account on account.id = social_action.account_id left join holder on holder.account_id = coalesce(account.moved_to, account.id)
    left join waiting on waiting.event_key = social_action.event_key left join activity on activity.key = social_action.key
"""  # noqa: S608  constants
_ONE = f"{_SHOW} where social_action.id = $1"
_LIST = f"""
    {_SHOW} where ($1::text is null or social_action.state = $1) and ($2::text is null or social_action.programme = $2)
        and ($3::uuid is null or (asked_at, social_action.id) > (select asked_at, id from social_action where id = $3))
    order by asked_at, social_action.id limit $4
"""  # noqa: S608  a constant
_SHOWN = "select key from social_action where key = any($1::bytea[])"
_TAKEN = """
    select programme, link from social_action join unnest($1::text[], $2::text[]) as asked (programme, link) using (programme, link)
    where state in ('waiting', 'approved')
"""
_DECIDE = "update social_action set state = $2, decided_at = $3, decided_by = $4, reason = $5 where id = $1"
_DUE = f"{_FROM} where social_action.state = 'waiting' and lapses_at <= $1 order by lapses_at limit $2"
_TOLD = "select source, event_id, type, occurred_at, traceparent, body from waiting where event_key = $1"


async def known(connection: Connection, keys: Iterable[bytes]) -> set[bytes]:
    """Tell which of these deeds were told already, whatever came of them."""
    return {row[0] for row in await connection.fetch(_SHOWN, list(keys))}


async def taken(connection: Connection, links: Collection[Link]) -> set[Link]:
    """Tell which of these links wait or have earned."""
    rows = await connection.fetch(_TAKEN, [programme for programme, _ in links], [link for _, link in links])
    return {(row[0], row[1]) for row in rows}


async def add(connection: Connection, actions: Iterable[Action]) -> None:
    """Write new ones. Their links must be locked."""
    await connection.executemany(_ADD, [tuple(each) for each in actions])


async def find(connection: Connection, action_id: UUID) -> Action | None:
    """Read one."""
    row = await connection.fetchrow(_FIND, action_id)
    return None if row is None else Action(*row)


async def told(connection: Connection, action: Action) -> Told | None:
    """Read what the event of one that waits, or has waited, said."""
    row = await connection.fetchrow(_TOLD, action.event_key)
    return None if row is None else Told(*row)


async def show(connection: Connection, action_id: UUID) -> Shown | None:
    """Read one as people see it."""
    row = await connection.fetchrow(_ONE, action_id)
    return None if row is None else _shown(row)


async def page(connection: Connection, *, state: str | None, programme: str | None, after: UUID | None, limit: int) -> list[Shown]:
    """Read those in a state and of a programme, or all, the oldest first, from the one after `after` on."""
    return [_shown(row) for row in await connection.fetch(_LIST, state, programme, after, limit)]


async def due(connection: Connection, *, now: datetime, limit: int) -> list[Action]:
    """Find those that nobody has decided about in time."""
    return [Action(*row) for row in await connection.fetch(_DUE, now, limit)]


async def decide(connection: Connection, decided: Action) -> None:
    """Write what was decided about one, and by whom. Its anchors must be locked."""
    await connection.execute(_DECIDE, decided.id, decided.state, decided.decided_at, decided.decided_by, decided.reason)


def _shown(row: asyncpg.Record) -> Shown:
    columns = len(Action._fields)
    return Shown(Action(*row[:columns]), *row[columns:])
