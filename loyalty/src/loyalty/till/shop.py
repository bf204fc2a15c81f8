"""Where a till stands: what it tells of itself with every receipt."""

from dataclasses import dataclass
from datetime import datetime

from contracts.purchases import Payment, PurchaseRecorded
from contracts.requests import Cart, QuotedLine, QuoteRequest
from loyalty.till.basket import Basket


@dataclass(frozen=True, slots=True)
class Shop:
    """A till of a store of a merchant."""

    merchant: str
    store: str
    zone: str
    currency: str
    number: str = "1"  #: of the till

    @property
    def source(self) -> str:
        """The till's name in events, for ever."""
        return f"urn:till:{self.merchant}:{self.store}:{self.number}"

    def receipt_number(self, count: int) -> str:
        """Name the receipt that comes after so many others."""
        return f"{self.number}-{count + 1:04d}"

    def purchase_id(self, receipt_number: str) -> str:
        """Return the id of the purchase that a receipt is about."""
        return f"{self.store}/{receipt_number}"

    def cart(self, basket: Basket, *, at: datetime, priced: bool = False) -> QuoteRequest:
        """Say what is on the counter: for a quote at the prices of the shelf, or `priced` as a quote has priced it."""
        lines = tuple(QuotedLine.model_validate(line.model_dump()) for line in (basket.priced() if priced else basket.lines))
        cart = Cart(merchant=self.merchant, store=self.store, zone=self.zone, lines=lines, coupons=basket.coupons, currency=self.currency, occurred_at=at)
        return QuoteRequest(holder=basket.holder, purchase=cart, entitlements=basket.rewards)

    def receipt(self, basket: Basket, number: str, payments: tuple[Payment, ...], *, at: datetime) -> PurchaseRecorded:
        """Say what was sold."""
        return PurchaseRecorded(
            merchant=self.merchant,
            purchase_id=self.purchase_id(number),
            receipt_number=number,
            store=self.store,
            zone=self.zone,
            holder=basket.holder,
            lines=basket.priced(),
            payments=payments,
            coupons=basket.coupons,
            quote_id=basket.quote_id,
            hold_id=basket.hold_id,
            exchanged_purchase_id=basket.exchanged,
            currency=self.currency,
            occurred_at=at,
        )
