"""What a cart costs and earns, and what it may be paid with. Nothing is booked, nothing is locked; the quote is kept for some minutes."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends

from accrual.api import wire
from accrual.api.parts import Desk
from accrual.domain.decisions import Grant, Refusal
from accrual.domain.pricing.discounts import Priced
from accrual.domain.pricing.receipts import Figures, named, receipt
from accrual.handlers.carts import QuotedCart, quote_cart
from accrual.handlers.explanations import explanation_json
from accrual.store import quotes
from accrual.store.quotes import StoredQuote
from accrual.store.snapshots import connected, snapshot
from contracts.quotes import DiscountNotTaken, DiscountTaken, Gift, LineDiscount, Quote, QuotedPrice
from contracts.requests import QuoteRequest
from shared.auth import require
from shared.ids import random_id
from shared.problems import Problem

#: Long enough to pay; budgets, stock and the holder's points may have changed by then.
LIFE = timedelta(minutes=10)


def routes(desk: Desk) -> APIRouter:
    """Return the route for quotes."""
    router = APIRouter(tags=["quotes"], dependencies=[Depends(require(desk.verifier, "quotes:read"))])

    @router.post("/v1/quotes", openapi_extra={"x-access": "quotes:read"})
    async def quote(asked: QuoteRequest) -> Quote:
        """Say what a cart costs after discounts, what it would earn, and why."""
        now = desk.clock()
        async with snapshot(desk.pool) as connection:
            found = await quote_cart(connection, await desk.catalogue.current(connection), asked, now=now)
        if isinstance(found, Refusal):
            raise Problem(422, found.reason, "No programme decides this purchase", found.text)
        answer = _quote(found, asked.language, random_id(), valid_until=now + LIFE)
        kept = StoredQuote(
            id=answer.quote_id,
            made_at=now,
            valid_until=answer.valid_until,
            holder=asked.holder,
            programme=answer.programme,
            asked=asked.model_dump_json(exclude_defaults=True).encode(),
            answered=answer.model_dump_json().encode(),
        )
        async with connected(desk.pool) as connection:
            await quotes.add(connection, kept)
        return answer

    return router


def _quote(quoted: QuotedCart, language: str, quote_id: UUID, *, valid_until: datetime) -> Quote:
    terms, priced, decision = quoted.programme.terms, quoted.priced, quoted.decision
    total = priced.total_amount + quoted.purchase.delivery_amount
    points = decision.explanation.points
    figures = Figures(
        priced=priced,
        currency=quoted.purchase.currency,
        total=total,
        point_names=terms.point_names,
        decimals=terms.decimals,
        points=points,
        spendable=None,
        reachable=None,
    )
    return Quote(
        quote_id=quote_id,
        valid_until=valid_until,
        programme=terms.id,
        programme_version=terms.version,
        total_amount=total,
        discount_amount=priced.discount_amount,
        lines=tuple(QuotedPrice(**line._asdict()) for line in priced.lines),
        **_discounts(priced, language),
        points=points,
        usable_from=decision.usable_from if isinstance(decision, Grant) else None,
        expires_at=decision.expires_at if isinstance(decision, Grant) else None,
        explanation=wire.explanation(explanation_json(decision.explanation)),
        receipt=receipt(figures, language),
    )


def _discounts(priced: Priced, language: str) -> dict[str, Any]:
    """Tell what came off, what did not, and what is handed over on top."""
    return {
        "discounts": tuple(
            DiscountTaken(
                discount=taken.discount,
                name=named(taken.names, language, taken.discount),
                amount=taken.amount,
                lines=tuple(LineDiscount(line_id=line_id, amount=amount) for line_id, amount in taken.lines),
                text=taken.text,
            )
            for taken in priced.taken
        ),
        "not_discounted": tuple(DiscountNotTaken(**silent._asdict()) for silent in priced.not_taken),
        "gifts": tuple(
            Gift(discount=gift.discount, name=named(gift.names, language, gift.discount), sku=gift.sku, pieces=gift.pieces) for gift in priced.gifts
        ),
    }
