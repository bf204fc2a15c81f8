"""For those who run campaigns: codes of coupons, and how much of a budget is left."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from contracts.coupons import CouponCodes, CouponOrder, CouponState, Limits
from contracts.fields import Id
from gateway.api.coupon_examples import CODE, CODES, LIMITS, ORDER, STATE
from gateway.api.operations import IDEMPOTENCY_KEY, operation
from gateway.api.parts import Gateway
from gateway.api.replies import written

Code = Annotated[str, Path(max_length=60, json_schema_extra={"example": CODE})]
Name = Annotated[Id, Path(json_schema_extra={"example": "coffee-bonus"})]
Programme = Annotated[Id, Query(json_schema_extra={"example": "coffee-bonus"})]
OF_AN_ORDER = ("key-missing", "unknown-programme", "unknown-coupon", "not-in-future", "still-running", "conflict")


def routes(gateway: Gateway) -> APIRouter:
    """Return the routes about coupons and budgets."""
    router = APIRouter(tags=["programmes"])
    verifier = gateway.verifier

    @router.post(
        "/v1/coupons",
        response_model=CouponCodes,
        summary="Issue codes of a coupon",
        **operation(verifier, "coupons:write", status=201, reply=CODES, body=ORDER, parameters=[IDEMPOTENCY_KEY], problems=OF_AN_ORDER),
    )
    async def issue_coupons(order: CouponOrder, request: Request) -> Response:
        """Issue up to a thousand codes of a coupon whose document says `unique: true`. Each may be used once; a return of everything gives it back."""
        return written(await gateway.accrual.issue_coupons(order.model_dump_json(exclude_unset=True).encode(), gateway.command(request)), status=201)

    @router.get(
        "/v1/coupons/{code}",
        response_model=CouponState,
        summary="A code of a coupon",
        **operation(verifier, "coupons:read", reply=STATE, problems=["unknown-code"]),
    )
    async def one_coupon(code: Code, programme: Programme, request: Request) -> Response:
        """Say whether a code that was issued has been used, and until when it may be."""
        return written(await gateway.accrual.coupon(code, gateway.query(request), programme=programme))

    @router.get(
        "/v1/programmes/{programme}/budgets",
        response_model=Limits,
        summary="What is left of budgets",
        **operation(verifier, "programmes:read", reply=LIMITS, problems=["unknown-programme"]),
    )
    async def budgets(programme: Name, request: Request) -> Response:
        """Say how much of each campaign's budget and of each coupon's uses is gone, exactly as of now."""
        return written(await gateway.accrual.budgets(programme, gateway.query(request)))

    return router
