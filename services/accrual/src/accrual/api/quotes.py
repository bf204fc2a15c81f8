"""What a cart would earn. Nothing is booked, nothing is locked."""

from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from accrual.api import wire
from accrual.api.parts import Desk
from accrual.api.replies import Quote
from accrual.domain.accounts import AccountState
from accrual.domain.decisions import Grant, Refusal
from accrual.domain.facts import Line as DomainLine
from accrual.domain.facts import Purchase
from accrual.domain.programme import Programme
from accrual.handlers.explanations import explanation_json
from accrual.store import Connection, accounts, reading
from accrual.store.snapshots import snapshot
from contracts.fields import MAX_LINES, Currency, Holder, Id, Moment, Money, Zone
from contracts.purchases import Channel, Line, Payment
from shared.auth import require
from shared.problems import Problem

_CLOSED = ConfigDict(frozen=True, extra="forbid")


class Cart(BaseModel):
    """What is about to be bought: the same fields as a receipt, before it has an id."""

    model_config = _CLOSED

    merchant: Id
    store: Id | None = None
    zone: Zone = "UTC"
    channel: Channel = "store"
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=MAX_LINES)]
    delivery_amount: Money = 0
    delivery_tax_amount: Money = 0
    payments: Annotated[tuple[Payment, ...], Field(max_length=20)] = ()
    coupons: Annotated[tuple[Id, ...], Field(max_length=20)] = ()
    currency: Currency
    occurred_at: Annotated[Moment | None, Field(description="Now, where it is not given.")] = None

    def fact(self, *, now: datetime) -> Purchase:
        """Return the purchase that this would be."""
        return Purchase(
            merchant=self.merchant,
            purchase_id="",
            lines=cast("tuple[DomainLine, ...]", self.lines),  # a wire line has every field of a domain line, under the same name
            currency=self.currency,
            occurred_at=(self.occurred_at or now).astimezone(UTC),
            store=self.store,
            zone=self.zone,
            channel=self.channel,
            delivery_amount=self.delivery_amount,
            delivery_tax_amount=self.delivery_tax_amount,
        )


class QuoteRequest(BaseModel):
    """A cart, and who buys it if that is known: caps and the first purchase count from their account."""

    model_config = _CLOSED

    holder: Holder | None = None
    purchase: Cart


def routes(desk: Desk) -> APIRouter:
    """Return the route for quotes."""
    router = APIRouter(tags=["quotes"], dependencies=[Depends(require(desk.verifier, "quotes:read"))])

    @router.post("/v1/quotes", openapi_extra={"x-access": "quotes:read"})
    async def quote(asked: QuoteRequest) -> Quote:
        """Say what a purchase of this cart would earn, and why."""
        now = desk.clock()
        fact = asked.purchase.fact(now=now)
        async with snapshot(desk.pool) as connection:
            programme = (await desk.catalogue.current(connection)).select(fact, now=now)
            if isinstance(programme, Refusal):
                raise _refused(programme)
            state = await _state(connection, asked.holder, programme, fact) if asked.holder else AccountState()
        decision = programme.decide(fact, state)
        if isinstance(decision, Refusal):
            raise _refused(decision)
        return Quote(
            programme=programme.terms.id,
            programme_version=programme.terms.version,
            points=decision.explanation.points,
            usable_from=decision.usable_from if isinstance(decision, Grant) else None,
            expires_at=decision.expires_at if isinstance(decision, Grant) else None,
            explanation=wire.explanation(explanation_json(decision.explanation)),
        )

    return router


async def _state(connection: Connection, holder: str, programme: Programme, fact: Purchase) -> AccountState:
    """Read what the rules remember of a holder. Somebody never seen has no past."""
    opened = await reading.open_accounts(connection, holder, programme=programme.terms.id)
    if not opened:
        return AccountState()
    account_id = opened[0].account_id
    standing = (await accounts.load(connection, [account_id]))[account_id]
    counters = await accounts.counters(connection, [(account_id, key) for key in programme.counters(fact)])
    return AccountState(standing.state.purchases, counters.get(account_id, {}))


def _refused(refusal: Refusal) -> Problem:
    return Problem(422, refusal.reason, "No programme decides this purchase", refusal.text)
