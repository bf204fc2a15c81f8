"""What was decided about purchases and activities, and the anchors under which all that concerns one of them meets."""

from collections.abc import Collection, Iterable
from datetime import datetime
from struct import Struct
from typing import NamedTuple
from uuid import UUID

from accrual.domain.chain import microseconds
from accrual.store import Connection
from accrual.store.copying import NULL, copy, integer, raw, word


class Decided(NamedTuple):
    """An accepted purchase or activity, with the decision about it. `revision` is 1 for activities, which have none."""

    key: bytes
    revision: int
    event_key: bytes
    programme: str
    programme_version: int
    account_id: UUID | None
    grant_id: UUID | None
    verdict: str
    reason: str | None
    occurred_at: datetime
    body: bytes
    decision: bytes
    receipt_key: bytes | None = None  #: of a purchase with a number on its receipt
    decided_as: bytes | None = None  #: of an exchange: when and where the exchanged purchase was made


class Known(NamedTuple):
    """The highest accepted revision of a purchase, and the account it belongs to now: what a guest bought moves with a claim."""

    revision: int
    grant_id: UUID | None
    account_id: UUID | None


class Refused(NamedTuple):
    """A purchase that a rule refused by name."""

    key: bytes
    event_key: bytes
    revision: int
    reason: str
    text: str
    occurred_at: datetime


class Discrepancy(NamedTuple):
    """A purchase said again with other content: which fields differ, and what the second one said."""

    key: bytes
    revision: int
    event_key: bytes
    fields: list[str]
    body: bytes


_ANCHOR = "insert into anchor (key) select unnest($1::bytea[]) on conflict do nothing returning key"
_LOCK_ANCHORS = "select from anchor where key = any($1::bytea[]) order by key for update"
_KNOWN = """
    select distinct on (purchase.key) purchase.key, purchase.revision, purchase.grant_id, coalesce(account.moved_to, purchase.account_id)
    from purchase left join account on account.id = purchase.account_id
    where purchase.key = any($1::bytea[]) order by purchase.key, purchase.revision desc
"""
_BODIES = """
    select key, revision, body
    from (select unnest($1::bytea[]) as key, unnest($2::int[]) as revision) as wanted join purchase using (key, revision)
"""
_REFUSED = "select distinct key from refusal where key = any($1::bytea[])"
_DONE = "select key from activity where key = any($1::bytea[])"
_DECIDED = (
    "key", "event_key", "decided_at", "occurred_at", "programme_version", "programme", "verdict", "reason", "account_id", "grant_id", "body", "decision",
)  # fmt: skip
_PURCHASE = (*_DECIDED, "revision", "receipt_key", "decided_as")
_DECIDED_HEAD = Struct(">h i16s i16s iq iq ii")
_REFUSALS = """
    insert into refusal (decided_at, key, event_key, revision, reason, detail, occurred_at)
    select $1::timestamptz, unnest($2::bytea[]), unnest($3::bytea[]), unnest($4::int[]), unnest($5::text[]), unnest($6::text[]), unnest($7::timestamptz[])
"""
_DISCREPANCY = """
    insert into discrepancy (seen_at, key, revision, event_key, fields, body) values ($1, $2, $3, $4, $5, $6)
    on conflict do nothing
"""


async def lock_anchors(connection: Connection, keys: Iterable[bytes]) -> frozenset[bytes]:
    """Lock the places where all that is about these purchases and activities meets, in order, until the transaction ends.

    Returns those that were there before: about the others nothing has been decided.
    """
    ordered = sorted(set(keys))
    if not ordered:
        return frozenset()
    new = {row[0] for row in await connection.fetch(_ANCHOR, ordered)}  # whoever inserts a row holds its lock
    known = frozenset(ordered) - new
    if known:
        await connection.execute(_LOCK_ANCHORS, sorted(known))
    return known


async def known_purchases(connection: Connection, keys: Iterable[bytes]) -> dict[bytes, Known]:
    """Find the highest accepted revision of each purchase."""
    wanted = list(keys)
    return {row[0]: Known(row[1], row[2], row[3]) for row in await connection.fetch(_KNOWN, wanted)} if wanted else {}


async def bodies(connection: Connection, revisions: Collection[tuple[bytes, int]]) -> dict[tuple[bytes, int], bytes]:
    """Read what purchases said, to compare."""
    rows = await connection.fetch(_BODIES, [key for key, _ in revisions], [revision for _, revision in revisions]) if revisions else []
    return {(row[0], row[1]): row[2] for row in rows}


async def refused_purchases(connection: Connection, keys: Iterable[bytes]) -> set[bytes]:
    """Tell which of these purchases were refused once, whatever came of them later."""
    wanted = list(keys)
    return {row[0] for row in await connection.fetch(_REFUSED, wanted)} if wanted else set()


async def known_activities(connection: Connection, keys: Iterable[bytes]) -> set[bytes]:
    """Tell which activities have been decided already."""
    return {row[0] for row in await connection.fetch(_DONE, list(keys))}


async def add_purchases(connection: Connection, decided: Iterable[Decided], *, decided_at: datetime) -> None:
    """Write accepted purchases. Each occupies its revision."""
    at = microseconds(decided_at)
    rows = [_packed(each, at, columns=15) + integer(each.revision) + raw(each.receipt_key) + raw(each.decided_as) for each in decided]
    if rows:
        await copy(connection, "purchase", _PURCHASE, rows)


async def add_activities(connection: Connection, decided: Iterable[Decided], *, decided_at: datetime) -> None:
    """Write accepted activities."""
    at = microseconds(decided_at)
    rows = [_packed(each, at, columns=12) for each in decided]
    if rows:
        await copy(connection, "activity", _DECIDED, rows)


async def add_refusals(connection: Connection, refused: Collection[Refused], *, decided_at: datetime) -> None:
    """Write refused purchases, for the question why not. They occupy nothing."""
    if refused:
        await connection.execute(_REFUSALS, decided_at, *zip(*refused, strict=True))


async def add_discrepancies(connection: Connection, found: Collection[Discrepancy], *, seen_at: datetime) -> None:
    """Write what differed when a purchase was said again."""
    if found:
        await connection.executemany(_DISCREPANCY, [(seen_at, *each) for each in found])


def _packed(decided: Decided, decided_at: int, *, columns: int) -> bytes:
    """Pack the columns that purchases and activities share."""
    account_id, grant_id = decided.account_id, decided.grant_id
    return b"".join((
        _DECIDED_HEAD.pack(
            columns, 16, decided.key, 16, decided.event_key, 8, decided_at, 8, microseconds(decided.occurred_at), 4, decided.programme_version
        ),
        word(decided.programme), word(decided.verdict), word(decided.reason), NULL if account_id is None else raw(account_id.bytes),
        NULL if grant_id is None else raw(grant_id.bytes), raw(decided.body), raw(decided.decision),
    ))  # fmt: skip
