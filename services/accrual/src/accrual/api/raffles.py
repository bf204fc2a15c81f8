"""Raffles: promise a draw, draw it, and see what anybody needs to repeat it."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from accrual.api.commanding import answered, command, source_of
from accrual.api.parts import Desk
from accrual.domain.rewards.entitlements import Denied
from accrual.handlers import raffling
from accrual.handlers.rewarding import Desk as Office
from accrual.handlers.rewards import Origin
from accrual.store import Connection, raffles
from accrual.store.raffles import Promise
from accrual.store.snapshots import snapshot
from contracts.entitled import DrawRequest, Raffle
from contracts.fields import Id
from shared.auth import require
from shared.commanding import Key, refused, said
from shared.commands import Reply
from shared.ids import random_bytes
from shared.logs import traceparent
from shared.problems import Problem

_SEED_BYTES = 32


def routes(desk: Desk) -> APIRouter:
    """Return the routes about raffles."""
    router = APIRouter(tags=["raffles"])
    reader, writer = Depends(require(desk.verifier, "programmes:read")), Depends(require(desk.verifier, "raffles:draw"))

    @router.get("/v1/raffles/{programme}/{raffle}", openapi_extra={"x-access": "programmes:read"}, dependencies=[reader])
    async def raffle(programme: Id, raffle: Id) -> Raffle:
        """Show what was promised of a raffle, its tickets once they are closed, and after the draw all that anybody needs to repeat it."""
        async with snapshot(desk.pool) as connection:
            promise = await raffles.find(connection, programme, raffle)
        if promise is None:
            raise Problem(404, "unknown-raffle", "No draw was promised of such a raffle")
        return Raffle.model_validate(raffling.told(promise))

    @router.post("/v1/raffles/{programme}/{raffle}/commitment", openapi_extra={"x-access": "raffles:draw"}, dependencies=[writer], response_model=Raffle)
    async def promise(programme: Id, raffle: Id, request: Request, key: Key = None) -> Response:
        """Publish the hash of a seed that is drawn now and shown after the draw, with the raffle's terms. Asked again, the first one stands."""
        seed = random_bytes(_SEED_BYTES)
        return await _done(desk, request, key, None, (programme, raffle), lambda office: raffling.commit(office, programme, raffle, seed=seed))

    @router.post("/v1/raffles/{programme}/{raffle}/draw", openapi_extra={"x-access": "raffles:draw"}, dependencies=[writer], response_model=Raffle)
    async def draw(asked: DrawRequest, programme: Id, raffle: Id, request: Request, key: Key = None) -> Response:
        """Draw, once, when the beacon is known. The seed is published with the winners, who have their prizes at once."""
        return await _done(desk, request, key, asked, (programme, raffle), lambda office: raffling.draw(office, programme, raffle, beacon=asked.beacon))

    return router


async def _done(
    desk: Desk, request: Request, key: str | None, asked: BaseModel | None, named: tuple[str, str], act: Callable[[Office], Awaitable[Promise | Denied]]
) -> Response:
    given = command(f"POST {request.scope['route'].path}", request.state.principal, key, asked, subject="\0".join(named))

    async def effect(connection: Connection) -> Reply:
        now, programmes = desk.clock(), await desk.catalogue.current(connection)
        origin = Origin(source_of(given), given.key, "command", now, traceparent=traceparent.get())
        found = await act(Office(connection, programmes, origin, now))
        if isinstance(found, Denied):
            return refused(Problem(404 if found.reason == "unknown-raffle" else 409, found.reason, "It cannot be done", found.text))
        return said(200, Raffle.model_validate(raffling.told(found)))

    return await answered(desk, given, effect)
