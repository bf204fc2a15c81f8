"""The discounts of a programme version, ready to price carts in each of its currencies."""

from accrual.domain.accounts import AccountState
from accrual.domain.coupons import NONE_USABLE, Usable
from accrual.domain.document.campaigns import Campaign
from accrual.domain.document.discounts import Discount
from accrual.domain.document.document import Document
from accrual.domain.facts import Line, Purchase
from accrual.domain.pricing.baskets import undiscounted
from accrual.domain.pricing.carts import price
from accrual.domain.pricing.compiling import compile_discounts
from accrual.domain.pricing.discounts import Priced
from accrual.domain.pricing.occasions import Visit
from accrual.domain.zones import zone_of


class Pricer:
    """Prices carts. Immutable."""

    def __init__(self, document: Document) -> None:
        """Take a document that was checked."""
        self._by_currency = {currency: compile_discounts(document, currency) for currency in document.all_currencies} if document.all_discounts else {}
        self._wanted = {name: coupons for name, discount, campaign in document.all_discounts if (coupons := _coupons(discount, campaign))}

    @property
    def ask_for_coupons(self) -> bool:
        """Whether some discount is given for a coupon."""
        return bool(self._wanted)

    def price(self, purchase: Purchase, state: AccountState, *, known: bool, coupons: Usable = NONE_USABLE) -> Priced:
        """Return the cart after all discounts. A currency or zone that nobody knows has none: `Programme.decide` refuses it."""
        zone, discounts = zone_of(purchase.zone), self._by_currency.get(purchase.currency)
        if zone is None or discounts is None:
            return Priced(undiscounted(purchase.lines))
        return price(discounts, purchase, Visit(purchase.occurred_at.astimezone(zone), state, known=known, coupons=coupons))

    def coupons_used(self, purchase: Purchase, state: AccountState, coupons: Usable) -> frozenset[str]:
        """Return the coupons for which a receipt's goods get a discount, asked at their list prices: what was paid has fallen already."""
        priced = self.price(purchase._replace(lines=tuple(map(_listed, purchase.lines))), state, known=True, coupons=coupons)
        given = [*(taken.discount for taken in priced.taken), *(gift.discount for gift in priced.gifts)]
        used = (next(coupon for coupon in self._wanted[discount] if coupon in coupons.codes) for discount in given if discount in self._wanted)
        return frozenset(used)


def _coupons(discount: Discount, campaign: Campaign | None) -> tuple[str, ...]:
    """Return the coupons for one of which a discount is given."""
    return (*(discount.when.coupon or ()), *((campaign.coupon,) if campaign is not None and campaign.coupon is not None else ()))


def _listed(line: Line) -> Line:
    return Line(
        line_id=line.line_id,
        sku=line.sku,
        paid_amount=line.paid_amount if line.list_amount is None else line.list_amount,
        category=line.category,
        brand=line.brand,
        labels=line.labels,
        quantity=line.quantity,
    )
