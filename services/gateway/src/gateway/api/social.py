"""Social actions: operators look at what members published before it earns."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.fields import Id
from contracts.social import RejectRequest, SocialAction, SocialActions, SocialState
from gateway.api.contest_examples import ACTION_ID, ACTIONS, APPROVED, REJECTED, REJECTION
from gateway.api.operations import IDEMPOTENCY_KEY, operation
from gateway.api.parts import Gateway
from gateway.api.replies import written

ActionId = Annotated[UUID, Path(json_schema_extra={"example": ACTION_ID})]
_OF_A_DECISION = ("key-missing", "own-action", "unknown-social-action", "already-decided", "holder-forgotten", "still-running", "conflict")


class ActionsRequest(BaseModel):
    """Which social actions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: SocialState | None = None
    programme: Annotated[Id | None, Field(description="Only this programme.")] = None
    after: Annotated[UUID | None, Field(description="`next` of the page before.")] = None


def routes(gateway: Gateway) -> APIRouter:
    """Return the routes about social actions."""
    router = APIRouter(tags=["by hand"])
    verifier = gateway.verifier

    @router.get(
        "/v1/social-actions",
        response_model=SocialActions,
        summary="What members published",
        **operation(verifier, "social:read", reply=ACTIONS),
    )
    async def social_actions(wanted: Annotated[ActionsRequest, Query()], request: Request) -> Response:
        """Show what waits for an operator, or what was decided, the oldest first, a hundred at most."""
        asked = {name: str(value) for name, value in wanted.model_dump(exclude_none=True).items()}
        return written(await gateway.accrual.social_actions(asked, gateway.query(request)))

    @router.get(
        "/v1/social-actions/{action_id}",
        response_model=SocialAction,
        summary="What became of a social action",
        **operation(verifier, "social:read", reply=APPROVED, problems=["unknown-social-action"]),
    )
    async def social_action(action_id: ActionId, request: Request) -> Response:
        """Show one: what was published, and who decided what about it."""
        return written(await gateway.accrual.social_action(action_id, gateway.query(request)))

    @router.post(
        "/v1/social-actions/{action_id}/approve",
        response_model=SocialAction,
        summary="Approve a social action",
        **operation(verifier, "social:approve", reply=APPROVED, parameters=[IDEMPOTENCY_KEY], problems=_OF_A_DECISION),
    )
    async def approve_social_action(action_id: ActionId, request: Request) -> Response:
        """Let it earn what the rules in force at its time give, as far as caps and budgets go. Nobody approves what they did themselves."""
        return written(await gateway.accrual.approve_social_action(action_id, gateway.command(request)))

    @router.post(
        "/v1/social-actions/{action_id}/reject",
        response_model=SocialAction,
        summary="Reject a social action",
        **operation(verifier, "social:approve", reply=REJECTED, body=REJECTION, parameters=[IDEMPOTENCY_KEY], problems=_OF_A_DECISION),
    )
    async def reject_social_action(action_id: ActionId, wanted: RejectRequest, request: Request) -> Response:
        """Refuse it, and say why. The link may be shown anew."""
        return written(await gateway.accrual.reject_social_action(action_id, wanted.model_dump_json().encode(), gateway.command(request)))

    return router
