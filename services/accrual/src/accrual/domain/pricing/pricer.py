"""The discounts of a programme version, ready to price carts in each of its currencies."""

from collections.abc import Collection

from accrual.domain.accounts import AccountState
from accrual.domain.document.document import Document
from accrual.domain.facts import Purchase
from accrual.domain.pricing.baskets import Basket
from accrual.domain.pricing.carts import price
from accrual.domain.pricing.compiling import compile_discounts
from accrual.domain.pricing.discounts import Priced
from accrual.domain.pricing.occasions import Visit
from accrual.domain.zones import zone_of


class Pricer:
    """Prices carts. Immutable."""

    def __init__(self, document: Document) -> None:
        """Take a document that was checked."""
        self._by_currency = {currency: compile_discounts(document, currency) for currency in document.all_currencies} if document.discounts else {}

    def price(self, purchase: Purchase, state: AccountState, *, known: bool, coupons: Collection[str] = ()) -> Priced:
        """Return the cart after all discounts. A currency or zone that nobody knows has none: `Programme.decide` refuses it."""
        zone, discounts = zone_of(purchase.zone), self._by_currency.get(purchase.currency, ())
        if zone is None or not discounts:
            return Priced(Basket(purchase.lines).priced())
        return price(discounts, purchase, Visit(purchase.occurred_at.astimezone(zone), state, known=known, coupons=coupons))
