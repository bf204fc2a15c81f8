"""An operator sets a member's level."""

from fastapi import APIRouter, Request, Response

from contracts.identifiers import member_holder
from contracts.replies import Tier
from contracts.requests import TierAssignment
from gateway.api import examples
from gateway.api.members import MemberId
from gateway.api.operations import IDEMPOTENCY_KEY, operation
from gateway.api.parts import Gateway
from gateway.api.replies import written


def routes(gateway: Gateway) -> APIRouter:
    """Return the route about levels."""
    router = APIRouter(tags=["members"])

    @router.post(
        "/v1/members/{member_id}/tier",
        response_model=Tier,
        summary="Set a member's level",
        **operation(
            gateway.verifier,
            "tiers:write",
            reply=examples.TIER,
            body=examples.SET_TIER,
            parameters=[IDEMPOTENCY_KEY],
            problems=["key-missing", "unknown-holder", "unknown-tier", "not-in-future", "still-running", "conflict"],
        ),
    )
    async def set_tier(member_id: MemberId, wanted: TierAssignment, request: Request) -> Response:
        """Set a level by hand: the member has at least this one from today on, until its last day. What was earned stays."""
        body = wanted.model_dump_json().encode()
        return written(await gateway.accrual.set_tier(member_holder(member_id), body, gateway.command(request)))

    return router
