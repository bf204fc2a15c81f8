"""When members entered and left segments: all of it, so that events may come in any order and purchases see the segments of their own time."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection


class Change(NamedTuple):
    """A member entered a segment, or left it. `version` rises per member and segment."""

    holder: str
    segment: str
    version: int
    entered: bool
    changed_at: datetime


_ADD = """
    insert into segment_change (holder, segment, version, entered, changed_at)
    select unnest($1::text[]), unnest($2::text[]), unnest($3::bigint[]), unnest($4::boolean[]), unnest($5::timestamptz[])
    on conflict do nothing
    returning holder, segment, version
"""
_NEWEST = """
    select segment_change.holder, segment_change.segment, max(version)
    from segment_change
    join (select distinct unnest($1::text[]) as holder, unnest($2::text[]) as segment) as wanted using (holder, segment)
    group by 1, 2
"""
_OF_ACCOUNTS = """
    select holder.account_id, holder.holder, segment, version, entered, changed_at
    from holder join segment_change using (holder)
    where holder.account_id = any($1::uuid[])
    order by version
"""


async def add(connection: Connection, changes: Iterable[Change]) -> set[tuple[str, str, int]]:
    """Write changes, in order. Returns which were new, by holder, segment and version."""
    ordered = sorted(set(changes))
    if not ordered:
        return set()
    return {tuple(row) for row in await connection.fetch(_ADD, *zip(*ordered, strict=True))}


async def newest(connection: Connection, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return the highest version known of each holder in each segment."""
    rows = await connection.fetch(_NEWEST, [holder for holder, _ in pairs], [segment for _, segment in pairs]) if pairs else []
    return {(row[0], row[1]): row[2] for row in rows}


async def of_accounts(connection: Connection, account_ids: Iterable[UUID]) -> dict[UUID, list[Change]]:
    """Read the changes of the holders of these accounts, rising in version."""
    found: dict[UUID, list[Change]] = {}
    for row in await connection.fetch(_OF_ACCOUNTS, list(account_ids)):
        found.setdefault(row[0], []).append(Change(*row[1:]))
    return found
