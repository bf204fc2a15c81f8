"""Prices a cart as its purchase would be decided now: discounts first, then points on what is left. On a snapshot, and nothing written."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from accrual.domain.accounts import AccountState
from accrual.domain.decisions import Grant, NothingEarned, Refusal
from accrual.domain.facts import Line, Payment, Purchase
from accrual.domain.pricing.discounts import Priced, PricedLine
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.handlers.counting import state_seen
from accrual.store import Connection, reading
from contracts.requests import Cart, QuoteRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedCart:
    """A cart, what it costs, and what it earns at these prices."""

    programme: Programme
    priced: Priced
    purchase: Purchase  #: at the prices after discounts
    decision: Grant | NothingEarned


async def quote_cart(connection: Connection, programmes: Programmes, asked: QuoteRequest, *, now: datetime) -> QuotedCart | Refusal:
    """Price a cart for whoever is named, or say why no programme decides it. The connection must see one moment."""
    fact = purchase_of(asked.purchase, now=now)
    programme = programmes.select(fact, now=now)
    if isinstance(programme, Refusal):
        return programme
    state = await _state(connection, asked.holder, programmes, programme, fact) if asked.holder else AccountState()
    priced = programme.prices.price(fact, state, known=asked.holder is not None)
    purchase = discounted(fact, priced.lines) if priced.taken else fact
    decision = programme.decide(purchase, state)
    return decision if isinstance(decision, Refusal) else QuotedCart(programme=programme, priced=priced, purchase=purchase, decision=decision)


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


async def _state(connection: Connection, holder: str, programmes: Programmes, programme: Programme, fact: Purchase) -> AccountState:
    """Read what the rules remember of a holder. Somebody never seen has no past."""
    opened = await reading.open_accounts(connection, holder, programme=programme.terms.id)
    return await state_seen(connection, opened[0].account_id if opened else None, programmes, programme, fact)
