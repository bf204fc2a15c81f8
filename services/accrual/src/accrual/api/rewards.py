"""Rewards that are not points: what a holder has and could have, and what is done with them."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from accrual.api.commanding import answered, command, source_of
from accrual.api.entitled import entitlement_of, rewards_of
from accrual.api.parts import Desk
from accrual.domain.rewards.entitlements import Denied, Entitlement
from accrual.handlers import offering, redeeming, rewarding
from accrual.handlers.entitlements import Handover
from accrual.handlers.holds import CLOSED, TOO_NEW
from accrual.handlers.rewarding import Named
from accrual.handlers.rewards import Origin
from accrual.store import Connection
from accrual.store.holders import Wanted
from accrual.store.snapshots import snapshot
from contracts import entitled
from contracts.fields import Holder
from shared.auth import require
from shared.commanding import Key, refused, said
from shared.commands import Reply
from shared.logs import traceparent
from shared.problems import Problem

#: What a refusal is to a caller; everything else is a conflict with how things stand.
_STATUS = {
    TOO_NEW: 422,
    CLOSED: 422,
    **dict.fromkeys(("unknown-entitlement", "unknown-holder", "unknown-privilege", "unknown-programme", "unknown-reward"), 404),
}
_Act = Callable[[rewarding.Desk], Awaitable[Entitlement | list[Entitlement] | Denied]]


def routes(desk: Desk) -> APIRouter:
    """Return the routes about rewards."""
    router = APIRouter(tags=["rewards"])
    reader = Depends(require(desk.verifier, "accounts:read"))

    @router.get("/v1/accounts/{holder}/rewards", openapi_extra={"x-access": "accounts:read"}, dependencies=[reader])
    async def rewards(holder: Holder, *, ended: bool = False) -> entitled.Rewards:
        """Show what a holder has beside points, and what they could have; with `ended` also what is over."""
        async with snapshot(desk.pool) as connection:
            return await rewards_of(connection, await desk.catalogue.current(connection), holder, ended=ended, now=desk.clock())

    @router.post("/v1/offers", openapi_extra={"x-access": "rewards:write"}, dependencies=[Depends(require(desk.verifier, "rewards:write"))])
    async def offer(asked: entitled.OffersRequest, request: Request, key: Key = None) -> Response:
        """Make somebody the personal offers that the programme's rules find, beside those that are live, and answer with the new ones."""
        wanted = Wanted(asked.holder, asked.programme)
        return await _done(desk, request, key, asked, lambda office: offering.offer(office, wanted), status=201)

    _about_entitlements(router, desk)
    return router


def _about_entitlements(router: APIRouter, desk: Desk) -> None:
    writer, payer = (Depends(require(desk.verifier, scope)) for scope in ("rewards:write", "rewards:pay"))
    said_to_write: dict[str, Any] = {"openapi_extra": {"x-access": "rewards:write"}, "dependencies": [writer], "response_model": entitled.Entitlement}
    said_to_pay: dict[str, Any] = {"openapi_extra": {"x-access": "rewards:pay"}, "dependencies": [payer], "response_model": entitled.Entitlement}

    @router.post("/v1/rewards/redeem", status_code=201, **said_to_write)
    async def redeem(asked: entitled.RedeemRequest, request: Request, key: Key = None) -> Response:
        """Turn points into a reward of the catalogue. Paid and given in one step, or not at all."""
        wanted = Wanted(asked.holder, asked.programme)
        return await _done(desk, request, key, asked, lambda office: redeeming.redeem(office, wanted, asked.reward), status=201)

    @router.post("/v1/entitlements/choose", **said_to_write)
    async def choose(asked: entitled.ChooseRequest, request: Request, key: Key = None) -> Response:
        """Make an open choice, as far as there is some of what is chosen."""
        return await _done(desk, request, key, asked, lambda office: rewarding.choose(office, _named(asked), reward=asked.reward))

    @router.post("/v1/entitlements/reserve", **said_to_write)
    async def reserve(asked: entitled.ReserveRequest, request: Request, key: Key = None) -> Response:
        """Keep an entitlement for one purpose: a purchase, a booking. It is free again by itself when the time is over."""
        purpose, seconds = asked.reserved_for, asked.expires_in_seconds
        return await _done(desk, request, key, asked, lambda office: rewarding.reserve(office, _named(asked), purpose=purpose, seconds=seconds))

    @router.post("/v1/entitlements/release", **said_to_write)
    async def release(asked: entitled.ReleaseRequest, request: Request, key: Key = None) -> Response:
        """Give a reservation back."""
        return await _done(desk, request, key, asked, lambda office: rewarding.release(office, _named(asked), purpose=asked.reserved_for))

    @router.post("/v1/entitlements/use", **said_to_write)
    async def use(asked: entitled.UseRequest, request: Request, key: Key = None) -> Response:
        """Use an entitlement once: it is handed over, or taken off a receipt. Nothing is used twice."""
        return await _done(
            desk, request, key, asked, lambda office: rewarding.use(office, _named(asked), purpose=asked.reserved_for, handover=_handover(asked))
        )

    @router.post("/v1/entitlements/pay", **said_to_pay)
    async def pay(asked: entitled.UseRequest, request: Request, key: Key = None) -> Response:
        """Confirm that cashback was paid out. Money leaves only so, and once."""
        handover = _handover(asked)._replace(handed_by=asked.handed_by or request.state.principal.subject)
        return await _done(
            desk, request, key, asked, lambda office: rewarding.use(office, _named(asked), purpose=asked.reserved_for, handover=handover, pays_out=True)
        )

    @router.post("/v1/privileges/use", **said_to_write)
    async def use_privilege(asked: entitled.PrivilegeRequest, request: Request, key: Key = None) -> Response:
        """Use a privilege of somebody's tier once: a visit, a wash, a free delivery of the month."""
        wanted, handover = Wanted(asked.holder, asked.programme), Handover(asked.handed_by, asked.place)
        return await _done(desk, request, key, asked, lambda office: rewarding.use_privilege(office, wanted, asked.privilege, handover=handover))


async def _done(desk: Desk, request: Request, key: str | None, asked: BaseModel, act: _Act, *, status: int = 200) -> Response:
    """Do what is asked for, once, and answer with the entitlement as it is afterwards."""
    given = command(f"POST {request.url.path}", request.state.principal, key, asked)

    async def effect(connection: Connection) -> Reply:
        now, programmes = desk.clock(), await desk.catalogue.current(connection)
        origin = Origin(source_of(given), given.key, "command", now, traceparent=traceparent.get())
        after = await act(rewarding.Desk(connection, programmes, origin, now))
        if isinstance(after, Denied):
            return refused(Problem(_STATUS.get(after.reason, 409), after.reason, "It cannot be done", after.text))
        if isinstance(after, list):
            return said(status, entitled.Offers(items=tuple(entitlement_of(each, programmes, at=now) for each in after)))
        return said(status, entitlement_of(after, programmes, at=now))

    return await answered(desk, given, effect)


def _named(asked: entitled.NamedEntitlement) -> Named:
    return Named(asked.entitlement_id, asked.code, asked.holder)


def _handover(asked: entitled.UseRequest) -> Handover:
    return Handover(asked.handed_by, asked.place, asked.merchant, asked.purchase_id)
