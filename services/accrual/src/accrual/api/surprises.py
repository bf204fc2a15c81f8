"""Surprises: what was promised of the lots, and their seed once nothing can be drawn any more."""

from fastapi import APIRouter, Depends

from accrual.api.parts import Desk
from accrual.handlers import surprising
from accrual.store.snapshots import snapshot
from contracts.entitled import Surprise
from contracts.fields import Id
from shared.auth import require
from shared.problems import Problem


def routes(desk: Desk) -> APIRouter:
    """Return the route about surprises."""
    router = APIRouter(tags=["raffles"])
    reader = Depends(require(desk.verifier, "programmes:read"))

    @router.get("/v1/surprises/{programme}/{surprise}", openapi_extra={"x-access": "programmes:read"}, dependencies=[reader])
    async def surprise(programme: Id, surprise: Id) -> Surprise:
        """Show the commitment to a surprise's seed, and the seed once it is over."""
        async with snapshot(desk.pool) as connection:
            published = await desk.catalogue.current(connection)
            told = await surprising.told(connection, published, programme, surprise, now=desk.clock())
        if told is None:
            raise Problem(404, "unknown-surprise", "The programme has no such surprise")
        return Surprise.model_validate(told)

    return router
