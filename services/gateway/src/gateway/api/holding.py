"""At the till: points put aside for a purchase, used, or given back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from contracts.holds import CaptureRequest, Hold, HoldRequest
from contracts.identifiers import member_holder
from gateway.api.hold_examples import CAPTURE, CAPTURED, HOLD, HOLD_ID, HOLD_REQUEST, RELEASED
from gateway.api.operations import IDEMPOTENCY_KEY, OF_A_HOLD, OF_A_RESOLVED_HOLD, operation
from gateway.api.parts import Gateway
from gateway.api.replies import written

HoldId = Annotated[UUID, Path(json_schema_extra={"example": HOLD_ID})]


def routes(gateway: Gateway) -> APIRouter:
    """Return the routes about holds."""
    router = APIRouter(tags=["tills"])
    verifier = gateway.verifier

    @router.post(
        "/v1/holds",
        response_model=Hold,
        summary="Put points and rewards aside",
        **operation(verifier, "holds:write", status=201, reply=HOLD, body=HOLD_REQUEST, parameters=[IDEMPOTENCY_KEY], problems=OF_A_HOLD),
    )
    async def hold_points(wanted: HoldRequest, request: Request) -> Response:
        """Put points, and what a quote counts on, aside until the till says whether they are used. A purchase that names the hold captures it."""
        asking = gateway.command(request)
        named = await _with_holder(gateway, wanted, request)
        return written(await gateway.accrual.hold(named.model_dump_json(exclude_unset=True, exclude_none=True).encode(), asking), status=201)

    @router.get(
        "/v1/holds/{hold_id}",
        response_model=Hold,
        summary="What became of a hold",
        **operation(verifier, "holds:read", reply=CAPTURED, problems=["unknown-hold"]),
    )
    async def show_hold(hold_id: HoldId, request: Request) -> Response:
        """Show a hold, and what became of it."""
        return written(await gateway.accrual.held(hold_id, gateway.query(request)))

    @router.post(
        "/v1/holds/{hold_id}/capture",
        response_model=Hold,
        summary="Use points put aside",
        **operation(verifier, "holds:write", reply=CAPTURED, body=CAPTURE, parameters=[IDEMPOTENCY_KEY], problems=[*OF_A_RESOLVED_HOLD, "over-captured"]),
    )
    async def capture_hold(hold_id: HoldId, wanted: CaptureRequest, request: Request) -> Response:
        """Use the points, all or so many; the rest is given back. After its time a hold is captured once more: what is missing by then is owed."""
        return written(await gateway.accrual.capture(hold_id, wanted.model_dump_json(exclude_unset=True, exclude_none=True).encode(), gateway.command(request)))

    @router.post(
        "/v1/holds/{hold_id}/release",
        response_model=Hold,
        summary="Give points put aside back",
        **operation(verifier, "holds:write", reply=RELEASED, parameters=[IDEMPOTENCY_KEY], problems=[*OF_A_RESOLVED_HOLD, "hold-expired"]),
    )
    async def release_hold(hold_id: HoldId, request: Request) -> Response:
        """Give the points back: the customer pays without them, or does not buy."""
        return written(await gateway.accrual.release(hold_id, gateway.command(request)))

    return router


async def _with_holder(gateway: Gateway, wanted: HoldRequest, request: Request) -> HoldRequest:
    """Return a request that names its holder: accrual knows no identifiers."""
    if wanted.identifier is None:
        return wanted
    resolving = gateway.query_as_gateway(request, "identifiers:resolve")
    resolved = await gateway.members.resolve(wanted.identifier.model_dump_json().encode(), resolving)
    holder = resolved.identifier if resolved.member_id is None else member_holder(resolved.member_id)
    return wanted.model_copy(update={"identifier": None, "holder": holder})
