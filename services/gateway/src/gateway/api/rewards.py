"""Rewards that are not points: what a member has and could have, and what a till or a reception does with them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from contracts import entitled
from contracts.fields import Id
from contracts.identifiers import member_holder
from gateway.api import reward_examples as examples
from gateway.api.me import myself
from gateway.api.members import MemberId
from gateway.api.operations import IDEMPOTENCY_KEY, OF_A_REWARD, OF_AN_ENTITLEMENT, PUBLIC, operation
from gateway.api.parts import Gateway
from gateway.api.replies import written

ProgrammeId = Annotated[Id, Path(json_schema_extra={"example": "coffee-bonus"})]
RaffleId = Annotated[Id, Path(json_schema_extra={"example": "spring"})]
SurpriseId = Annotated[Id, Path(json_schema_extra={"example": "lucky"})]


def routes(gateway: Gateway) -> APIRouter:
    """Return the routes about rewards."""
    router = APIRouter(tags=["rewards"])
    _of_a_member(router, gateway)
    _of_myself(router, gateway)
    _of_tills(router, gateway)
    _of_entitlements(router, gateway)
    _of_offers(router, gateway)
    _of_raffles(router, gateway)
    return router


def _of_a_member(router: APIRouter, gateway: Gateway) -> None:
    @router.get(
        "/v1/members/{member_id}/rewards",
        response_model=entitled.Rewards,
        summary="A member's rewards",
        **operation(gateway.verifier, "accounts:read", reply=examples.REWARDS, problems=["unknown-holder"]),
    )
    async def rewards(member_id: MemberId, request: Request) -> Response:
        """Show what a member has beside points: gifts, discounts, privileges; and what they could have for points, or why not."""
        return written(await gateway.accrual.rewards(member_holder(member_id), gateway.query(request)))


def _of_myself(router: APIRouter, gateway: Gateway) -> None:
    @router.get(
        "/v1/me/rewards",
        response_model=entitled.Rewards,
        summary="My rewards",
        **operation(gateway.verifier, "member", reply=examples.REWARDS, problems=["not-a-member", "unknown-holder"]),
    )
    async def my_rewards(request: Request) -> Response:
        """Show what I have beside points, and what I could have for points, or why not."""
        return written(await gateway.accrual.rewards(member_holder(myself(request)), gateway.query_as_gateway(request, "accounts:read")))

    @router.post(
        "/v1/me/rewards/redeem",
        response_model=entitled.Entitlement,
        summary="Turn my points into a reward",
        **_command(gateway, "member", status=201, reply=examples.DRINK, body=examples.MY_REDEEM, problems=["not-a-member", *OF_A_REWARD]),
    )
    async def redeem_mine(wanted: entitled.MyRedeemRequest, request: Request) -> Response:
        """Turn points into a reward of the catalogue. Paid and given in one step, or not at all."""
        member_id = myself(request)
        asked = entitled.RedeemRequest(holder=member_holder(member_id), programme=wanted.programme, reward=wanted.reward)
        return written(await gateway.accrual.redeem(_body(asked), gateway.command_of_member(request, member_id, "rewards:write")), status=201)

    @router.post(
        "/v1/me/entitlements/choose",
        response_model=entitled.Entitlement,
        summary="Choose one of several rewards",
        **_command(gateway, "member", reply=examples.CHOSEN, body=examples.CHOOSE, problems=["not-a-member", "not-in-choice", *OF_AN_ENTITLEMENT]),
    )
    async def choose_mine(wanted: entitled.ChooseRequest, request: Request) -> Response:
        """Make a choice that is mine."""
        member_id = myself(request)
        asked = wanted.model_copy(update={"holder": member_holder(member_id)})
        asking = gateway.command_of_member(request, member_id, "rewards:write")
        return written(await gateway.accrual.entitlement("choose", asked.model_dump_json(exclude_none=True).encode(), asking))


def _of_tills(router: APIRouter, gateway: Gateway) -> None:
    @router.post(
        "/v1/rewards/redeem",
        response_model=entitled.Entitlement,
        summary="Turn points into a reward",
        **_command(gateway, "rewards:write", status=201, reply=examples.DRINK, body=examples.REDEEM, problems=OF_A_REWARD),
    )
    async def redeem(wanted: entitled.RedeemRequest, request: Request) -> Response:
        """Turn somebody's points into a reward of the catalogue. Paid and given in one step, or not at all."""
        return written(await gateway.accrual.redeem(_body(wanted), gateway.command(request)), status=201)

    @router.post(
        "/v1/privileges/use",
        response_model=entitled.Entitlement,
        summary="Use a privilege",
        **_command(gateway, "rewards:write", reply=examples.SAUNA, body=examples.PRIVILEGE, problems=["unknown-privilege", "tier-needed", *OF_AN_ENTITLEMENT]),
    )
    async def use_privilege(wanted: entitled.PrivilegeRequest, request: Request) -> Response:
        """Use a privilege of somebody's tier once, at a reception: as often a period as the programme says."""
        return written(await gateway.accrual.use_privilege(_body(wanted), gateway.command(request)))

    @router.post(
        "/v1/entitlements/choose",
        response_model=entitled.Entitlement,
        summary="Make a choice",
        **_command(gateway, "rewards:write", reply=examples.CHOSEN, body=examples.CHOOSE, problems=["not-in-choice", *OF_AN_ENTITLEMENT]),
    )
    async def choose(wanted: entitled.ChooseRequest, request: Request) -> Response:
        """Choose one of several rewards for somebody who is asked at the till."""
        return written(await gateway.accrual.entitlement("choose", _body(wanted), gateway.command(request)))


def _of_offers(router: APIRouter, gateway: Gateway) -> None:
    @router.post(
        "/v1/offers",
        response_model=entitled.Offers,
        summary="Make personal offers",
        **_command(gateway, "rewards:write", status=201, reply=examples.OFFERS, body=examples.OFFER, problems=["unknown-holder", "unknown-programme"]),
    )
    async def make_offers(wanted: entitled.OffersRequest, request: Request) -> Response:
        """Make somebody the offers that the programme finds for them, as less for what they often buy. At most one of a kind is live."""
        return written(await gateway.accrual.offers(_body(wanted), gateway.command(request)), status=201)


def _of_raffles(router: APIRouter, gateway: Gateway) -> None:
    @router.get(
        "/v1/raffles/{programme}/{raffle}",
        response_model=entitled.Raffle,
        summary="A raffle, to be repeated",
        **operation(gateway.verifier, PUBLIC, reply=examples.RAFFLE, problems=["unknown-raffle"]),
    )
    async def raffle(programme: ProgrammeId, raffle: RaffleId, request: Request) -> Response:
        """Show to anybody what was promised of a raffle, its tickets once they are closed, and after the draw the seed and the winners.

        `loyalty raffle verify` repeats it from this answer alone.
        """
        return written(await gateway.accrual.raffle(programme, raffle, gateway.public_query(request, "programmes:read")))

    @router.get(
        "/v1/surprises/{programme}/{surprise}",
        response_model=entitled.Surprise,
        summary="A surprise, to be drawn again",
        **operation(gateway.verifier, PUBLIC, reply=examples.SURPRISE, problems=["unknown-surprise"]),
    )
    async def surprise(programme: ProgrammeId, surprise: SurpriseId, request: Request) -> Response:
        """Show to anybody the commitment to a surprise's lots, and their seed once nothing can be drawn any more: `loyalty surprise verify` draws again."""
        return written(await gateway.accrual.surprise(programme, surprise, gateway.public_query(request, "programmes:read")))


def _of_entitlements(router: APIRouter, gateway: Gateway) -> None:
    @router.post(
        "/v1/entitlements/reserve",
        response_model=entitled.Entitlement,
        summary="Keep a reward for a purchase",
        **_command(gateway, "rewards:write", reply=examples.RESERVED, body=examples.RESERVE, problems=OF_AN_ENTITLEMENT),
    )
    async def reserve(wanted: entitled.ReserveRequest, request: Request) -> Response:
        """Keep an entitlement for one purpose, a purchase or a booking. It is free again by itself when the time is over."""
        return written(await gateway.accrual.entitlement("reserve", _body(wanted), gateway.command(request)))

    @router.post(
        "/v1/entitlements/release",
        response_model=entitled.Entitlement,
        summary="Give a reservation back",
        **_command(gateway, "rewards:write", reply=examples.DRINK, body=examples.RELEASE, problems=OF_AN_ENTITLEMENT),
    )
    async def release(wanted: entitled.ReleaseRequest, request: Request) -> Response:
        """Give a reservation back."""
        return written(await gateway.accrual.entitlement("release", _body(wanted), gateway.command(request)))

    @router.post(
        "/v1/entitlements/use",
        response_model=entitled.Entitlement,
        summary="Hand a reward over",
        **_command(gateway, "rewards:write", reply=examples.USED, body=examples.USE, problems=["paid-out", "tier-needed", *OF_AN_ENTITLEMENT]),
    )
    async def use(wanted: entitled.UseRequest, request: Request) -> Response:
        """Use an entitlement once, by the code that its owner shows, and say who handed it over and where."""
        return written(await gateway.accrual.entitlement("use", _body(wanted), gateway.command(request)))

    @router.post(
        "/v1/entitlements/pay",
        response_model=entitled.Entitlement,
        summary="Confirm that cashback was paid",
        **_command(gateway, "rewards:pay", reply=examples.PAID, body=examples.PAY, problems=["not-paid-out", *OF_AN_ENTITLEMENT]),
    )
    async def pay(wanted: entitled.UseRequest, request: Request) -> Response:
        """Confirm, as an operator, that cashback was paid out. It is paid once."""
        return written(await gateway.accrual.entitlement("pay", _body(wanted), gateway.command(request)))


def _command(gateway: Gateway, access: str, *, problems: Any, **said: Any) -> dict[str, Any]:
    """Return the arguments of a route that changes something."""
    return operation(gateway.verifier, access, parameters=[IDEMPOTENCY_KEY], problems=["key-missing", "still-running", "conflict", *problems], **said)


def _body(request: BaseModel) -> bytes:
    """Return what was checked, which is what is sent on: never the bytes as they came."""
    return request.model_dump_json(exclude_unset=True).encode()
