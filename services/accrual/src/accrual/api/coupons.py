"""Coupons whose codes are issued one by one: issue some, and look one up."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from accrual.api.commanding import answered, command
from accrual.api.parts import Desk
from accrual.handlers import coupons
from accrual.store import Connection
from accrual.store.coupons import CouponCode
from accrual.store.snapshots import snapshot
from contracts.coupons import CouponCodes, CouponOrder, CouponState
from contracts.fields import Id
from shared import commands
from shared.auth import Principal, require
from shared.commanding import Key, refused, said
from shared.ids import random_bytes
from shared.problems import Problem


def routes(desk: Desk) -> APIRouter:
    """Return the routes about coupons."""
    router = APIRouter(tags=["coupons"])

    @router.post("/v1/coupons", status_code=201, response_model=CouponCodes, openapi_extra={"x-access": "coupons:write"})
    async def issue(order: CouponOrder, principal: Annotated[Principal, Depends(require(desk.verifier, "coupons:write"))], key: Key = None) -> Response:
        """Issue codes of a coupon, each for one use."""
        asked = coupons.Order(programme=order.programme, coupon=order.coupon, count=order.count, holder=order.holder, valid_until=order.valid_until)

        async def effect(connection: Connection) -> commands.Reply:
            published = await desk.catalogue.current(connection)
            try:
                codes = await coupons.issue(connection, published, asked, randomness=random_bytes(order.count * coupons.CODE_BYTES), now=desk.clock())
            except Problem as problem:
                return refused(problem)
            return said(201, _codes(codes))

        return await answered(desk, command("POST /v1/coupons", principal, key, order), effect)

    @router.get("/v1/coupons/{code}", openapi_extra={"x-access": "coupons:read"}, dependencies=[Depends(require(desk.verifier, "coupons:read"))])
    async def show(code: Annotated[str, Field(max_length=60)], programme: Id) -> CouponState:
        """Say what became of a code that was issued."""
        now = desk.clock()
        async with snapshot(desk.pool) as connection:
            found = await coupons.find(connection, programme, code)
        if found is None:
            raise Problem(404, "unknown-code", "No such code was issued in this programme")
        told = found.code
        return CouponState(
            programme=programme,
            coupon=told.coupon,
            code=told.code,
            personal=told.holder is not None,
            issued_at=told.issued_at,
            valid_until=told.valid_until,
            used=found.used,
            usable=not found.used and (told.valid_until is None or now < told.valid_until),
        )

    return router


def _codes(codes: list[CouponCode]) -> CouponCodes:
    first = codes[0]
    return CouponCodes(programme=first.programme, coupon=first.coupon, codes=tuple(each.code for each in codes), valid_until=first.valid_until)
