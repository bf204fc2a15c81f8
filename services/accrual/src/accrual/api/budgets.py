"""Budgets: how much is used of what is limited for all members together."""

from fastapi import APIRouter, Depends

from accrual.api.parts import Desk
from accrual.handlers.budgets import limits_of
from accrual.store.snapshots import snapshot
from contracts.coupons import Limit, Limits
from contracts.fields import Id
from shared.auth import require
from shared.problems import Problem


def routes(desk: Desk) -> APIRouter:
    """Return the route about budgets."""
    router = APIRouter(tags=["programmes"])

    @router.get(
        "/v1/programmes/{programme}/budgets", openapi_extra={"x-access": "programmes:read"}, dependencies=[Depends(require(desk.verifier, "programmes:read"))]
    )
    async def budgets(programme: Id) -> Limits:
        """Say how much of each campaign's budget and of each coupon's uses is gone, as of now."""
        now = desk.clock()
        async with snapshot(desk.pool) as connection:
            published = await desk.catalogue.current(connection)
            found = published.in_force(programme, at=now) or published.latest(programme)
            if found is None:
                raise Problem(404, "unknown-programme", "There is no such programme")
            limits = await limits_of(connection, found)
        items = tuple(Limit(kind=each.kind, id=each.id, what=each.what, limit=each.limit, used=each.used, left=each.left) for each in limits)
        return Limits(programme=programme, version=found.terms.version, items=items, as_of=now)

    return router
