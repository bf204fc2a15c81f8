"""Rewards that are not points: what each account has, and what happened to each."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from accrual.domain.rewards.entitlements import Entitlement, State, StepName, Way
from accrual.store import Connection


class Step(NamedTuple):
    """One thing that happened to an entitlement: because of which event or command, handed over by whom, where, for which purchase."""

    entitlement_id: UUID
    number: int
    name: StepName
    ends: bool
    cause_source: str
    cause_event: str
    handed_by: str | None = None
    place: str | None = None
    merchant: str | None = None
    purchase_id: str | None = None


_FIELDS = Entitlement._fields
_COLUMNS = ", ".join(_FIELDS)
_ADD = f"insert into entitlement ({_COLUMNS}) values ({', '.join(f'${place}' for place in range(1, len(_FIELDS) + 1))})"  # noqa: S608  constants
_CHANGE = """
    update entitlement
    set state = $2, used = $3, uses = $4, reward = $5, kind = $6, expires_at = $7, choose_by = $8, reserved_for = $9, reserved_until = $10, steps = $11,
        chosen_at = $12
    where id = $1
"""
_ADD_STEP = """
    insert into entitlement_step
        (booked_at, entitlement_id, number, step, ends, cause_source, cause_event, handed_by, place, merchant, purchase_id)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_BY_ID = f"select {_COLUMNS} from entitlement where id = any($1::uuid[])"  # noqa: S608  a constant
_BY_CODE = f"select {_COLUMNS} from entitlement where code = $1"  # noqa: S608  a constant
_OF_CAUSES = f"select {_COLUMNS} from entitlement where cause = any($1::bytea[]) order by cause, id"  # noqa: S608  a constant
_IDS_OF_CAUSES = "select id from entitlement where cause = any($1::bytea[])"
_OF_ACCOUNT = f"""
    select {_COLUMNS} from entitlement
    where account_id = $1 and (state in ('open', 'issued', 'reserved') or $2) order by issued_at desc, id limit $3
"""  # noqa: S608  a constant
_LIVE_OF_ACCOUNTS = f"select {_COLUMNS} from entitlement where account_id = any($1::uuid[]) and state in ('open', 'issued', 'reserved') order by id"  # noqa: S608  a constant
_LIVE_OFFERS = (
    "select rule from entitlement where account_id = $1 and way = 'offer' and state in ('issued', 'reserved') and (expires_at is null or expires_at > $2)"
)
_OF_PRIVILEGE = f"select {_COLUMNS} from entitlement where account_id = $1 and way = 'privilege' and reward = $2 and expires_at > $3 order by id"  # noqa: S608  a constant
_DUE = """
    select id, account_id from (
        (select id, account_id, reserved_until as due from entitlement where state = 'reserved' and reserved_until <= $1 order by 3 limit $2)
        union all
        (select id, account_id, choose_by from entitlement where state = 'open' and choose_by <= $1 order by 3 limit $2)
        union all
        (select id, account_id, expires_at from entitlement where state in ('open', 'issued') and expires_at <= $1 order by 3 limit $2)
    ) as found
    where account_id <> all($3::uuid[]) order by due, id limit $2
"""
_MOVE = """
    update entitlement set account_id = new.target
    from (select unnest($1::uuid[]) as source, unnest($2::uuid[]) as target) as new
    where entitlement.account_id = new.source
"""


async def add(connection: Connection, new: Iterable[Entitlement]) -> None:
    """Write new entitlements."""
    rows = [tuple(each) for each in new]
    if rows:
        await connection.executemany(_ADD, rows)


async def change(connection: Connection, changed: Iterable[Entitlement]) -> None:
    """Write what can change of entitlements. Their accounts must be locked."""
    rows = [
        (e.id, e.state, e.used, e.uses, e.reward, e.kind, e.expires_at, e.choose_by, e.reserved_for, e.reserved_until, e.steps, e.chosen_at)
        for e in changed
    ]  # fmt: skip
    if rows:
        await connection.executemany(_CHANGE, rows)


async def add_steps(connection: Connection, steps: Collection[Step], *, booked_at: datetime) -> None:
    """Write what happened."""
    if steps:
        await connection.executemany(_ADD_STEP, [(booked_at, *step) for step in steps])


async def by_ids(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Entitlement]:
    """Read entitlements by their ids; those that there are not are left out."""
    return {row["id"]: _entitlement(row) for row in await connection.fetch(_BY_ID, list(ids))}


async def by_code(connection: Connection, code: str) -> Entitlement | None:
    """Find an entitlement by its code."""
    row = await connection.fetchrow(_BY_CODE, code)
    return None if row is None else _entitlement(row)


async def of_causes(connection: Connection, causes: Collection[bytes]) -> list[Entitlement]:
    """Read all that was given for these purchases and activities, in one order."""
    return [_entitlement(row) for row in await connection.fetch(_OF_CAUSES, list(causes))] if causes else []


async def ids_of_causes(connection: Connection, causes: Collection[bytes]) -> list[UUID]:
    """Name all that was given for these purchases."""
    return [row[0] for row in await connection.fetch(_IDS_OF_CAUSES, list(causes))] if causes else []


async def of_account(connection: Connection, account_id: UUID, *, ended: bool, limit: int) -> list[Entitlement]:
    """Read what an account has, the newest first; with `ended` also what is over."""
    return [_entitlement(row) for row in await connection.fetch(_OF_ACCOUNT, account_id, ended, limit)]


async def live_of(connection: Connection, account_ids: Collection[UUID]) -> list[Entitlement]:
    """Read what these accounts have that has not ended, in one order."""
    return [_entitlement(row) for row in await connection.fetch(_LIVE_OF_ACCOUNTS, list(account_ids))] if account_ids else []


async def live_offers(connection: Connection, account_id: UUID, *, at: datetime) -> set[str]:
    """Tell of which kinds an account has a live offer."""
    return {row[0] for row in await connection.fetch(_LIVE_OFFERS, account_id, at)}


async def of_privilege(connection: Connection, account_id: UUID, privilege: str, *, at: datetime) -> list[Entitlement]:
    """Read what a privilege opened in its period: one, and those that came with claimed cards."""
    return [_entitlement(row) for row in await connection.fetch(_OF_PRIVILEGE, account_id, privilege, at)]


async def due(connection: Connection, *, now: datetime, limit: int, but: Iterable[UUID] = ()) -> dict[UUID, UUID]:
    """Find entitlements to release, to choose for somebody or to expire, the longest waiting first, with their accounts."""
    return {row[0]: row[1] for row in await connection.fetch(_DUE, now, limit, list(but))}


async def move(connection: Connection, moved: Collection[tuple[UUID, UUID]]) -> None:
    """Let entitlements of some accounts belong to others. All of these accounts must be locked."""
    await connection.execute(_MOVE, [source for source, _ in moved], [target for _, target in moved])


def _entitlement(row: asyncpg.Record) -> Entitlement:
    return Entitlement(**{**row, "state": State(row["state"]), "way": Way(row["way"])})
