"""Who invited whom, what both were given for it, and what of that was taken back."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection


class Referral(NamedTuple):
    """A friend and whoever invited the friend: the account in which that one's points are now."""

    friend_id: UUID
    inviter_id: UUID | None
    joined_at: datetime
    programme: str
    programme_version: int
    state: str
    look_at: datetime | None
    reason: str | None = None
    purchase_key: bytes | None = None
    paid_on: date | None = None
    inviter_joined_at: datetime | None = None


class Given(NamedTuple):
    """What one of the two was given."""

    key: bytes
    friend_id: UUID
    side: str
    grant_id: UUID
    account_id: UUID
    programme: str
    programme_version: int
    occurred_at: datetime
    body: bytes
    decision: bytes


class TakenBack(NamedTuple):
    """What one of the two does not keep of it."""

    key: bytes
    transaction_id: UUID | None
    taken: int
    owed: int
    forgiven: int
    decision: bytes


_COLUMNS = """
    referral.friend_id, coalesce(named.moved_to, referral.inviter_id), referral.joined_at, referral.programme, referral.programme_version,
    referral.state, referral.look_at, referral.reason, referral.purchase_key, referral.paid_on, inviter.registered_at
"""
_JOINED = """
    referral left join account as named on named.id = referral.inviter_id
    left join account as inviter on inviter.id = coalesce(named.moved_to, named.id)
"""
_DUE = f"""
    select {_COLUMNS} from {_JOINED}
    where referral.look_at <= $1 and referral.friend_id <> all($3::uuid[]) order by referral.look_at, referral.joined_at, referral.friend_id limit $2
"""  # noqa: S608  constants
_STILL_DUE = f"""
    select {_COLUMNS} from {_JOINED}
    where referral.friend_id = any($2::uuid[]) and referral.look_at <= $1 order by referral.look_at, referral.joined_at, referral.friend_id
"""  # noqa: S608  constants
_OF_ACCOUNT = f"""
    select {_COLUMNS} from {_JOINED}
    where referral.friend_id = $1 or referral.inviter_id in (select id from account where id = $1 or moved_to = $1)
    order by referral.joined_at desc, referral.friend_id limit $2
"""  # noqa: S608  constants
_ADD = """
    insert into referral (friend_id, inviter_id, joined_at, programme, programme_version, state, look_at, reason)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_CHANGE = "update referral set inviter_id = $2, state = $3, look_at = $4, reason = $5, purchase_key = $6, paid_on = $7 where friend_id = $1"
_PAID_ON = "select paid_on from referral where inviter_id = $1 and state = 'paid'"
_LOOK = "update referral set look_at = $2 where purchase_key = any($1::bytea[]) and state = 'paid'"
_GIVE = """
    insert into referral_grant (decided_at, key, friend_id, side, grant_id, account_id, programme, programme_version, occurred_at, body, decision)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_GIVEN = """
    select key, friend_id, side, grant_id, account_id, programme, programme_version, occurred_at, body, decision
    from referral_grant where friend_id = $1 order by side
"""
_TAKE = "insert into referral_reversal (decided_at, key, transaction_id, taken, owed, forgiven, decision) values ($1, $2, $3, $4, $5, $6, $7)"


async def add(connection: Connection, referrals: Collection[Referral]) -> None:
    """Write who was invited by whom, each friend for the first time."""
    if referrals:
        await connection.executemany(_ADD, [each[:8] for each in referrals])


async def due(connection: Connection, *, now: datetime, limit: int, but: Iterable[UUID] = ()) -> list[Referral]:
    """Find those that the clock has to look at, the longest waiting first. Some friends may be left out."""
    return [Referral(*row) for row in await connection.fetch(_DUE, now, limit, list(but))]


async def still_due(connection: Connection, friends: Iterable[UUID], *, now: datetime) -> list[Referral]:
    """Read those of these friends that the clock has still to look at. Their accounts should be locked."""
    return [Referral(*row) for row in await connection.fetch(_STILL_DUE, now, list(friends))]


async def of_account(connection: Connection, account_id: UUID, *, limit: int) -> list[Referral]:
    """Read the newest invitations in which an account has a part, on either side, the newest first."""
    return [Referral(*row) for row in await connection.fetch(_OF_ACCOUNT, account_id, limit)]


async def change(connection: Connection, referral: Referral) -> None:
    """Write what became of one. The friend's account must be locked."""
    each = referral
    await connection.execute(_CHANGE, each.friend_id, each.inviter_id, each.state, each.look_at, each.reason, each.purchase_key, each.paid_on)


async def paid_on(connection: Connection, inviter_id: UUID) -> list[date]:
    """Tell on which days an account was given something for friends, and keeps it. The account must be locked."""
    return [row[0] for row in await connection.fetch(_PAID_ON, inviter_id)]


async def look_at_once(connection: Connection, purchase_keys: Iterable[bytes], *, now: datetime) -> None:
    """Let the clock look at what was given for these purchases: something of them came back. The buyers' accounts must be locked."""
    await connection.execute(_LOOK, list(purchase_keys), now)


async def give(connection: Connection, given: Iterable[Given], *, decided_at: datetime) -> None:
    """Write what both were given."""
    await connection.executemany(_GIVE, [(decided_at, *each) for each in given])


async def given(connection: Connection, friend_id: UUID) -> list[Given]:
    """Read what both were given for a friend."""
    return [Given(*row) for row in await connection.fetch(_GIVEN, friend_id)]


async def take(connection: Connection, taken: Iterable[TakenBack], *, decided_at: datetime) -> None:
    """Write what both do not keep."""
    await connection.executemany(_TAKE, [(decided_at, *each) for each in taken])
