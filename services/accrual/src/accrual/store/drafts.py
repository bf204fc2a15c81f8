"""Documents that somebody proposed, and who approved them."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection


class Draft(NamedTuple):
    """A proposed version of a programme."""

    id: UUID
    programme: str
    version: int
    effective_from: datetime
    document: str
    fingerprint: str
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None


_COLUMNS = "id, programme, version, effective_from, document, fingerprint, proposed_by, proposed_at, approved_by, approved_at"
_INSERT = f"insert into programme_draft ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"  # noqa: S608  a constant
_FIND = f"select {_COLUMNS} from programme_draft where id = $1"  # noqa: S608  constants
_LOCK = f"{_FIND} for update"
_OPEN = f"select {_COLUMNS} from programme_draft where approved_at is null and proposed_at > $1 order by proposed_at, id limit $2"  # noqa: S608  constants
_SAME = f"""
    select {_COLUMNS} from programme_draft
    where approved_at is null and proposed_at > $1 and programme = $2 and version = $3 and fingerprint = $4 and proposed_by = $5
"""  # noqa: S608  constants
_APPROVE = "update programme_draft set approved_by = $2, approved_at = $3 where id = $1"


async def insert(connection: Connection, draft: Draft) -> None:
    """Keep a proposal."""
    await connection.execute(_INSERT, *draft)


async def find(connection: Connection, draft_id: UUID) -> Draft | None:
    """Read one proposal."""
    row = await connection.fetchrow(_FIND, draft_id)
    return None if row is None else Draft(*row)


async def lock(connection: Connection, draft_id: UUID) -> Draft | None:
    """Read one proposal, and let nobody else decide about it until the transaction ends."""
    row = await connection.fetchrow(_LOCK, draft_id)
    return None if row is None else Draft(*row)


async def open_since(connection: Connection, moment: datetime, *, limit: int) -> list[Draft]:
    """Read what was proposed after a moment and nobody has approved, oldest first."""
    return [Draft(*row) for row in await connection.fetch(_OPEN, moment, limit)]


async def same(connection: Connection, draft: Draft, *, since: datetime) -> Draft | None:
    """Return the open proposal of the same document by the same person, if there is one."""
    row = await connection.fetchrow(_SAME, since, draft.programme, draft.version, draft.fingerprint, draft.proposed_by)
    return None if row is None else Draft(*row)


async def approve(connection: Connection, draft_id: UUID, *, approved_by: str, now: datetime) -> None:
    """Say who approved it."""
    await connection.execute(_APPROVE, draft_id, approved_by, now)
