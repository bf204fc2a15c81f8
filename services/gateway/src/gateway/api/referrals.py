"""A member, or somebody who may look, asks what came of the friends whom the member brought."""

from fastapi import APIRouter, Request, Response

from contracts.identifiers import member_holder
from contracts.referrals import Referrals
from gateway.api import referral_examples
from gateway.api.me import myself
from gateway.api.members import MemberId
from gateway.api.operations import operation
from gateway.api.parts import Gateway
from gateway.api.replies import written


def routes(gateway: Gateway) -> APIRouter:
    """Return the routes about friends."""
    router = APIRouter()

    @router.get(
        "/v1/members/{member_id}/referrals",
        response_model=Referrals,
        tags=["members"],
        summary="Whom a member invited",
        **operation(gateway.verifier, "accounts:read", reply=referral_examples.REFERRALS, problems=["unknown-holder"]),
    )
    async def referrals(member_id: MemberId, request: Request) -> Response:
        """Show what came of each invitation, or why nothing did, the newest first; nobody is told who the other one is."""
        return written(await gateway.accrual.referrals(member_holder(member_id), gateway.query(request)))

    @router.get(
        "/v1/me/referrals",
        response_model=Referrals,
        tags=["me"],
        summary="Whom I invited",
        **operation(gateway.verifier, "member", reply=referral_examples.REFERRALS, problems=["not-a-member", "unknown-holder"]),
    )
    async def my_referrals(request: Request) -> Response:
        """Show what came of each invitation, or why nothing did, the newest first; nobody is told who the other one is."""
        asking = gateway.query_as_gateway(request, "accounts:read")
        return written(await gateway.accrual.referrals(member_holder(myself(request)), asking))

    return router
