"""What was decided about purchases and activities, and the anchors under which all that concerns one of them meets."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection


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


class Known(NamedTuple):
    """The highest accepted revision of a purchase."""

    revision: int
    grant_id: UUID | None


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
_KNOWN = "select distinct on (key) key, revision, grant_id from purchase where key = any($1::bytea[]) order by key, revision desc"
_BODIES = """
    select key, revision, body
    from (select unnest($1::bytea[]) as key, unnest($2::int[]) as revision) as wanted join purchase using (key, revision)
"""
_DONE = "select key from activity where key = any($1::bytea[])"
_PURCHASE = (
    "key", "revision", "event_key", "programme", "programme_version", "account_id", "grant_id", "verdict", "reason", "occurred_at", "body", "decision",
    "decided_at",
)  # fmt: skip
_ACTIVITY = tuple(column for column in _PURCHASE if column != "revision")
_REFUSALS = """
    insert into refusal (decided_at, key, event_key, revision, reason, detail, occurred_at)
    select $1::timestamptz, unnest($2::bytea[]), unnest($3::bytea[]), unnest($4::int[]), unnest($5::text[]), unnest($6::text[]), unnest($7::timestamptz[])
"""
_DISCREPANCY = """
    insert into discrepancy (seen_at, key, revision, event_key, fields, body) values ($1, $2, $3, $4, $5, $6)
    on conflict do nothing
"""


async def lock_anchors(connection: Connection, keys: Iterable[bytes]) -> None:
    """Lock the places where all that is about these purchases and activities meets, in order, until the transaction ends."""
    ordered = sorted(set(keys))
    if not ordered:
        return
    new = await connection.fetch(_ANCHOR, ordered)  # whoever inserts a row holds its lock
    if len(new) < len(ordered):
        await connection.execute(_LOCK_ANCHORS, sorted(set(ordered) - {row[0] for row in new}))


async def known_purchases(connection: Connection, keys: Iterable[bytes]) -> dict[bytes, Known]:
    """Find the highest accepted revision of each purchase."""
    return {row[0]: Known(row[1], row[2]) for row in await connection.fetch(_KNOWN, list(keys))}


async def bodies(connection: Connection, revisions: Collection[tuple[bytes, int]]) -> dict[tuple[bytes, int], bytes]:
    """Read what purchases said, to compare."""
    rows = await connection.fetch(_BODIES, [key for key, _ in revisions], [revision for _, revision in revisions]) if revisions else []
    return {(row[0], row[1]): row[2] for row in rows}


async def known_activities(connection: Connection, keys: Iterable[bytes]) -> set[bytes]:
    """Tell which activities have been decided already."""
    return {row[0] for row in await connection.fetch(_DONE, list(keys))}


async def add_purchases(connection: Connection, decided: Collection[Decided], *, decided_at: datetime) -> None:
    """Write accepted purchases. Each occupies its revision."""
    if decided:
        await connection.copy_records_to_table("purchase", records=[(*each, decided_at) for each in decided], columns=_PURCHASE)


async def add_activities(connection: Connection, decided: Collection[Decided], *, decided_at: datetime) -> None:
    """Write accepted activities."""
    if decided:
        records = [(each.key, *each[2:], decided_at) for each in decided]
        await connection.copy_records_to_table("activity", records=records, columns=_ACTIVITY)


async def add_refusals(connection: Connection, refused: Collection[Refused], *, decided_at: datetime) -> None:
    """Write refused purchases, for the question why not. They occupy nothing."""
    if refused:
        await connection.execute(_REFUSALS, decided_at, *zip(*refused, strict=True))


async def add_discrepancies(connection: Connection, found: Collection[Discrepancy], *, seen_at: datetime) -> None:
    """Write what differed when a purchase was said again."""
    if found:
        await connection.executemany(_DISCREPANCY, [(seen_at, *each) for each in found])
