"""What came back of purchases, and what was taken for it."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection


class Accepted(NamedTuple):
    """One accepted revision of a purchase, and the account that it belongs to now: what a guest bought moves with a claim."""

    key: bytes
    revision: int
    programme: str
    programme_version: int
    account_id: UUID | None
    grant_id: UUID | None
    body: bytes
    decision: bytes
    decided_as: bytes | None
    occurred_at: datetime


class Reversed(NamedTuple):
    """One thing that changed how much of a purchase is kept: a return, a cancellation or a correction."""

    purchase_key: bytes
    number: int
    kind: str
    revision: int
    event_key: bytes
    return_key: bytes | None
    account_id: UUID | None
    transaction_id: UUID | None
    taken: int
    owed: int
    forgiven: int
    kept: int
    stands: bool
    occurred_at: datetime
    body: bytes
    returned: bytes
    decision: bytes


class Confirmed(NamedTuple):
    """A purchase that was confirmed, and the first event that said so."""

    purchase_key: bytes
    event_key: bytes


class Named(NamedTuple):
    """A purchase with a certain number on its receipt."""

    receipt_key: bytes
    purchase_key: bytes
    occurred_at: datetime


_ACCEPTED = """
    select purchase.key, purchase.revision, purchase.programme, purchase.programme_version, coalesce(account.moved_to, purchase.account_id),
           purchase.grant_id, purchase.body, purchase.decision, purchase.decided_as, purchase.occurred_at
    from purchase left join account on account.id = purchase.account_id
    where purchase.key = any($1::bytea[]) order by purchase.key, purchase.revision
"""
_COLUMNS = (
    "purchase_key, number, kind, revision, event_key, return_key, account_id, transaction_id, taken, owed, forgiven, kept, stands, "
    "occurred_at, body, returned, decision"
)
_REVERSALS = f"select {_COLUMNS} from reversal where purchase_key = any($1::bytea[]) order by purchase_key, number"  # noqa: S608  a constant
_ADD = f"""
    insert into reversal (decided_at, {_COLUMNS})
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
"""  # noqa: S608  a constant
_BODIES = "select distinct on (return_key) return_key, body from reversal where return_key = any($1::bytea[]) order by return_key, number"
_CONFIRMED = "select purchase_key from confirmation where purchase_key = any($1::bytea[])"
_CONFIRM = "insert into confirmation (decided_at, purchase_key, event_key) values ($1, $2, $3)"
_TAKEN_FROM = "select purchase_key from reversal where return_key = $1 order by purchase_key"
_NAMED = "select distinct receipt_key, key, occurred_at from purchase where receipt_key = any($1::bytea[])"
#: Purchases that earned are found by their lots, through the entries of the account; so no index of purchases by account is kept for them.
_BOUGHT = """
    with lots as (
        select distinct lot_id as id from entry where account_id = any($1::uuid[]) and lot_id is not null and version is not null
    ), found as (
        select lot.cause_key as key from lots join lot using (id) where lot.cause_revision is not null
        union
        select key from purchase where account_id = any($1::uuid[]) and verdict = 'nothing-earned'
    )
    select found.key, latest.occurred_at
    from found join lateral (select occurred_at from purchase where purchase.key = found.key order by revision desc limit 1) as latest on true
    where latest.occurred_at <= $2
    order by latest.occurred_at desc, found.key limit $3
"""
_ACCOUNTS_OF = "select id from account where id = $1 or moved_to = $1"
_EXPIRED = """
    select lot_id, sum(-amount)::bigint from entry
    where account_id in (select id from account where id = any($1::uuid[]) or moved_to = any($1::uuid[]))
        and lot_id = any($2::uuid[]) and operation = 'expire' and version is not null
    group by lot_id
"""


async def accepted(connection: Connection, keys: Iterable[bytes]) -> list[Accepted]:
    """Read all accepted revisions of these purchases, each purchase's in order."""
    wanted = list(keys)
    return [Accepted(*row) for row in await connection.fetch(_ACCEPTED, wanted)] if wanted else []


async def reversals(connection: Connection, keys: Iterable[bytes]) -> list[Reversed]:
    """Read what changed how much of these purchases is kept, each purchase's in order."""
    wanted = list(keys)
    return [Reversed(*row) for row in await connection.fetch(_REVERSALS, wanted)] if wanted else []


async def add_reversals(connection: Connection, found: Collection[Reversed], *, decided_at: datetime) -> None:
    """Write what changed."""
    if found:
        await connection.executemany(_ADD, [(decided_at, *each) for each in found])


async def confirmed(connection: Connection, keys: Iterable[bytes]) -> set[bytes]:
    """Tell which of these purchases were confirmed."""
    wanted = list(keys)
    return {row[0] for row in await connection.fetch(_CONFIRMED, wanted)} if wanted else set()


async def add_confirmations(connection: Connection, found: Collection[Confirmed], *, decided_at: datetime) -> None:
    """Write which purchases were confirmed now, each for the first time."""
    if found:
        await connection.executemany(_CONFIRM, [(decided_at, *each) for each in found])


async def bodies(connection: Connection, return_keys: Collection[bytes]) -> dict[bytes, bytes]:
    """Read what returns said that were accepted under these keys."""
    return {row[0]: row[1] for row in await connection.fetch(_BODIES, list(return_keys))} if return_keys else {}


async def taken_from(connection: Connection, return_key: bytes) -> list[bytes]:
    """Find the purchases that a return accepted under this key took from."""
    return [row[0] for row in await connection.fetch(_TAKEN_FROM, return_key)]


async def named(connection: Connection, receipt_keys: Collection[bytes]) -> list[Named]:
    """Find the purchases with these numbers on their receipts; numbers may repeat from day to day."""
    return [Named(*row) for row in await connection.fetch(_NAMED, list(receipt_keys))] if receipt_keys else []


async def bought(connection: Connection, account_id: UUID, *, until: datetime, limit: int) -> list[bytes]:
    """Find the purchases of an account that happened until then, the newest first, those of accounts that moved into it included."""
    accounts = [row[0] for row in await connection.fetch(_ACCOUNTS_OF, account_id)]
    return [row[0] for row in await connection.fetch(_BOUGHT, accounts, until, limit)]


async def expired(connection: Connection, account_ids: Iterable[UUID], lot_ids: Collection[UUID]) -> dict[UUID, int]:
    """Tell how many points of these lots have expired, in these accounts or before they came there. What comes back later expires anew."""
    return {row[0]: row[1] for row in await connection.fetch(_EXPIRED, list(account_ids), list(lot_ids))} if lot_ids else {}
