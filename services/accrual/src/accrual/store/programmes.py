"""Programme documents: every version ever published."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection


class Published(NamedTuple):
    """One version of a programme, as it was published."""

    programme: str
    version: int
    effective_from: datetime
    effective_until: datetime | None
    document: str
    fingerprint: str
    published_at: datetime
    sequence: int


_COLUMNS = "programme, version, effective_from, effective_until, document, fingerprint, published_at, sequence"
_NEWEST = "select coalesce(max(sequence), 0) from programme_version"
_SINCE = f"select {_COLUMNS} from programme_version where sequence > $1 order by sequence"  # noqa: S608  a constant
_LOCK = "select pg_advisory_xact_lock(hashtext('programmes'))"
_INSERT = """
    insert into programme_version (programme, version, effective_from, effective_until, document, fingerprint, published_at)
    values ($1, $2, $3, $4, $5, $6, $7)
"""
_INSERT_MERCHANTS = "insert into programme_merchant (programme, version, merchant) select $1, $2, unnest($3::text[])"
_INSERT_SYSTEM_ACCOUNTS = """
    insert into account (id, programme, kind, name)
    select unnest($2::uuid[]), $1, 'system', unnest($3::text[])
    on conflict do nothing
"""
_HAS_GRANTED = "select exists (select from account where programme = $1 and version > 0)"


async def newest(connection: Connection) -> int:
    """Return the number of the latest publication: when it has not changed, nothing has."""
    number: int = await connection.fetchval(_NEWEST)
    return number


async def published_since(connection: Connection, sequence: int) -> list[Published]:
    """Read all versions published after that one, in the order of publication."""
    return [Published(*row) for row in await connection.fetch(_SINCE, sequence)]


async def lock(connection: Connection) -> None:
    """Let nobody else publish until the transaction ends."""
    await connection.execute(_LOCK)


async def has_granted(connection: Connection, programme: str) -> bool:
    """Tell whether any account of the programme has ever changed."""
    granted: bool = await connection.fetchval(_HAS_GRANTED, programme)
    return granted


async def publish(connection: Connection, version: Published, *, merchants: tuple[str, ...], system_accounts: dict[str, UUID]) -> None:
    """Write a new version, and its programme's system accounts where they are missing."""
    await connection.execute(_INSERT, *version[:-1])
    await connection.execute(_INSERT_MERCHANTS, version.programme, version.version, merchants)
    await connection.execute(_INSERT_SYSTEM_ACCOUNTS, version.programme, list(system_accounts.values()), list(system_accounts))
