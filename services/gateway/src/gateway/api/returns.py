"""Before money is given back: what a return would take."""

from fastapi import APIRouter, Request, Response

from contracts.replies import ReturnQuote
from contracts.requests import ReturnQuoteRequest
from gateway.api import examples
from gateway.api.operations import OF_A_RETURN, operation
from gateway.api.parts import Gateway
from gateway.api.replies import written


def routes(gateway: Gateway) -> APIRouter:
    """Return the route about returns."""
    router = APIRouter(tags=["tills"])

    @router.post(
        "/v1/returns/quote",
        response_model=ReturnQuote,
        summary="What a return would take",
        **operation(gateway.verifier, "quotes:read", reply=examples.RETURN_QUOTE, body=examples.RETURN, problems=OF_A_RETURN),
    )
    async def quote_return(wanted: ReturnQuoteRequest, request: Request) -> Response:
        """Say what a return would take and what the member keeps, before the money moves. Nothing is booked."""
        return written(await gateway.accrual.quote_return(wanted.model_dump_json(exclude_unset=True).encode(), gateway.query(request)))

    return router
