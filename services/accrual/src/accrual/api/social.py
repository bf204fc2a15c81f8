"""Social actions: what waits for an operator, and what operators decide. Each command has an Idempotency-Key."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Response

from accrual.api.commanding import answered, command, source_of
from accrual.api.parts import Desk
from accrual.domain.rewards.entitlements import Denied
from accrual.handlers import approving
from accrual.handlers.approving import OWN, UNKNOWN
from accrual.handlers.rewarding import Desk as Office
from accrual.handlers.rewards import Origin
from accrual.store import Connection, social
from accrual.store.snapshots import snapshot
from contracts.fields import Id
from contracts.social import RejectRequest, SocialAction, SocialActions, SocialState
from shared.auth import Principal, require
from shared.commanding import Key, refused, said
from shared.commands import Command, Reply
from shared.logs import traceparent
from shared.problems import Problem

_READ, _DECIDE = "social:read", "social:approve"
_STATUS = {UNKNOWN: 404, OWN: 403}
_PAGE = 100


def routes(desk: Desk) -> APIRouter:
    """Return the routes about social actions."""
    router = APIRouter(tags=["social actions"])
    reader = Depends(require(desk.verifier, _READ))
    Operator = Annotated[Principal, Depends(require(desk.verifier, _DECIDE))]  # noqa: N806  a type

    @router.get("/v1/social-actions", openapi_extra={"x-access": _READ}, dependencies=[reader])
    async def page(
        state: Annotated[SocialState | None, Query()] = None, programme: Annotated[Id | None, Query()] = None, after: Annotated[UUID | None, Query()] = None
    ) -> SocialActions:
        """Show what members published, the oldest first, a hundred at most: what waits, or what was decided, of one programme or of all."""
        async with snapshot(desk.pool) as connection:
            found = await social.page(connection, state=state, programme=programme, after=after, limit=_PAGE + 1)
        return SocialActions(items=tuple(map(_shown, found[:_PAGE])), next=found[_PAGE - 1].action.id if len(found) > _PAGE else None)

    @router.get("/v1/social-actions/{action_id}", openapi_extra={"x-access": _READ}, dependencies=[reader])
    async def one(action_id: UUID) -> SocialAction:
        """Show one, with who decided what about it."""
        async with snapshot(desk.pool) as connection:
            found = await social.show(connection, action_id)
        if found is None:
            raise Problem(404, UNKNOWN, "There is no such social action")
        return _shown(found)

    @router.post("/v1/social-actions/{action_id}/approve", response_model=SocialAction, openapi_extra={"x-access": _DECIDE})
    async def approve(action_id: UUID, principal: Operator, key: Key = None) -> Response:
        """Let it earn what the rules in force at its time give for it. Nobody approves what they did themselves."""
        order = command("POST /v1/social-actions/approve", principal, key, subject=str(action_id))

        async def effect(connection: Connection) -> Reply:
            office = await _office(desk, connection, order)
            return await _reply(connection, await approving.approve(office, action_id, by=principal.subject))

        return await answered(desk, order, effect)

    @router.post("/v1/social-actions/{action_id}/reject", response_model=SocialAction, openapi_extra={"x-access": _DECIDE})
    async def reject(asked: RejectRequest, action_id: UUID, principal: Operator, key: Key = None) -> Response:
        """Refuse it, and tell its member why. The link may be shown anew."""
        order = command("POST /v1/social-actions/reject", principal, key, asked, subject=str(action_id))

        async def effect(connection: Connection) -> Reply:
            office = await _office(desk, connection, order)
            return await _reply(connection, await approving.reject(office, action_id, by=principal.subject, reason=asked.reason))

        return await answered(desk, order, effect)

    return router


async def _office(desk: Desk, connection: Connection, order: Command) -> Office:
    now, programmes = desk.clock(), await desk.catalogue.current(connection)
    return Office(connection, programmes, Origin(source_of(order), order.key, "command", now, traceparent=traceparent.get()), now)


async def _reply(connection: Connection, decided: social.Action | Denied) -> Reply:
    if isinstance(decided, Denied):
        return refused(Problem(_STATUS.get(decided.reason, 409), decided.reason, "It cannot be done", decided.text))
    found = await social.show(connection, decided.id)
    if found is None:
        raise LookupError(f"social action {decided.id} was decided, and is not there")
    return said(200, _shown(found))


def _shown(shown: social.Shown) -> SocialAction:
    action, told = shown.action, orjson.loads(shown.body)
    return SocialAction.model_validate(
        {
            "action_id": action.id,
            "programme": action.programme,
            "action": action.action,
            "activity": told["kind"],
            "activity_id": told["activity_id"],
            "subject": told.get("subject", ""),
            "link": action.link,
            "holder": shown.holder,
            "state": action.state,
            "occurred_at": told["occurred_at"],
            "asked_at": action.asked_at,
            "approve_by": action.lapses_at,
            "decided_at": action.decided_at,
            "decided_by": action.decided_by,
            "reason": action.reason,
            "verdict": shown.verdict,
            "verdict_reason": shown.verdict_reason,
        }
    )
