"""Levels that operators set by hand."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from accrual.api import wire
from accrual.api.commanding import answered, command, source_of
from accrual.api.parts import Desk
from accrual.handlers.assigning import Order, assign
from accrual.handlers.rewards import Origin
from accrual.store import Connection
from contracts.fields import Holder
from contracts.requests import TierAssignment
from shared import commands
from shared.auth import Principal, require
from shared.commanding import Key, refused, said
from shared.problems import Problem


def routes(desk: Desk) -> APIRouter:
    """Return the routes about levels."""
    router = APIRouter(tags=["tiers"])

    @router.post("/v1/accounts/{holder}/tier", openapi_extra={"x-access": "tiers:write"})
    async def set_tier(
        holder: Holder, asked: TierAssignment, principal: Annotated[Principal, Depends(require(desk.verifier, "tiers:write"))], key: Key = None
    ) -> Response:
        """Set a member's level by hand: at least this one, from today on."""
        named = command("POST /v1/accounts/tier", principal, key, asked, subject=holder)
        until: date | None = asked.until
        order = Order(holder=holder, programme=asked.programme, level=asked.tier, until=until, reason=asked.reason, operator=principal.subject)

        async def effect(connection: Connection) -> commands.Reply:
            now = desk.clock()
            origin = Origin(source_of(named), named.key, "command", now)
            try:
                found = await assign(connection, await desk.catalogue.current(connection), order, origin, now=now)
            except Problem as problem:
                return refused(problem)
            return said(200, wire.tier(found))

        return await answered(desk, named, effect)

    return router
