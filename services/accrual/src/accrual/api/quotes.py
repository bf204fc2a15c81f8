"""What a cart costs and earns, and what it may be paid with. Nothing is booked, nothing is locked; the quote is kept for some minutes."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from accrual.api import wire
from accrual.api.parts import Desk
from accrual.domain.decisions import Grant, Refusal
from accrual.domain.pricing.discounts import Priced
from accrual.domain.pricing.receipts import Climbing, Figures, Rung, named, receipt
from accrual.handlers.carts import QuotedCart, quote_cart
from accrual.handlers.explanations import explanation_json
from accrual.handlers.holds import TOO_NEW
from accrual.handlers.presenting import Presented
from accrual.store import quotes
from accrual.store.quotes import StoredQuote
from accrual.store.snapshots import connected, snapshot
from contracts.quotes import (
    DiscountNotTaken,
    DiscountTaken,
    Gift,
    LineDiscount,
    Quote,
    QuotedCoupon,
    QuotedEntitlement,
    QuotedPrice,
    RewardWithinReach,
    Spendable,
)
from contracts.requests import QuoteRequest
from shared.auth import require
from shared.ids import random_id
from shared.problems import Problem

#: Long enough to pay; budgets, stock and the holder's points may have changed by then.
LIFE = timedelta(minutes=10)


def routes(desk: Desk) -> APIRouter:
    """Return the route for quotes."""
    router = APIRouter(tags=["quotes"], dependencies=[Depends(require(desk.verifier, "quotes:read"))])

    @router.post("/v1/quotes", response_model=Quote, openapi_extra={"x-access": "quotes:read"})
    async def quote(asked: QuoteRequest) -> Response:
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
        return Response(kept.answered, media_type="application/json")  # written once: for the caller, and to be kept

    return router


def _quote(quoted: QuotedCart, language: str, quote_id: UUID, *, valid_until: datetime) -> Quote:
    terms, priced, decision = quoted.programme.terms, quoted.priced, quoted.decision
    total = priced.total_amount + quoted.purchase.delivery_amount
    points, spendable = decision.explanation.points, _spendable(quoted)
    figures = Figures(
        priced=priced,
        currency=quoted.purchase.currency,
        total=total,
        point_names=terms.point_names,
        decimals=terms.decimals,
        points=points,
        spendable=None if spendable is None else (spendable.points, spendable.amount),
        reachable=quoted.means.worth_telling,
        climbing=_climbing(quoted),
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
        coupons=tuple(QuotedCoupon(code=code, valid=reason is None, coupon=coupon, reason=reason) for code, coupon, reason in quoted.coupons),
        entitlements=tuple(_entitlement(each, language) for each in quoted.entitlements),
        spendable=spendable,
        rewards=tuple(
            RewardWithinReach(
                reward=reward.id,
                name=named(reward.names, language, reward.id),
                cost=reward.cost,
                available=denied is None,
                reason=None if denied is None else denied.reason,
                missing=reward.missing,
            )
            for reward, denied in quoted.means.rewards
        ),
        tier=None if quoted.level is None else wire.tier(quoted.level),
        receipt=receipt(figures, language),
    )


def _entitlement(presented: Presented, language: str) -> QuotedEntitlement:
    """Tell what became of a reward that was shown."""
    amount, denied = presented.done
    return QuotedEntitlement(
        entitlement=presented.name,
        valid=denied is None,
        entitlement_id=None if presented.entitlement is None else presented.entitlement.id,
        name=named(presented.names, language, ""),
        amount=amount,
        reason=None if denied is None else denied.reason,
        text="" if denied is None else denied.text,
    )


def _spendable(quoted: QuotedCart) -> Spendable | None:
    """Tell how many points may be used for the cart, and what they are worth."""
    found = quoted.means.spendable
    if found is None:
        return None
    if quoted.means.too_new:
        return Spendable(points=0, amount=0, limited=TOO_NEW, text="points of a new member can be used some time after registering")
    worth = quoted.programme.worth(found.points, quoted.purchase.currency)
    return Spendable(points=found.points, amount=worth, limited=found.limited, text=found.text, missing=found.missing)


def _climbing(quoted: QuotedCart) -> Climbing | None:
    """Return the level and what is ahead, as a receipt tells it."""
    found, ladder = quoted.level, quoted.programme.ladder
    if found is None or ladder is None:
        return None
    level = Rung(found.names, found.level)
    following = next((each for each in ladder.levels if each.id == found.next_level), None)
    if following is None:
        return Climbing(level)
    return Climbing(level, Rung(following.names, following.id), found.to_next.get("money_spent"), found.to_next.get("points_earned"))


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
