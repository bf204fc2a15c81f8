"""Migrations: what was announced, and each row that was loaded or taken back."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from accrual.domain.tiers.progress import NONE, Progress
from accrual.store import Connection


class Migration(NamedTuple):
    """What members bring along from another system into a programme."""

    programme: str
    name: str
    points: int
    openings: int
    levels: int
    totals: int  #: of what counts towards levels, added up
    announced_by: str
    announced_at: datetime
    loaded_points: int = 0
    loaded: int = 0
    loaded_levels: int = 0
    loaded_totals: int = 0
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


class Brought(NamedTuple):
    """What a row brings beside points: a level from a day to another or for good, and what counts towards levels on a day."""

    level: str | None = None
    since: date | None = None
    until: date | None = None
    counted_on: date | None = None
    done: Progress = NONE


NOTHING_BROUGHT = Brought()


class OpenedRow(NamedTuple):
    """A row to be kept: whose account it is about, and the adjustment that opened its lot, if it brought points."""

    name: str
    account_id: UUID
    by_hand: ByHand | None
    brought: Brought


class Loaded(NamedTuple):
    """A row that was loaded, with the lot that it opened, if it brought points, in the account that has it now."""

    name: str
    adjustment_id: UUID | None
    account_id: UUID
    brought: Brought


class Known(NamedTuple):
    """What a row brought when it was loaded."""

    points: int
    level: str | None
    until: date | None
    done: Progress


_COLUMNS = "programme, name, points, openings, levels, totals, announced_by, announced_at, loaded_points, loaded, loaded_levels, loaded_totals, live_at"
_ANNOUNCE = """
    insert into migration (programme, name, points, openings, levels, totals, announced_by, announced_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
"""
_FIND = f"select {_COLUMNS} from migration where programme = $1 and name = $2"  # noqa: S608  constants
_KNOWN = """
    select opening.name, coalesce(adjustment.points, 0), opening.level, opening.level_until, opening.earned, opening.spent, opening.purchases
    from opening left join adjustment on adjustment.id = opening.adjustment_id
    where opening.programme = $1 and opening.migration = $2 and opening.name = any($3::text[])
"""
_LOADED = """
    update migration
    set loaded_points = loaded_points + $3, loaded = loaded + $4, loaded_levels = loaded_levels + $5, loaded_totals = loaded_totals + $6
    where programme = $1 and name = $2
"""
_LIVE = "update migration set live_at = $3 where programme = $1 and name = $2 and live_at is null"
_ADJUST = """
    insert into adjustment (id, account_id, points, requested_at, booked_at, forfeit, reason, requested_by, approved_by)
    values ($1, $2, $3, $6, $8, false, $4, $5, $7)
"""
_OPEN = """
    insert into opening (programme, migration, name, account_id, adjustment_id, level, level_since, level_until, counted_on, earned, spent, purchases)
    select $1, $2, * from unnest(
        $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::date[], $8::date[], $9::date[], $10::bigint[], $11::bigint[], $12::bigint[]
    )
"""
_TO_UNDO = """
    select opening.name, opening.adjustment_id, coalesce(account.moved_to, account.id), opening.level, opening.level_since, opening.level_until,
           opening.counted_on, opening.earned, opening.spent, opening.purchases
    from opening join account on account.id = opening.account_id
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
    await connection.execute(_ANNOUNCE, *migration[:8])


async def find(connection: Connection, programme: str, name: str, *, lock: bool = False) -> Migration | None:
    """Read a migration; locked, nobody else loads it or takes it back until the transaction ends."""
    row = await connection.fetchrow(f"{_FIND} for update" if lock else _FIND, programme, name)
    return None if row is None else Migration(*row)


async def known(connection: Connection, migration: Migration, names: Iterable[str]) -> dict[str, Known]:
    """Return the rows that were loaded before, with what they brought."""
    rows = await connection.fetch(_KNOWN, migration.programme, migration.name, list(names))
    return {row[0]: Known(row[1], row[2], row[3], Progress(*row[4:])) for row in rows}


async def load(connection: Connection, migration: Migration, rows: Sequence[OpenedRow], *, now: datetime) -> None:
    """Write rows with the adjustments that opened their lots, and count them."""
    adjustments = [row.by_hand for row in rows if row.by_hand is not None]
    await adjust(connection, adjustments, now=now)
    columns = [(row.name, row.account_id, None if row.by_hand is None else row.by_hand.id, *row.brought[:4], *row.brought.done) for row in rows]
    await connection.execute(_OPEN, migration.programme, migration.name, *zip(*columns, strict=True))
    levels, totals = sum(row.brought.level is not None for row in rows), sum(sum(row.brought.done) for row in rows)
    await connection.execute(_LOADED, migration.programme, migration.name, sum(each.points for each in adjustments), len(rows), levels, totals)


async def adjust(connection: Connection, adjustments: Sequence[ByHand], *, now: datetime) -> None:
    """Write adjustments that are booked with them."""
    await connection.executemany(_ADJUST, [(*each, now) for each in adjustments])


async def to_undo(connection: Connection, migration: Migration, *, limit: int) -> list[Loaded]:
    """Read rows that were not taken back yet."""
    rows = await connection.fetch(_TO_UNDO, migration.programme, migration.name, limit)
    return [Loaded(row[0], row[1], row[2], Brought(row[3], row[4], row[5], row[6], Progress(*row[7:]))) for row in rows]


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
