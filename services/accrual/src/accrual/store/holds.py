"""Points put aside and used: holds, uses of points, what came back of them, and out of which lots."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from accrual.domain.lots import Allocation
from accrual.domain.spending.giving_back import Spent
from accrual.domain.spending.holds import Hold, HoldState
from accrual.store import Connection


class Made(NamedTuple):
    """What is told of a hold when it is made, and never changes."""

    made_at: datetime
    permit: str | None
    body: bytes


class Spend(NamedTuple):
    """One use of points."""

    id: UUID
    account_id: UUID
    points: int
    owed: int
    hold_id: UUID | None
    purchase_key: bytes | None


class Restoral(NamedTuple):
    """Used points that came back."""

    id: UUID
    spend_id: UUID
    account_id: UUID
    points: int
    owed: int


class Allocated(NamedTuple):
    """Points that a transaction took out of a lot, or gave back to it."""

    transaction_id: UUID
    allocation: Allocation


_HOLD = """
    hold.id, coalesce(account.moved_to, hold.account_id), hold.points, hold.expires_at, hold.purchase_key, hold.state,
    hold.captured, hold.owed, hold.resolved_at, hold.release_id, hold.entitlements, hold.entitlements_used
"""
_HOLDS = f"select {_HOLD} from hold join account on account.id = hold.account_id where hold.id = any($1::uuid[])"  # noqa: S608  a constant
_OPEN_OF = f"""
    select {_HOLD} from hold join account on account.id = hold.account_id
    where hold.state = 'open' and (hold.account_id = any($1::uuid[]) or hold.account_id in (select id from account where moved_to = any($1::uuid[])))
    order by hold.expires_at, hold.id
"""  # noqa: S608  a constant
_TO_EXPIRE = """
    select hold.id, coalesce(account.moved_to, hold.account_id) from hold join account on account.id = hold.account_id
    where hold.state = 'open' and hold.expires_at <= $1 and coalesce(account.moved_to, hold.account_id) <> all($3::uuid[])
    order by hold.expires_at, hold.id limit $2
"""
_MADE = "select made_at, permit, body from hold where id = $1"
_BODIES = """
    select id, body from hold where id = any($1::uuid[])
    union all
    select release_id, body from hold where release_id = any($1::uuid[])
    union all
    select spend.id, hold.body from spend join hold on hold.id = spend.hold_id where spend.id = any($1::uuid[])
    union all
    select restoral.id, hold.body
    from restoral join spend on spend.id = restoral.spend_id join hold on hold.id = spend.hold_id where restoral.id = any($1::uuid[])
"""
_HAS_PERMIT = "select exists (select from hold where permit = $1)"
_ADD_HOLD = """
    insert into hold (id, account_id, points, expires_at, purchase_key, made_at, permit, body, entitlements) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (permit) do nothing returning id
"""
_ASIDE = "select coalesce(sum(points), 0)::bigint from hold where purchase_key = $1 and state = 'open' and expires_at > $2"
_RESOLVE = "update hold set state = $2, captured = $3, owed = $4, resolved_at = $5, release_id = $6, entitlements_used = $7 where id = $1"
_ADD_SPEND = "insert into spend (spent_at, id, account_id, points, owed, hold_id, purchase_key) values ($1, $2, $3, $4, $5, $6, $7)"
_ADD_RESTORAL = "insert into restoral (restored_at, id, spend_id, account_id, points, owed) values ($1, $2, $3, $4, $5, $6)"
_ALLOCATE = """
    insert into allocation (transaction_id, lot_id, points) select unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::bigint[])
"""
_ALLOCATIONS = "select transaction_id, lot_id, points from allocation where transaction_id = any($1::uuid[])"
_SPENDS = """
    select spend.id, coalesce(account.moved_to, spend.account_id), spend.points, spend.owed, spend.hold_id, spend.purchase_key
    from spend join account on account.id = spend.account_id
"""
_SPENDS_FOR = f"{_SPENDS} where spend.purchase_key = any($1::bytea[]) order by spend.purchase_key, spend.spent_at, spend.id"
_SPENDS_BY_ID = f"{_SPENDS} where spend.id = any($1::uuid[])"
_RESTORALS = "select id, spend_id, account_id, points, owed from restoral where spend_id = any($1::uuid[]) order by restored_at, id"


async def find(connection: Connection, hold_ids: Iterable[UUID]) -> dict[UUID, Hold]:
    """Read holds, with the accounts that they are in now. Their accounts should be locked."""
    wanted = list(hold_ids)
    return {row[0]: _hold(row) for row in await connection.fetch(_HOLDS, wanted)} if wanted else {}


async def open_of(connection: Connection, account_ids: Iterable[UUID]) -> list[Hold]:
    """Read the holds of accounts that nobody has resolved, those that expire first before others."""
    return [_hold(row) for row in await connection.fetch(_OPEN_OF, list(account_ids))]


async def to_expire(connection: Connection, *, now: datetime, limit: int, but: Iterable[UUID] = ()) -> dict[UUID, UUID]:
    """Find holds whose time is over and that nobody has resolved, with their accounts. Some accounts may be left out."""
    return {row[0]: row[1] for row in await connection.fetch(_TO_EXPIRE, now, limit, list(but))}


async def made(connection: Connection, hold_id: UUID) -> Made:
    """Read what was told of a hold when it was made."""
    row = await connection.fetchrow(_MADE, hold_id)
    if row is None:
        raise LookupError(f"there is no hold {hold_id}")
    return Made(*row)


async def bodies(connection: Connection, transaction_ids: Collection[UUID]) -> dict[UUID, bytes]:
    """Read what was asked for with the holds that these transactions made, resolved, or gave back later."""
    return {row[0]: row[1] for row in await connection.fetch(_BODIES, list(transaction_ids))} if transaction_ids else {}


async def has_permit(connection: Connection, permit: str) -> bool:
    """Tell whether a permit has been used."""
    used: bool = await connection.fetchval(_HAS_PERMIT, permit)
    return used


async def put_aside(connection: Connection, purchase_key: bytes, *, now: datetime) -> int:
    """Return how many points are put aside for a purchase, whoever's they are. Its anchor should be locked."""
    points: int = await connection.fetchval(_ASIDE, purchase_key, now)
    return points


async def add(connection: Connection, hold: Hold, told: Made) -> bool:
    """Write a new hold. False: another hold used its permit in the same moment."""
    return await connection.fetchval(_ADD_HOLD, *hold[:5], *told, list(hold.entitlements)) is not None


async def resolve(connection: Connection, holds: Collection[Hold]) -> None:
    """Write what became of holds."""
    if holds:
        rows = [(hold.id, hold.state, hold.captured, hold.owed, hold.resolved_at, hold.release_id, hold.entitlements_used) for hold in holds]
        await connection.executemany(_RESOLVE, rows)


async def add_spends(connection: Connection, spends: Collection[Spend], *, spent_at: datetime) -> None:
    """Write uses of points."""
    if spends:
        await connection.executemany(_ADD_SPEND, [(spent_at, *spend) for spend in spends])


async def add_restorals(connection: Connection, restorals: Collection[Restoral], *, restored_at: datetime) -> None:
    """Write what came back."""
    if restorals:
        await connection.executemany(_ADD_RESTORAL, [(restored_at, *restoral) for restoral in restorals])


async def allocate(connection: Connection, allocated: Sequence[Allocated]) -> None:
    """Write what transactions took out of lots, or gave back to them."""
    if allocated:
        lots = [each.allocation for each in allocated]
        await connection.execute(_ALLOCATE, [each.transaction_id for each in allocated], [lot_id for lot_id, _ in lots], [points for _, points in lots])


async def allocations(connection: Connection, transaction_ids: Iterable[UUID]) -> dict[UUID, list[Allocation]]:
    """Read what transactions took out of lots, or gave back to them, in no order."""
    found: dict[UUID, list[Allocation]] = {}
    wanted = list(transaction_ids)
    for row in await connection.fetch(_ALLOCATIONS, wanted) if wanted else ():
        found.setdefault(row[0], []).append(Allocation(row[1], row[2]))
    return found


async def spends_for(connection: Connection, purchase_keys: Iterable[bytes]) -> list[Spend]:
    """Read the uses of points that paid for these purchases, each purchase's in order, with the accounts that they are of now."""
    wanted = list(purchase_keys)
    return [Spend(*row) for row in await connection.fetch(_SPENDS_FOR, wanted)] if wanted else []


async def spends(connection: Connection, ids: Iterable[UUID]) -> list[Spend]:
    """Read uses of points by their ids."""
    return [Spend(*row) for row in await connection.fetch(_SPENDS_BY_ID, list(ids))]


async def used(connection: Connection, found: Sequence[Spend]) -> dict[UUID, Spent]:
    """Read out of which lots uses of points came, and what came back of them. The lots are in no order."""
    if not found:
        return {}
    back: dict[UUID, list[Restoral]] = {}
    for row in await connection.fetch(_RESTORALS, [spend.id for spend in found]):
        back.setdefault(row[1], []).append(Restoral(*row))
    lots = await allocations(connection, [spend.id for spend in found] + [each.id for of in back.values() for each in of])
    spent = {}
    for spend in found:
        sums: dict[UUID, int] = {}
        for each in back.get(spend.id, ()):
            for lot_id, points in lots.get(each.id, ()):
                sums[lot_id] = sums.get(lot_id, 0) + points
        taken = tuple(lots.get(spend.id, ()))
        own = {lot_id for lot_id, _ in taken}
        restored = tuple(Allocation(lot_id, points) for lot_id, points in sums.items() if lot_id in own)
        anew = sum(points for lot_id, points in sums.items() if lot_id not in own)  # it was owed, and paid by other points meanwhile
        no_longer_owed = anew + sum(each.owed for each in back.get(spend.id, ()))
        spent[spend.id] = Spent(spend.id, spend.account_id, taken, spend.owed, restored, no_longer_owed)
    return spent


def _hold(row: asyncpg.Record) -> Hold:
    """Read a hold from a row with the columns `_HOLD`."""
    state = HoldState(row[5])
    return Hold(row[0], row[1], row[2], row[3], row[4], state, row[6], row[7], row[8], row[9], tuple(row[10]), row[11])
