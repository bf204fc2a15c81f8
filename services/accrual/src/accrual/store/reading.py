"""What people ask: where a holder's points are, how they came and went, and why."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from accrual.domain.entries import Balance
from accrual.domain.lots import Lot, LotState
from accrual.store import Connection


class Open(NamedTuple):
    """An account in which a holder's points are now. The owner is the member, once an identifier is linked."""

    account_id: UUID
    owner: str
    programme: str
    unclaimed: bool
    version: int
    version_base: int
    balance: Balance


class Holdings(NamedTuple):
    """A holder's accounts, by programme, with the lots that have points left, and the newest programme version: all at one moment."""

    accounts: list[Open]
    lots: dict[UUID, list[Lot]]
    newest: int


class Leg(NamedTuple):
    """One leg of a change of an account. From `operation` on only the first leg says something."""

    version: int
    bucket: str
    amount: int
    lot_id: UUID | None
    booked_at: datetime
    operation: str
    occurred_at: datetime
    cause_source: str
    cause_event: str
    transaction_id: UUID


class Reason(NamedTuple):
    """A lot with what it was granted for: the body and the decision of its purchase, or of its activity."""

    lot_id: UUID
    amount: int
    remaining: int
    usable_from: datetime
    expires_at: datetime | None
    is_purchase: bool
    body: bytes
    decision: bytes


class Grant(NamedTuple):
    """The entry that granted a lot, and whose the lot is now."""

    holder: str | None
    programme: str
    programme_version: int
    cause_source: str
    cause_event: str
    booked_at: datetime
    occurred_at: datetime


class Revision(NamedTuple):
    """What was decided about a purchase, or why it was refused."""

    revision: int
    verdict: str
    reason: str | None
    programme: str | None
    programme_version: int | None
    occurred_at: datetime
    decision: bytes | None


# A holder's open accounts, under the member's name once the identifier is linked; every question about a holder begins so.
_ASKED = """
    with asked as (
        select coalesce('m:' || identifier.member_id, given.holder) as owner
        from (values ($1::text)) as given (holder) left join identifier on identifier.identifier = given.holder
    )
"""
_ACCOUNT = """
    account.id, asked.owner, account.programme, account.kind = 'unclaimed', account.version, account.version_base,
    account.pending, account.available, account.held, account.debt
"""
_ACCOUNTS = "asked join holder on holder.holder = asked.owner join account on account.id = holder.account_id"
_OPEN = f"""
    {_ASKED} select {_ACCOUNT} from {_ACCOUNTS}
    where account.moved_to is null and ($2::text is null or holder.programme = $2)
    order by account.programme
"""  # noqa: S608  constants
_HOLDINGS = f"""
    {_ASKED}
    select {_ACCOUNT}, (select coalesce(max(sequence), 0) from programme_version) as newest,
           lot.id, lot.account_id, lot.amount, lot.remaining, lot.usable_from, lot.expires_at, lot.granted_at, lot.state, lot.confirmable
    from {_ACCOUNTS} left join lot on lot.account_id = account.id and lot.remaining > 0
    where account.moved_to is null
    order by account.programme, lot.granted_at, lot.id
"""  # noqa: S608  constants
_LEGS = """
    select version, bucket, amount, lot_id, booked_at, operation, occurred_at, cause_source, cause_event, transaction_id
    from entry where account_id = $1 and version between $2 and $3
    order by version desc, leg
"""
_REASONS = """
    select lot.id, lot.amount, lot.remaining, lot.usable_from, lot.expires_at, lot.cause_revision is not null,
           coalesce(purchase.body, activity.body, referral_grant.body, contest_prize.body),
           coalesce(purchase.decision, activity.decision, referral_grant.decision, contest_prize.decision)
    from lot
    left join purchase on purchase.key = lot.cause_key and purchase.revision = lot.cause_revision
    left join activity on activity.key = lot.cause_key and lot.cause_revision is null
    left join referral_grant on referral_grant.key = lot.cause_key and lot.cause_revision is null
    left join contest_prize on contest_prize.key = lot.cause_key and lot.cause_revision is null
    where lot.id = any($1::uuid[])
"""
_TAKEN_BACK = """
    select reversal.transaction_id, purchase.body, reversal.decision
    from reversal join purchase on purchase.key = reversal.purchase_key and purchase.revision = reversal.revision
    where reversal.transaction_id = any($1::uuid[])
"""
_GRANT = """
    select holder.holder, entry.programme, entry.programme_version, entry.cause_source, entry.cause_event, entry.booked_at, entry.occurred_at
    from lot
    join lateral (
        select account_id, decided_at from purchase where key = lot.cause_key and revision = lot.cause_revision
        union all
        select account_id, decided_at from activity where key = lot.cause_key and lot.cause_revision is null
        union all
        select account_id, decided_at from referral_grant where key = lot.cause_key and lot.cause_revision is null
        union all
        select account_id, decided_at from contest_prize where key = lot.cause_key and lot.cause_revision is null
    ) as decided on true
    join entry on entry.account_id = decided.account_id and entry.version = lot.version and entry.booked_at = decided.decided_at and entry.hash is not null
    left join holder on holder.account_id = lot.account_id
    where lot.id = $1
"""
_REVISIONS = """
    select revision, verdict, reason, programme, programme_version, occurred_at, decision
    from (
        select revision, verdict, reason, programme, programme_version, occurred_at, decision, decided_at from purchase where key = $1
        union all
        select revision, 'refused', reason, null, null, occurred_at, null, decided_at from refusal where key = $1
    ) as decided
    order by revision, decided_at
"""


async def open_accounts(connection: Connection, holder: str, *, programme: str | None = None) -> list[Open]:
    """Find the accounts of a holder, by programme; those of the member, for an identifier that is linked."""
    rows = await connection.fetch(_OPEN, holder, programme)
    return [_open(row) for row in rows]


async def holdings(connection: Connection, holder: str) -> Holdings:
    """Read everything that a balance is made of, by one statement: it sees one moment without a transaction around it."""
    accounts: dict[UUID, Open] = {}
    lots: dict[UUID, list[Lot]] = {}
    newest = 0
    for row in await connection.fetch(_HOLDINGS, holder):
        accounts.setdefault(row[0], _open(row))
        newest = row[10]
        if row[11] is not None:
            lot = Lot(row[11], row[12], row[13], row[14], row[15], row[16], row[17], LotState(row[18]), row[19])
            lots.setdefault(row[0], []).append(lot)
    return Holdings(list(accounts.values()), lots, newest)


async def legs(connection: Connection, account_id: UUID, *, first: int, last: int) -> list[Leg]:
    """Read the legs of an account's versions from the last one down to the first."""
    return [Leg(*row) for row in await connection.fetch(_LEGS, account_id, first, last)]


async def reasons(connection: Connection, lot_ids: Collection[UUID]) -> dict[UUID, Reason]:
    """Read lots with what they were granted for."""
    return {row[0]: Reason(*row) for row in await connection.fetch(_REASONS, list(lot_ids))}


async def taken_back(connection: Connection, transaction_ids: Collection[UUID]) -> dict[UUID, tuple[bytes, bytes]]:
    """Read of reversals the bodies of their purchases, and the explanations of what is kept."""
    return {row[0]: (row[1], row[2]) for row in await connection.fetch(_TAKEN_BACK, list(transaction_ids))} if transaction_ids else {}


async def grant(connection: Connection, grant_id: UUID) -> Grant | None:
    """Find the entry that granted a lot."""
    row = await connection.fetchrow(_GRANT, grant_id)
    return None if row is None else Grant(*row)


async def revisions(connection: Connection, key: bytes) -> list[Revision]:
    """Read everything that was decided about a purchase, refusals included."""
    return [Revision(*row) for row in await connection.fetch(_REVISIONS, key)]


def _open(row: asyncpg.Record) -> Open:
    """Read an account from a row that begins with the columns `_ACCOUNT`."""
    return Open(row[0], row[1], row[2], row[3], row[4], row[5], Balance(*row[6:10]))
