"""Points given and taken by hand. Each command has an Idempotency-Key."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from accrual.api.commanding import answered, command, source_of
from accrual.api.parts import Desk
from accrual.handlers import adjusting
from accrual.handlers.adjusting import BOOKED, LAPSED, OWN_ACCOUNT, SECOND_PERSON, UNKNOWN, Shown
from accrual.handlers.holds import UNKNOWN_HOLDER, Declined
from accrual.store import Connection
from accrual.store.snapshots import snapshot
from contracts.holds import Adjustment, AdjustmentRequest, Adjustments
from shared.auth import Principal, require
from shared.commanding import Key, refused, said
from shared.commands import Reply
from shared.problems import Problem

_ASK, _APPROVE, _READ = "adjustments:write", "adjustments:approve", "adjustments:read"
_STATUS = {UNKNOWN: 404, UNKNOWN_HOLDER: 404, OWN_ACCOUNT: 403, SECOND_PERSON: 403, BOOKED: 409, LAPSED: 409}
_PAGE = 100


def routes(desk: Desk) -> APIRouter:
    """Return the routes about adjustments."""
    router = APIRouter(tags=["adjustments"])
    reader = Depends(require(desk.verifier, _READ))

    @router.post("/v1/adjustments", status_code=201, response_model=Adjustment, openapi_extra={"x-access": _ASK})
    async def request(asked: AdjustmentRequest, principal: Annotated[Principal, Depends(require(desk.verifier, _ASK))], key: Key = None) -> Response:
        """Ask for points to be given or taken. Nothing is booked until somebody else approves it, within a day."""
        order = command("POST /v1/adjustments", principal, key, asked)

        async def effect(connection: Connection) -> Reply:
            found = await adjusting.request(connection, asked, source=source_of(order), key=order.key, by=principal.subject, now=desk.clock())
            return _reply(found, status=201)

        return await answered(desk, order, effect)

    @router.post("/v1/adjustments/{adjustment_id}/approve", response_model=Adjustment, openapi_extra={"x-access": _APPROVE})
    async def approve(adjustment_id: UUID, principal: Annotated[Principal, Depends(require(desk.verifier, _APPROVE))], key: Key = None) -> Response:
        """Book what somebody else asked for."""
        order = command("POST /v1/adjustments/approve", principal, key, subject=str(adjustment_id))

        async def effect(connection: Connection) -> Reply:
            programmes = await desk.catalogue.current(connection)
            who = {"source": source_of(order), "key": order.key, "by": principal.subject}
            return _reply(await adjusting.approve(connection, programmes, adjustment_id, **who, now=desk.clock()))

        return await answered(desk, order, effect)

    @router.get("/v1/adjustments", openapi_extra={"x-access": _READ}, dependencies=[reader])
    async def waiting() -> Adjustments:
        """Show what waits for somebody to approve it, the oldest first, a hundred at most."""
        async with snapshot(desk.pool) as connection:
            return Adjustments(items=tuple(map(_shown, await adjusting.waiting(connection, now=desk.clock(), limit=_PAGE))))

    @router.get("/v1/adjustments/{adjustment_id}", openapi_extra={"x-access": _READ}, dependencies=[reader])
    async def adjustment(adjustment_id: UUID) -> Adjustment:
        """Show one."""
        async with snapshot(desk.pool) as connection:
            found = await adjusting.find(connection, adjustment_id)
        if found is None:
            raise Problem(404, UNKNOWN, "There is no such adjustment")
        return _shown(found)

    return router


def _shown(shown: Shown) -> Adjustment:
    found = shown.adjustment
    return Adjustment(
        adjustment_id=found.id,
        programme=shown.owner.programme,
        holder=shown.owner.holder,
        points=found.points,
        forfeit=found.forfeit,
        reason=found.reason,
        state="requested" if found.approved_by is None else "booked",
        requested_by=found.requested_by,
        requested_at=found.requested_at,
        approved_by=found.approved_by,
        booked_at=found.booked_at,
    )


def _reply(found: Shown | Declined, *, status: int = 200) -> Reply:
    return refused(problem_of(found)) if isinstance(found, Declined) else said(status, _shown(found))


def problem_of(declined: Declined) -> Problem:
    """Say no: 404 for what is not there, 403 for who may not, 409 for what is too late, 422 for what no rule allows."""
    return Problem(_STATUS.get(declined.code, 422), declined.code, "This cannot be done", declined.text, missing=declined.missing)
