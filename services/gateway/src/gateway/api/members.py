"""A till, a site or an operator asks about a member."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from contracts.identifiers import member_holder
from contracts.replies import Balance, History, Member
from gateway.api import examples
from gateway.api.operations import OF_A_PAGE, operation
from gateway.api.pages import Page, page_of
from gateway.api.parts import Gateway
from gateway.api.replies import written

MemberId = Annotated[UUID, Path(json_schema_extra={"example": examples.ANA})]


def routes(gateway: Gateway) -> APIRouter:
    """Return the routes about members."""
    router = APIRouter(tags=["members"])

    @router.get(
        "/v1/members/{member_id}",
        response_model=Member,
        summary="A member",
        **operation(gateway.verifier, "members:read", reply=examples.MEMBER, problems=["unknown-member"]),
    )
    async def member(member_id: MemberId, request: Request) -> Response:
        """Show a member without anything personal: identifiers are keyed hashes."""
        return written(await gateway.members.member(member_id, gateway.query(request)))

    @router.get(
        "/v1/members/{member_id}/balance",
        response_model=Balance,
        summary="A member's points",
        **operation(gateway.verifier, "accounts:read", reply=examples.BALANCE, problems=["unknown-holder"]),
    )
    async def balance(member_id: MemberId, request: Request) -> Response:
        """Show the points in every programme: usable, pending and when they mature, and what expires next."""
        return written(await gateway.accrual.balance(member_holder(member_id), gateway.query(request)))

    @router.get(
        "/v1/members/{member_id}/history",
        response_model=History,
        summary="A member's history, explained",
        **operation(gateway.verifier, "accounts:read", reply=examples.HISTORY, problems=["unknown-holder", *OF_A_PAGE]),
    )
    async def history(member_id: MemberId, page: Page, request: Request) -> Response:
        """List every change of the accounts, newest first, each with its cause and the steps that led to it."""
        return written(await gateway.accrual.history(member_holder(member_id), page_of(page), gateway.query(request)))

    return router
