"""Points put aside at a till: hold, capture, release. Each command has an Idempotency-Key."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from accrual.api.commanding import answered, command, source_of
from accrual.api.parts import Desk
from accrual.handlers import holds
from accrual.handlers.holds import UNKNOWN_HOLD, UNKNOWN_HOLDER, Declined, Shown
from accrual.handlers.reserving import UNKNOWN_QUOTE
from accrual.store import Connection
from accrual.store.snapshots import snapshot
from contracts.holds import CaptureRequest, Hold, HoldRequest, Worth
from shared.auth import Principal, require
from shared.commanding import Key, refused, said
from shared.commands import Reply
from shared.problems import Problem

_WRITE, _READ = "holds:write", "holds:read"
_TITLES = {UNKNOWN_HOLD: "There is no such hold", UNKNOWN_HOLDER: "This holder has no account", UNKNOWN_QUOTE: "There is no such quote"}


def routes(desk: Desk) -> APIRouter:
    """Return the routes about holds."""
    router = APIRouter(tags=["holds"])
    Till = Annotated[Principal, Depends(require(desk.verifier, _WRITE))]  # noqa: N806  a type

    @router.post("/v1/holds", status_code=201, response_model=Hold, openapi_extra={"x-access": _WRITE})
    async def hold(asked: HoldRequest, principal: Till, key: Key = None) -> Response:
        """Put points aside for a purchase, and what its quote counts on, until the till says whether they are used. Left alone, they are given back."""
        if asked.holder is None:
            raise Problem(422, "invalid-request", "The request is not valid", "Name the holder: identifiers are known to the gateway.")
        order = command("POST /v1/holds", principal, key, asked)

        async def effect(connection: Connection) -> Reply:
            programmes = await desk.catalogue.current(connection)
            made = await holds.hold(connection, programmes, asked, source=source_of(order), key=order.key, now=desk.clock())
            return _reply(made, status=201)

        return await answered(desk, order, effect)

    @router.post("/v1/holds/{hold_id}/capture", response_model=Hold, openapi_extra={"x-access": _WRITE})
    async def capture(hold_id: UUID, asked: CaptureRequest, principal: Till, key: Key = None) -> Response:
        """Use the points, all or so many; the rest is given back. One that has expired is captured once, as a new spend; what is missing is owed."""
        order = command("POST /v1/holds/capture", principal, key, asked, subject=str(hold_id))

        async def effect(connection: Connection) -> Reply:
            programmes = await desk.catalogue.current(connection)
            return _reply(await holds.capture(connection, programmes, hold_id, points=asked.points, source=source_of(order), key=order.key, now=desk.clock()))

        return await answered(desk, order, effect)

    @router.post("/v1/holds/{hold_id}/release", response_model=Hold, openapi_extra={"x-access": _WRITE})
    async def release(hold_id: UUID, principal: Till, key: Key = None) -> Response:
        """Give the points back."""
        order = command("POST /v1/holds/release", principal, key, subject=str(hold_id))

        async def effect(connection: Connection) -> Reply:
            return _reply(await holds.release(connection, hold_id, source=source_of(order), key=order.key, now=desk.clock()))

        return await answered(desk, order, effect)

    @router.get("/v1/holds/{hold_id}", openapi_extra={"x-access": _READ}, dependencies=[Depends(require(desk.verifier, _READ))])
    async def shown(hold_id: UUID) -> Hold:
        """Show a hold, and what became of it."""
        async with snapshot(desk.pool) as connection:
            found = await holds.find(connection, hold_id)
        if found is None:
            raise Problem(404, UNKNOWN_HOLD, _TITLES[UNKNOWN_HOLD])
        return shown_as(found)

    return router


def shown_as(shown: Shown) -> Hold:
    """Return a hold as it is answered."""
    hold, told = shown.hold, shown.told
    return Hold(
        hold_id=hold.id,
        holder=shown.holder,
        programme=shown.programme,
        merchant=told["merchant"],
        purchase_id=told["purchase_id"],
        points=hold.points,
        entitlements=hold.entitlements,
        worth=Worth(amount=told["amount"], currency=told["currency"]),
        state=hold.state.value,
        captured=hold.captured,
        debt=hold.owed,
        limited=told["limited"],
        made_at=shown.made_at,
        expires_at=hold.expires_at,
        resolved_at=hold.resolved_at,
    )


def _reply(found: Shown | Declined, *, status: int = 200) -> Reply:
    return refused(_problem(found)) if isinstance(found, Declined) else said(status, shown_as(found))


def _problem(declined: Declined) -> Problem:
    """Say no: 404 for what is not there, 409 with the hold for what was resolved before, 422 for what no rule allows."""
    title = _TITLES.get(declined.code, "These points cannot be used so")
    if declined.hold is not None and declined.code.startswith("hold-"):
        title = "The hold was resolved before"
        return Problem(409, declined.code, title, declined.text, hold=shown_as(declined.hold).model_dump(mode="json"))
    return Problem(404 if declined.code in _TITLES else 422, declined.code, title, declined.text, missing=declined.missing)
