"""Before and at the till: what a cart would earn, what waits for a guest, and joining."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from contracts.quotes import Quote
from contracts.replies import Accepted, Waiting
from contracts.requests import GuestRequest, QuoteRequest, RegistrationRequest
from gateway.api import examples
from gateway.api.operations import IDEMPOTENCY_KEY, OF_A_CART, OF_A_REGISTRATION, operation
from gateway.api.parts import Gateway
from gateway.api.replies import written


def routes(gateway: Gateway) -> APIRouter:
    """Return the routes of tills and shops."""
    router = APIRouter(tags=["tills"])

    @router.post(
        "/v1/quotes",
        response_model=Quote,
        summary="What a cart costs and earns",
        **operation(gateway.verifier, "quotes:read", reply=examples.QUOTE, body=examples.CART, problems=OF_A_CART),
    )
    async def quote(cart: QuoteRequest, request: Request) -> Response:
        """Price a cart: discounts line by line, what it would earn and why, what it may be paid with. Nothing is booked; the id lives ten minutes."""
        return written(await gateway.accrual.quote(_body(cart), gateway.query(request)))

    @router.post(
        "/v1/guests/waiting",
        response_model=Waiting,
        summary="What waits for a guest",
        **operation(gateway.verifier, "guests:read", reply=examples.WAITING, body=examples.GUEST, problems=["invalid-identifier", "possession-needed"]),
    )
    async def waiting(guest: GuestRequest, request: Request) -> Response:
        """Say what a guest has earned without being a member, until when it waits, and how to get it. Totals only."""
        return written(await gateway.members.waiting(_body(guest), gateway.query(request)))

    @router.post(
        "/v1/registrations",
        response_model=Accepted,
        summary="Ask for a membership",
        **operation(
            gateway.verifier,
            "registrations:write",
            status=202,
            reply=examples.ACCEPTED,
            body=examples.REGISTRATION,
            parameters=[IDEMPOTENCY_KEY],
            problems=OF_A_REGISTRATION,
        ),
    )
    async def register(registration: RegistrationRequest, request: Request) -> Response:
        """Take a registration. The answer is the same for a known and an unknown person."""
        return written(await gateway.members.register(_body(registration), gateway.command(request)), status=202)

    return router


def _body(request: BaseModel) -> bytes:
    """Return what was checked, which is what is sent on: never the bytes as they came."""
    return request.model_dump_json(exclude_unset=True).encode()
