"""Points that members bring along from another system: announce them, load them, take them back, go live."""

from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from accrual.api.commanding import answered, command
from accrual.api.parts import Desk
from accrual.api.replies import Reply
from accrual.domain.lifetimes import end_of
from accrual.domain.programme import Programme
from accrual.handlers import migrating
from accrual.handlers.migrating import LIMIT, Row
from accrual.store import Connection, migrations
from accrual.store.snapshots import snapshot
from contracts.fields import Holder, Id, Moment
from shared import commands
from shared.auth import Principal, require
from shared.commanding import Key, refused, said
from shared.problems import Problem

_PATH = "/v1/migrations/{programme}/{name}"
_MOST_POINTS = 10**15


class Announcement(BaseModel):
    """How much will be loaded at most: points in the programme's smallest unit, in so many rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: Annotated[int, Field(strict=True, ge=1, le=_MOST_POINTS)]
    openings: Annotated[int, Field(strict=True, ge=1, le=10_000_000)]


class OpeningRow(BaseModel):
    """What one member brings along. `name` tells it from every other row of the migration; a row is loaded once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Id
    holder: Holder
    points: Annotated[int, Field(strict=True, ge=1, le=_MOST_POINTS)]
    expires_at: Annotated[AwareDatetime | date | None, Field(description="A moment; or a day, to whose end in the programme's zone the points live.")] = None

    def ends_at(self, zone: ZoneInfo) -> datetime | None:
        """Return the first moment at which the points are gone."""
        if self.expires_at is None or isinstance(self.expires_at, datetime):
            return self.expires_at
        return end_of(self.expires_at, zone)


class Openings(BaseModel):
    """Rows to load."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: Annotated[tuple[OpeningRow, ...], Field(min_length=1, max_length=LIMIT)]


class MigrationState(Reply):
    """How far a migration is."""

    programme: Id
    name: Id
    points: int
    openings: int
    announced_by: Id
    loaded_points: int
    loaded: int
    live_at: Moment | None


class Done(Reply):
    """How many rows were done now, how many points that were, and how many of the rows were known. After an undo: 0 rows, nothing is left to take back."""

    rows: int
    points: int
    known: int


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

    @router.post(f"{_PATH}/openings", response_model=Done, openapi_extra=extra)
    async def load(programme: Id, name: Id, asked: Openings, who: Operator, key: Key = None) -> Response:
        """Load rows: each opens a lot of its own, once."""
        return await _run(desk, "load", (programme, name), who, key, asked)

    @router.post(f"{_PATH}/undo", response_model=Done, openapi_extra=extra)
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
        await _programme(desk, connection, programme, now)
        await migrations.announce(connection, migrations.Migration(programme, name, asked.points, asked.openings, by, now))
        return _state(await _found(connection, programme, name))
    found = await _found(connection, programme, name, lock=True)
    if isinstance(asked, Openings):
        rules = await _programme(desk, connection, programme, now)
        rows = [Row(row.name, row.holder, row.points, row.ends_at(rules.terms.zone)) for row in asked.rows]
        if late := [row.name for row in rows if row.expires_at is not None and row.expires_at <= now]:
            raise Problem(422, "expired", "Points that have expired cannot be loaded", f"Row {late[0]}.")
        if len({row.name for row in rows}) < len(rows):
            raise Problem(422, "repeated-row", "Two rows have one name")
        return _done(await migrating.load(connection, found, rules, rows, by=by, now=now))
    if step == "undo":
        return _done(await migrating.undo(connection, found, by=by, now=now))
    await migrating.check_stands(connection, found)
    await migrations.go_live(connection, found, now=now)
    return _state(await _found(connection, programme, name))


async def _found(connection: Connection, programme: str, name: str, *, lock: bool = False) -> migrations.Migration:
    found = await migrations.find(connection, programme, name, lock=lock)
    if found is None:
        raise Problem(404, "unknown-migration", "No such migration was announced")
    return found


async def _programme(desk: Desk, connection: Connection, programme: str, now: datetime) -> Programme:
    published = await desk.catalogue.current(connection)
    found = published.in_force(programme, at=now) or published.latest(programme)
    if found is None:
        raise Problem(404, "unknown-programme", "There is no such programme")
    return found


def _state(migration: migrations.Migration) -> MigrationState:
    fields = migration._asdict()
    return MigrationState(**{name: fields[name] for name in MigrationState.model_fields})


def _done(outcome: migrating.Outcome) -> Done:
    return Done(rows=outcome.rows, points=outcome.points, known=outcome.known)
