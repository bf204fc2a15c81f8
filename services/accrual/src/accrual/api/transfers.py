"""Points that one member hands on to another. With an Idempotency-Key, like every command."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from accrual.api.adjustments import problem_of
from accrual.api.commanding import answered, command, source_of
from accrual.api.parts import Desk
from accrual.handlers import transfers
from accrual.handlers.holds import Declined
from accrual.store import Connection
from contracts.holds import Transfer, TransferRequest
from shared.auth import Principal, require
from shared.commanding import Key, refused, said
from shared.commands import Reply

_TRANSFER = "transfers:write"


def routes(desk: Desk) -> APIRouter:
    """Return the route that hands points on."""
    router = APIRouter(tags=["transfers"])

    @router.post("/v1/transfers", status_code=201, response_model=Transfer, openapi_extra={"x-access": _TRANSFER})
    async def transfer(asked: TransferRequest, principal: Annotated[Principal, Depends(require(desk.verifier, _TRANSFER))], key: Key = None) -> Response:
        """Hand points of one member on to another, where the programme allows it."""
        order = command("POST /v1/transfers", principal, key, asked)

        async def effect(connection: Connection) -> Reply:
            programmes = await desk.catalogue.current(connection)
            done = await transfers.transfer(connection, programmes, asked, source=source_of(order), key=order.key, now=desk.clock())
            if isinstance(done, Declined):
                return refused(problem_of(done))
            return said(201, Transfer(transfer_id=order.key, **asked.model_dump()))

        return await answered(desk, order, effect)

    return router
