"""Prices a cart as its purchase would be decided now: discounts first, then points on what is left. On a snapshot, and nothing written."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, cast

from accrual.domain.coupons import Usable
from accrual.domain.decisions import Grant, NothingEarned, Refusal
from accrual.domain.facts import Line, Payment, Purchase
from accrual.domain.pricing.discounts import Priced, PricedLine
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.domain.tiers.outlook import Outlook
from accrual.handlers import buyers, presenting
from accrual.handlers.buyers import NOT_IDENTIFIED, UNKNOWN_COUPON, Buyer
from accrual.handlers.means import Means, means
from accrual.handlers.presenting import Presented
from accrual.store import Connection
from contracts.requests import Cart, QuoteRequest


class Shown(NamedTuple):
    """A code that was presented, its coupon if there is one, and why it may not be used, if it may not."""

    code: str
    coupon: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedCart:
    """A cart, what it costs, and what it earns at these prices."""

    programme: Programme
    priced: Priced
    purchase: Purchase  #: at the prices after discounts
    decision: Grant | NothingEarned
    coupons: tuple[Shown, ...]
    entitlements: tuple[Presented, ...]
    means: Means
    level: Outlook | None


async def quote_cart(connection: Connection, programmes: Programmes, asked: QuoteRequest, *, now: datetime) -> QuotedCart | Refusal:
    """Price a cart for whoever is named, or say why no programme decides it. The connection must see one moment."""
    fact = purchase_of(asked.purchase, now=now)
    programme = programmes.select(fact, now=now)
    if isinstance(programme, Refusal):
        return programme
    buyer = await buyers.find(connection, asked.holder, programmes, programme, fact, now=now)
    usable = buyer.usable(programme, fact)
    priced = programme.prices.price(fact, buyer.state, known=buyer.known, coupons=usable)
    presented: tuple[Presented, ...] = ()
    if asked.entitlements:
        found = await presenting.find(connection, asked.entitlements, buyer.account_id, programme.terms.id)
        priced, fact, presented = presenting.present(found, fact, priced, programmes, now=now)
    purchase = discounted(fact, priced.lines) if priced.taken else fact
    decision = programme.decide(purchase, buyer.state)
    if isinstance(decision, Refusal):
        return decision
    return QuotedCart(
        programme=programme,
        priced=priced,
        purchase=purchase,
        decision=decision,
        coupons=_shown(fact, buyer, programme, usable),
        entitlements=presented,
        means=means(programme, buyer.state, buyer.lots, purchase, known=buyer.known, now=now),
        level=buyer.level,
    )


def purchase_of(cart: Cart, *, now: datetime) -> Purchase:
    """Return the purchase that a cart would be."""
    return Purchase(
        merchant=cart.merchant,
        purchase_id="",
        lines=cast("tuple[Line, ...]", cart.lines),  # a wire line has every field of a domain line, under the same name
        currency=cart.currency,
        occurred_at=(cart.occurred_at or now).astimezone(UTC),
        store=cart.store,
        zone=cart.zone,
        channel=cart.channel,
        delivery_amount=cart.delivery_amount,
        delivery_tax_amount=cart.delivery_tax_amount,
        payments=cast("tuple[Payment, ...]", cart.payments),
        coupons=cart.coupons,
    )


def discounted(purchase: Purchase, prices: tuple[PricedLine, ...]) -> Purchase:
    """Return the purchase as its receipt will show it: what is paid after discounts, beside the price before them."""
    lines = tuple(
        Line(
            line_id=line.line_id,
            sku=line.sku,
            paid_amount=priced.paid_amount,
            category=line.category,
            brand=line.brand,
            labels=line.labels,
            quantity=line.quantity,
            list_amount=line.paid_amount if line.list_amount is None else line.list_amount,
            tax_amount=priced.tax_amount,
        )
        for line, priced in zip(purchase.lines, prices, strict=True)
    )
    return purchase._replace(lines=lines)


def _shown(purchase: Purchase, buyer: Buyer, programme: Programme, usable: Usable) -> tuple[Shown, ...]:
    """Say of each code that was presented whether its coupon may be used."""
    found = []
    for code in purchase.coupons:
        coupon = programme.coupons.named(code, buyer.state)
        reason = NOT_IDENTIFIED if not buyer.known else UNKNOWN_COUPON if coupon is None else usable.refused.get(coupon)
        found.append(Shown(code, coupon, reason))
    return tuple(found)
