"""Points moved by hand: given or taken by two operators, handed on from one member to another."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from contracts.holds import Adjustment, AdjustmentRequest, Adjustments, Transfer, TransferRequest
from gateway.api.adjustment_examples import ADJUSTMENT_ID, ADJUSTMENT_REQUEST, BOOKED, REQUESTED, TRANSFER, TRANSFER_REQUEST, WAITING
from gateway.api.operations import IDEMPOTENCY_KEY, OF_A_TRANSFER, OF_AN_ADJUSTMENT, OF_AN_APPROVAL, operation
from gateway.api.parts import Gateway
from gateway.api.replies import written

AdjustmentId = Annotated[UUID, Path(json_schema_extra={"example": ADJUSTMENT_ID})]


def routes(gateway: Gateway) -> APIRouter:
    """Return the routes about adjustments and transfers."""
    router = APIRouter(tags=["by hand"])
    _of_two_operators(router, gateway)
    verifier = gateway.verifier

    @router.get(
        "/v1/adjustments",
        response_model=Adjustments,
        summary="What waits for approval",
        **operation(verifier, "adjustments:read", reply=WAITING),
    )
    async def waiting_adjustments(request: Request) -> Response:
        """Show what waits for somebody to approve it, the oldest first, a hundred at most."""
        return written(await gateway.accrual.adjustments(gateway.query(request)))

    @router.get(
        "/v1/adjustments/{adjustment_id}",
        response_model=Adjustment,
        summary="What became of an adjustment",
        **operation(verifier, "adjustments:read", reply=BOOKED, problems=["unknown-adjustment"]),
    )
    async def show_adjustment(adjustment_id: AdjustmentId, request: Request) -> Response:
        """Show an adjustment: who asked for it, why, and who approved it."""
        return written(await gateway.accrual.adjustment(adjustment_id, gateway.query(request)))

    @router.post(
        "/v1/transfers",
        response_model=Transfer,
        summary="Hand points on",
        **operation(verifier, "transfers:write", status=201, reply=TRANSFER, body=TRANSFER_REQUEST, parameters=[IDEMPOTENCY_KEY], problems=OF_A_TRANSFER),
    )
    async def transfer_points(wanted: TransferRequest, request: Request) -> Response:
        """Hand usable points of one member on to another, where the programme allows it; those that expire first go first."""
        return written(await gateway.accrual.transfer(wanted.model_dump_json(exclude_unset=True).encode(), gateway.command(request)), status=201)

    return router


def _of_two_operators(router: APIRouter, gateway: Gateway) -> None:
    verifier = gateway.verifier

    @router.post(
        "/v1/adjustments",
        response_model=Adjustment,
        summary="Ask for points to be given or taken",
        **operation(
            verifier, "adjustments:write", status=201, reply=REQUESTED, body=ADJUSTMENT_REQUEST, parameters=[IDEMPOTENCY_KEY], problems=OF_AN_ADJUSTMENT
        ),
    )
    async def request_adjustment(wanted: AdjustmentRequest, request: Request) -> Response:
        """Ask for points to be given, or taken with a number below 0. Nothing is booked until somebody else approves it, within a day."""
        return written(await gateway.accrual.request_adjustment(wanted.model_dump_json(exclude_unset=True).encode(), gateway.command(request)), status=201)

    @router.post(
        "/v1/adjustments/{adjustment_id}/approve",
        response_model=Adjustment,
        summary="Approve an adjustment",
        **operation(verifier, "adjustments:approve", reply=BOOKED, parameters=[IDEMPOTENCY_KEY], problems=OF_AN_APPROVAL),
    )
    async def approve_adjustment(adjustment_id: AdjustmentId, request: Request) -> Response:
        """Book what somebody else asked for. Nobody approves their own request, or one about their own account."""
        return written(await gateway.accrual.approve_adjustment(adjustment_id, gateway.command(request)))
