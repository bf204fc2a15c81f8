"""Migrations: what was announced, and each row that was loaded or taken back."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection


class Migration(NamedTuple):
    """What members bring along from another system into a programme."""

    programme: str
    name: str
    points: int
    openings: int
    announced_by: str
    announced_at: datetime
    loaded_points: int = 0
    loaded: int = 0
    live_at: datetime | None = None


class ByHand(NamedTuple):
    """An adjustment, booked as soon as it is written."""

    id: UUID
    account_id: UUID
    points: int
    reason: str
    requested_by: str
    requested_at: datetime
    approved_by: str


class Loaded(NamedTuple):
    """A row that was loaded, and the lot that it opened."""

    name: str
    adjustment_id: UUID
    account_id: UUID
    remaining: int


_COLUMNS = "programme, name, points, openings, announced_by, announced_at, loaded_points, loaded, live_at"
_ANNOUNCE = """
    insert into migration (programme, name, points, openings, announced_by, announced_at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing
"""
_FIND = f"select {_COLUMNS} from migration where programme = $1 and name = $2"  # noqa: S608  constants
_KNOWN = """
    select opening.name, adjustment.points from opening join adjustment on adjustment.id = opening.adjustment_id
    where opening.programme = $1 and opening.migration = $2 and opening.name = any($3::text[])
"""
_LOADED = "update migration set loaded_points = loaded_points + $3, loaded = loaded + $4 where programme = $1 and name = $2"
_LIVE = "update migration set live_at = $3 where programme = $1 and name = $2 and live_at is null"
_ADJUST = """
    insert into adjustment (id, account_id, points, requested_at, booked_at, forfeit, reason, requested_by, approved_by)
    values ($1, $2, $3, $6, $8, false, $4, $5, $7)
"""
_OPEN = "insert into opening (programme, migration, name, adjustment_id) select $1, $2, unnest($3::text[]), unnest($4::uuid[])"
_TO_UNDO = """
    select opening.name, opening.adjustment_id, lot.account_id, lot.remaining
    from opening join lot on lot.id = opening.adjustment_id
    where opening.programme = $1 and opening.migration = $2 and not opening.undone order by opening.name limit $3
"""
_IS_UNDONE = "select exists (select from opening where programme = $1 and migration = $2 and undone)"
_UNDONE = """
    update opening set undone = true, undo_id = done.undo_id
    from (select unnest($3::text[]) as name, unnest($4::uuid[]) as undo_id) as done
    where opening.programme = $1 and opening.migration = $2 and opening.name = done.name
"""


async def announce(connection: Connection, migration: Migration) -> None:
    """Keep an announcement; one of the same name stays as it is."""
    await connection.execute(_ANNOUNCE, *migration[:6])


async def find(connection: Connection, programme: str, name: str, *, lock: bool = False) -> Migration | None:
    """Read a migration; locked, nobody else loads it or takes it back until the transaction ends."""
    row = await connection.fetchrow(f"{_FIND} for update" if lock else _FIND, programme, name)
    return None if row is None else Migration(*row)


async def known(connection: Connection, migration: Migration, names: Iterable[str]) -> dict[str, int]:
    """Return the rows that were loaded before, with their points."""
    return {row[0]: row[1] for row in await connection.fetch(_KNOWN, migration.programme, migration.name, list(names))}


async def load(connection: Connection, migration: Migration, rows: Sequence[tuple[str, ByHand]], *, now: datetime) -> None:
    """Write rows with the adjustments that opened their lots, and count them."""
    await adjust(connection, [by_hand for _, by_hand in rows], now=now)
    await connection.execute(_OPEN, migration.programme, migration.name, [name for name, _ in rows], [by_hand.id for _, by_hand in rows])
    await connection.execute(_LOADED, migration.programme, migration.name, sum(by_hand.points for _, by_hand in rows), len(rows))


async def adjust(connection: Connection, adjustments: Sequence[ByHand], *, now: datetime) -> None:
    """Write adjustments that are booked with them."""
    await connection.executemany(_ADJUST, [(*each, now) for each in adjustments])


async def to_undo(connection: Connection, migration: Migration, *, limit: int) -> list[Loaded]:
    """Read rows that were not taken back yet, with what is left of their lots."""
    return [Loaded(*row) for row in await connection.fetch(_TO_UNDO, migration.programme, migration.name, limit)]


async def is_undone(connection: Connection, migration: Migration) -> bool:
    """Tell whether a row was taken back."""
    found: bool = await connection.fetchval(_IS_UNDONE, migration.programme, migration.name)
    return found


async def undone(connection: Connection, migration: Migration, rows: Sequence[tuple[str, UUID | None]]) -> None:
    """Say which adjustment took back what was left of each row; none where nothing was."""
    await connection.execute(_UNDONE, migration.programme, migration.name, [name for name, _ in rows], [undo_id for _, undo_id in rows])


async def go_live(connection: Connection, migration: Migration, *, now: datetime) -> None:
    """Say that nothing is taken back any more."""
    await connection.execute(_LIVE, migration.programme, migration.name, now)
