"""What members bring along from another system: announce it, load it, take it back, go live."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from accrual.api.commanding import answered, command
from accrual.api.parts import Desk
from accrual.domain.lifetimes import end_of
from accrual.domain.programmes import Programmes
from accrual.domain.tiers.progress import Progress
from accrual.handlers import migrating
from accrual.handlers.migrating import Row
from accrual.store import Connection, migrations
from accrual.store.migrations import Brought
from accrual.store.snapshots import snapshot
from contracts.fields import Id
from contracts.migrations import Announcement, MigrationDone, MigrationState, OpeningRow, Openings
from contracts.replies import Reply
from shared import commands
from shared.auth import Principal, require
from shared.commanding import Key, refused, said
from shared.problems import Problem

_PATH = "/v1/migrations/{programme}/{name}"


def routes(desk: Desk) -> APIRouter:
    """Return the routes about migrations."""
    router = APIRouter(tags=["migrations"])
    Operator = Annotated[Principal, Depends(require(desk.verifier, "migrations:write"))]  # noqa: N806  a type
    extra = {"x-access": "migrations:write"}

    @router.get(_PATH, openapi_extra=extra)
    async def state(programme: Id, name: Id, _: Operator) -> MigrationState:
        """Show how far a migration is."""
        async with snapshot(desk.pool) as connection:
            return _state(await _found(connection, programme, name))

    @router.post(_PATH, status_code=201, response_model=MigrationState, openapi_extra=extra)
    async def announce(programme: Id, name: Id, asked: Announcement, who: Operator, key: Key = None) -> Response:
        """Announce a migration with its sums. Somebody else loads it, and never more than this."""
        return await _run(desk, "announce", (programme, name), who, key, asked)

    @router.post(f"{_PATH}/openings", response_model=MigrationDone, openapi_extra=extra)
    async def load(programme: Id, name: Id, asked: Openings, who: Operator, key: Key = None) -> Response:
        """Load rows: each opens a lot of its own, once."""
        return await _run(desk, "load", (programme, name), who, key, asked)

    @router.post(f"{_PATH}/undo", response_model=MigrationDone, openapi_extra=extra)
    async def undo(programme: Id, name: Id, who: Operator, key: Key = None) -> Response:
        """Take back what is left of the next rows, before the migration is live. Ask until no rows are left."""
        return await _run(desk, "undo", (programme, name), who, key)

    @router.post(f"{_PATH}/live", response_model=MigrationState, openapi_extra=extra)
    async def live(programme: Id, name: Id, who: Operator, key: Key = None) -> Response:
        """Say that it counts: nothing is loaded or taken back any more."""
        return await _run(desk, "live", (programme, name), who, key)

    return router


async def _run(desk: Desk, step: str, place: tuple[str, str], who: Principal, key: str | None, asked: BaseModel | None = None) -> Response:
    named = command(f"POST {_PATH} {step}", who, key, asked, subject="/".join(place))

    async def effect(connection: Connection) -> commands.Reply:
        try:
            return said(201 if step == "announce" else 200, await _do(desk, connection, step, place, who.subject, asked))
        except Problem as problem:
            return refused(problem)

    return await answered(desk, named, effect)


async def _do(desk: Desk, connection: Connection, step: str, place: tuple[str, str], by: str, asked: BaseModel | None) -> Reply:
    now, (programme, name) = desk.clock(), place
    if isinstance(asked, Announcement):
        await _programmes(desk, connection, programme)
        announced = migrations.Migration(programme, name, asked.points, asked.openings, asked.levels, asked.totals, by, now)
        await migrations.announce(connection, announced)
        return _state(await _found(connection, programme, name))
    found = await _found(connection, programme, name, lock=True)
    programmes = await _programmes(desk, connection, programme)
    if isinstance(asked, Openings):
        rows = [_row(row, _zone(programmes, programme, now)) for row in asked.rows]
        if late := [row.name for row in rows if row.expires_at is not None and row.expires_at <= now]:
            raise Problem(422, "expired-points", "Points that have expired cannot be loaded", f"Row {late[0]}.")
        if len({row.name for row in rows}) < len(rows):
            raise Problem(422, "repeated-row", "Two rows have one name")
        return _done(await migrating.load(connection, found, programmes, rows, by=by, now=now))
    if step == "undo":
        return _done(await migrating.undo(connection, found, programmes, by=by, now=now))
    await migrating.check_stands(connection, found)
    await migrations.go_live(connection, found, now=now)
    return _state(await _found(connection, programme, name))


async def _found(connection: Connection, programme: str, name: str, *, lock: bool = False) -> migrations.Migration:
    found = await migrations.find(connection, programme, name, lock=lock)
    if found is None:
        raise Problem(404, "unknown-migration", "No such migration was announced")
    return found


async def _programmes(desk: Desk, connection: Connection, programme: str) -> Programmes:
    published = await desk.catalogue.current(connection)
    if published.latest(programme) is None:
        raise Problem(404, "unknown-programme", "There is no such programme")
    return published


def _zone(programmes: Programmes, programme: str, now: datetime) -> ZoneInfo:
    found = programmes.in_force(programme, at=now) or programmes.latest(programme)
    return ZoneInfo("UTC") if found is None else found.terms.zone


def _row(row: OpeningRow, zone: ZoneInfo) -> Row:
    """Read a row; a day on which points end is meant to its end."""
    ends = row.expires_at if row.expires_at is None or isinstance(row.expires_at, datetime) else end_of(row.expires_at, zone)
    brought = Brought(row.level, None, row.level_until, row.counted_on, Progress(row.earned, row.spent, row.purchases))
    return Row(row.name, row.holder, row.points, ends, brought)


def _state(migration: migrations.Migration) -> MigrationState:
    fields = migration._asdict()
    return MigrationState(**{name: fields[name] for name in MigrationState.model_fields})


def _done(outcome: migrating.Outcome) -> MigrationDone:
    return MigrationDone(rows=outcome.rows, points=outcome.points, known=outcome.known)
