"""A member asks about themselves. Whose data is shown comes from the token and from nowhere else."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from contracts.identifiers import member_holder
from contracts.replies import Balance, History, Member
from gateway.api import examples
from gateway.api.operations import OF_A_PAGE, operation
from gateway.api.pages import Page, page_of
from gateway.api.parts import Gateway
from gateway.api.replies import written
from shared.problems import Problem


def routes(gateway: Gateway) -> APIRouter:
    """Return a member's own routes."""
    router = APIRouter(tags=["me"])

    @router.get(
        "/v1/me",
        response_model=Member,
        summary="Who I am",
        **operation(gateway.verifier, "member", reply=examples.MEMBER, problems=["not-a-member", "unknown-member"]),
    )
    async def me(request: Request) -> Response:
        """Show the member that the token names."""
        return written(await gateway.members.member(myself(request), gateway.query_as_gateway(request, "members:read")))

    @router.get(
        "/v1/me/balance",
        response_model=Balance,
        summary="My points",
        **operation(gateway.verifier, "member", reply=examples.BALANCE, problems=["not-a-member", "unknown-holder"]),
    )
    async def my_balance(request: Request) -> Response:
        """Show the points in every programme: usable, pending and when they mature, and what expires next."""
        return written(await gateway.accrual.balance(member_holder(myself(request)), gateway.query_as_gateway(request, "accounts:read")))

    @router.get(
        "/v1/me/history",
        response_model=History,
        summary="My history, explained",
        **operation(gateway.verifier, "member", reply=examples.HISTORY, problems=["not-a-member", "unknown-holder", *OF_A_PAGE]),
    )
    async def my_history(page: Page, request: Request) -> Response:
        """List every change of the accounts, newest first, each with its cause and the steps that led to it."""
        asking = gateway.query_as_gateway(request, "accounts:read")
        return written(await gateway.accrual.history(member_holder(myself(request)), page_of(page), asking))

    return router


def myself(request: Request) -> UUID:
    """Return the member that the token names."""
    try:
        return UUID(request.state.principal.subject)
    except ValueError as error:
        raise Problem(403, "not-a-member", "Not a member's token", "The subject of this token is not a member.") from error
