"""What was decided, and why."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from contracts.fields import Id
from contracts.replies import EventVerdict, Grant, Purchase
from gateway.api import examples
from gateway.api.operations import operation
from gateway.api.parts import Gateway
from gateway.api.replies import written
from gateway.handlers.verdicts import verdict_of


def routes(gateway: Gateway) -> APIRouter:
    """Return the routes that explain decisions."""
    router = APIRouter(tags=["evidence"])

    @router.get(
        "/v1/grants/{grant_id}",
        response_model=Grant,
        summary="A grant, explained",
        **operation(gateway.verifier, "accounts:read", reply=examples.GRANT, problems=["unknown-grant"]),
    )
    async def grant(grant_id: Annotated[UUID, Path(json_schema_extra={"example": examples.GRANT_ID})], request: Request) -> Response:
        """Show which rule gave how many points for which lines, which rule gave none and why, and what remains of the points."""
        return written(await gateway.accrual.grant(grant_id, gateway.query(request)))

    @router.get(
        "/v1/purchases",
        response_model=Purchase,
        summary="Why, or why not",
        **operation(gateway.verifier, "accounts:read", reply=examples.PURCHASE, problems=["unknown-purchase"]),
    )
    async def purchase(
        merchant: Annotated[Id, Query(json_schema_extra={"example": "corner-coffee"})],
        purchase_id: Annotated[Id, Query(json_schema_extra={"example": "1041"})],
        request: Request,
    ) -> Response:
        """Show every decision about one purchase, also the one to give nothing."""
        return written(await gateway.accrual.purchase(gateway.query(request), merchant=merchant, purchase_id=purchase_id))

    @router.get(
        "/v1/verdicts",
        response_model=EventVerdict,
        summary="What became of an event",
        **operation(gateway.verifier, "verdicts:read", reply=examples.VERDICT, problems=["unknown-event"]),
    )
    async def verdict(
        source: Annotated[Id, Query(json_schema_extra={"example": "urn:shop:corner-coffee"})],
        event_id: Annotated[Id, Query(json_schema_extra={"example": "receipt-1041"})],
        request: Request,
    ) -> Response:
        """Show the one verdict of an input event, by the source and id under which it was published."""
        asking = gateway.query(request)
        return written(await verdict_of(source, event_id, accrual=gateway.accrual, members=gateway.members, asking=asking))

    return router
