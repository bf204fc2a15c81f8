"""Draws of raffles: promised by a commitment before, drawn in the open."""

from fastapi import APIRouter, Request, Response

from contracts.entitled import DrawRequest, Raffle
from gateway.api.draft_examples import DRAW
from gateway.api.operations import IDEMPOTENCY_KEY, operation
from gateway.api.parts import Gateway
from gateway.api.replies import written
from gateway.api.reward_examples import RAFFLE
from gateway.api.rewards import ProgrammeId, RaffleId

_ALWAYS = ("key-missing", "unknown-raffle", "still-running", "conflict")
_OF_A_DRAW = ("not-promised", "not-closed", "already-drawn", "too-early", *_ALWAYS)


def routes(gateway: Gateway) -> APIRouter:
    """Return the routes of whoever draws."""
    router = APIRouter(tags=["rewards"])
    verifier = gateway.verifier

    @router.post(
        "/v1/raffles/{programme}/{raffle}/commitment",
        response_model=Raffle,
        summary="Promise a draw",
        **operation(verifier, "raffles:draw", reply=RAFFLE, parameters=[IDEMPOTENCY_KEY], problems=["too-late", "out-of-stock", *_ALWAYS]),
    )
    async def promise_draw(programme: ProgrammeId, raffle: RaffleId, request: Request) -> Response:
        """Publish the commitment of a draw before its tickets close, and put its prizes aside. Asked again, the first one stands."""
        return written(await gateway.accrual.promise_draw(programme, raffle, gateway.command(request)))

    @router.post(
        "/v1/raffles/{programme}/{raffle}/draw",
        response_model=Raffle,
        summary="Draw",
        **operation(verifier, "raffles:draw", reply=RAFFLE, body=DRAW, parameters=[IDEMPOTENCY_KEY], problems=_OF_A_DRAW),
    )
    async def draw(wanted: DrawRequest, programme: ProgrammeId, raffle: RaffleId, request: Request) -> Response:
        """Draw, once, by the beacon that was named before, when it is known. All that repeats it is published with the winners, who have their prizes."""
        return written(await gateway.accrual.draw(programme, raffle, wanted.model_dump_json(exclude_unset=True).encode(), gateway.command(request)))

    return router
