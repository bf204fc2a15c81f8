"""A till or a site asks who has an identifier."""

from fastapi import APIRouter, Request, Response

from contracts.replies import LookUp
from contracts.requests import Identifier
from gateway.api import examples
from gateway.api.operations import operation
from gateway.api.parts import Gateway
from gateway.api.replies import written
from gateway.handlers.looking_up import look_up as find


def routes(gateway: Gateway) -> APIRouter:
    """Return the route that finds a member."""
    router = APIRouter(tags=["members"])

    @router.post(
        "/v1/members/look-up",
        response_model=LookUp,
        summary="Find a member by identifier",
        **operation(gateway.verifier, "members:read accounts:read", reply=examples.LOOK_UP, body=examples.ANAS_CARD, problems=["invalid-identifier"]),
    )
    async def look_up(identifier: Identifier, request: Request) -> Response:
        """Show who stands at the till, and the points: a member's, or those that wait for a guest. `unavailable` names the parts that could not be asked."""
        found = await find(
            identifier.model_dump_json().encode(),
            accrual=gateway.accrual,
            members=gateway.members,
            asking=gateway.query(request),
            resolving=gateway.query_as_gateway(request, "identifiers:resolve"),
        )
        return written(found)

    return router
