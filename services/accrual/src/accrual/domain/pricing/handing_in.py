"""What rewards that somebody hands in do to a cart: after all discounts of the programme, on the prices that those left."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from accrual.domain.document.discounts import Bought, Discount
from accrual.domain.document.earning import Goods
from accrual.domain.document.rewards import Reward
from accrual.domain.facts import Purchase
from accrual.domain.pricing.baskets import Basket
from accrual.domain.pricing.compiling import compiled
from accrual.domain.pricing.cutting import cut
from accrual.domain.pricing.discounts import CompiledDiscount, Gift, Priced, PricedLine, Taken
from accrual.domain.rewards.entitlements import Denied, Entitlement
from accrual.domain.spending.rules import is_of

#: The kinds of rewards that are good for something at a till, in the order in which they are looked at.
_KINDS = ("discount", "delivery", "gift", "sample")
NOT_FOR_CARTS = Denied("not-for-a-cart", "it is not used with a purchase")
NO_SUCH_GOODS = Denied("no-such-goods", "nothing that it is for is in the cart")
NOTHING_LEFT = Denied("nothing-left", "nothing is left to take it off")


class Voucher(NamedTuple):
    """A reward in somebody's hands that may be used for a cart."""

    code: str
    kind: str
    sku: str  #: what a gift is handed over as
    names: Mapping[str, str]
    goods: Goods | None  #: those a discount is for; all where not given
    discount: CompiledDiscount | None


class Done(NamedTuple):
    """What one of them takes off, in minor units; or why it does nothing for this cart, and is not used up by it."""

    amount: int = 0
    denied: Denied | None = None


class HandedIn(NamedTuple):
    """A cart after all rewards."""

    priced: Priced
    delivered: bool  #: the delivery costs nothing
    done: Mapping[str, Done]  #: by code


def voucher(entitlement: Entitlement, reward: Reward, *, currency: str) -> Voucher | Denied:
    """Return what an entitlement is good for with a purchase, by the catalogue that it was given from."""
    if entitlement.kind not in _KINDS:
        return NOT_FOR_CARTS
    goods = reward.on if entitlement.goods is None else Goods(sku=(entitlement.goods,))
    discount = None
    if entitlement.kind == "discount":
        when = Bought() if goods is None else Bought(**goods.model_dump(exclude_none=True))
        discount = compiled(Discount(id=reward.id, when=when, percent=reward.percent, amount=reward.amount), currency)
    return Voucher(entitlement.code, entitlement.kind, entitlement.goods or reward.id, reward.name or {"en": reward.id}, goods, discount)


def hand_in(purchase: Purchase, priced: Priced, vouchers: Iterable[Voucher]) -> HandedIn:
    """Take rewards off a cart that was priced: percentages first, then amounts, by their codes; the order in which they are shown never matters."""
    basket = Basket(purchase.lines)
    basket.amounts, basket.taxes = [line.paid_amount for line in priced.lines], [line.tax_amount for line in priced.lines]
    taken, gifts, delivered, done = list[Taken](), list[Gift](), False, dict[str, Done]()
    for each in sorted(vouchers, key=_order):
        if each.discount is not None:
            off = _off(each, each.discount, basket)
            done[each.code] = Done(denied=off) if isinstance(off, Denied) else Done(off.amount)
            taken += [] if isinstance(off, Denied) else [off]
        elif each.kind == "delivery":
            free = purchase.delivery_amount and not delivered
            done[each.code] = Done(purchase.delivery_amount) if free else Done(denied=NOTHING_LEFT)
            delivered = delivered or bool(free)
        else:
            done[each.code] = Done()
            gifts.append(Gift(each.code, each.names, each.sku, 1))
    lines = _lines(priced.lines, basket)
    return HandedIn(Priced(lines, (*priced.taken, *taken), (*priced.gifts, *gifts), priced.not_taken), delivered, done)


def _off(voucher: Voucher, discount: CompiledDiscount, basket: Basket) -> Taken | Denied:
    places = [place for place, line in enumerate(basket.lines) if voucher.goods is None or is_of(line, voucher.goods)]
    if not places:
        return NO_SUCH_GOODS
    found = cut(discount, basket, places)
    off = [(basket.lines[place].line_id, basket.take(place, part, discount.tax)) for place, part in zip(places, found.parts, strict=True) if part]
    return Taken(voucher.code, voucher.names, sum(part for _, part in off), tuple(sorted(off)), found.say) if off else NOTHING_LEFT


def _lines(before: Sequence[PricedLine], basket: Basket) -> tuple[PricedLine, ...]:
    return tuple(
        PricedLine(line.line_id, line.price_amount, line.price_amount - amount, amount, tax)
        for line, amount, tax in zip(before, basket.amounts, basket.taxes, strict=True)
    )


def _order(voucher: Voucher) -> tuple[int, bool, str]:
    fixed = voucher.discount is not None and voucher.discount.stairs[0].amount is not None
    return _KINDS.index(voucher.kind), fixed, voucher.code
