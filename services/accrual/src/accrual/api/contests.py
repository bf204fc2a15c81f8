"""Contests: how one stands. Nobody but the holder who is asked about can be told from it."""

from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from accrual.api.parts import Desk
from accrual.domain.contests import Contest
from accrual.handlers.settling import standings_of
from accrual.store import Connection, contests, holders
from accrual.store.contests import Asked, Placed
from accrual.store.holders import Wanted
from accrual.store.snapshots import snapshot
from contracts.contests import ContestStandings, Standing
from contracts.fields import Holder, Id
from shared.auth import require
from shared.problems import Problem

_FIRST, _MOST = 10, 100
_NAME_LENGTH = 8

First = Annotated[int, Query(ge=0, le=_MOST)]


def routes(desk: Desk) -> APIRouter:
    """Return the routes about contests."""
    router = APIRouter(tags=["contests"])
    reader: dict[str, Any] = {"openapi_extra": {"x-access": "accounts:read"}, "dependencies": [Depends(require(desk.verifier, "accounts:read"))]}

    @router.get("/v1/contests/{programme}/{contest}", **reader)
    async def standings(programme: Id, contest: Id, first: First = _FIRST) -> ContestStandings:
        """Show the first places of a contest. What comes back is taken off until it is settled; then places stay as they are."""
        return await _asked(desk, programme, contest, holder=None, first=first)

    @router.get("/v1/accounts/{holder}/contests/{programme}/{contest}", **reader)
    async def own_standing(holder: Holder, programme: Id, contest: Id, first: First = _FIRST) -> ContestStandings:
        """Show the same with the place of one holder."""
        return await _asked(desk, programme, contest, holder=holder, first=first)

    return router


async def _asked(desk: Desk, programme: str, contest: str, *, holder: str | None, first: int) -> ContestStandings:
    async with snapshot(desk.pool) as connection:
        found = (await desk.catalogue.current(connection)).contest(programme, contest, at=desk.clock())
        if found is None:
            raise Problem(404, "unknown-contest", "The programme has no such contest")
        return await _shown(connection, desk, programme, found, holder=holder, first=first)


async def _shown(connection: Connection, desk: Desk, programme: str, contest: Contest, *, holder: str | None, first: int) -> ContestStandings:
    wanted = None if holder is None else Wanted(holder, programme)
    asked = None if wanted is None else (await holders.resolve(connection, [wanted]))[wanted].account_id
    name, wanted_places = (programme, contest.id), Asked(first, asked, first + 1)
    settled = (await contests.settled(connection, [name])).get(name)
    found = await (standings_of(connection, programme, contest, wanted_places) if settled is None else contests.places(connection, name, wanted_places))
    shown = [_standing(programme, contest.id, each, own=each.account_id == asked) for each in found.placed]
    return ContestStandings(
        programme=programme,
        contest=contest.id,
        name=dict(contest.names),
        starts_at=contest.starts_at,
        ends_at=contest.ends_at,
        settles_at=contest.settles_at,
        state="settled" if settled is not None else contest.state(at=desk.clock()),
        settled_at=settled,
        participants=found.participants,
        first=tuple(each for each in shown if each.place <= first)[:first],
        own=next((each for each in shown if each.own), None),
    )


def _standing(programme: str, contest: str, placed: Placed, *, own: bool) -> Standing:
    return Standing(place=placed.place, name=_name(programme, contest, placed.account_id), score=placed.score, own=own)


def _name(programme: str, contest: str, account_id: UUID) -> str:
    """Return the name of a participant: of an account's id, which nobody outside knows, it says nothing."""
    return sha256(f"{programme}\0{contest}\0{account_id}".encode()).hexdigest()[:_NAME_LENGTH]
