"""Contests: how one stands, for a site and for a member; nobody but the member asking can be told from it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from contracts.contests import ContestStandings
from contracts.fields import Id
from contracts.identifiers import member_holder
from gateway.api.contest_examples import MY_STANDINGS, STANDINGS
from gateway.api.me import myself
from gateway.api.operations import operation
from gateway.api.parts import Gateway
from gateway.api.replies import written
from gateway.api.rewards import ProgrammeId

ContestId = Annotated[Id, Path(json_schema_extra={"example": "spring"})]
First = Annotated[int, Query(ge=0, le=100, description="So many of the first places.")]


def routes(gateway: Gateway) -> APIRouter:
    """Return the routes about contests."""
    router = APIRouter(tags=["rewards"])
    verifier = gateway.verifier

    @router.get(
        "/v1/contests/{programme}/{contest}",
        response_model=ContestStandings,
        summary="How a contest stands",
        **operation(verifier, "accounts:read", reply=STANDINGS, problems=["unknown-contest"]),
    )
    async def standings(programme: ProgrammeId, contest: ContestId, request: Request, first: First = 10) -> Response:
        """Show the first places, each under a name that means nothing elsewhere. What is returned is taken off until the contest is settled."""
        return written(await gateway.accrual.standings(programme, contest, gateway.query(request), first=first))

    @router.get(
        "/v1/me/contests/{programme}/{contest}",
        response_model=ContestStandings,
        summary="Where I stand in a contest",
        **operation(verifier, "member", reply=MY_STANDINGS, problems=["not-a-member", "unknown-contest"]),
    )
    async def my_standings(programme: ProgrammeId, contest: ContestId, request: Request, first: First = 10) -> Response:
        """Show the first places and mine."""
        asking = gateway.query_as_gateway(request, "accounts:read")
        return written(await gateway.accrual.standings(programme, contest, asking, first=first, holder=member_holder(myself(request))))

    return router
