"""Whether a discount applies at all: to this place and time, these goods, and whoever buys them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from accrual.domain.accounts import AccountState
from accrual.domain.coupons import NONE_USABLE, Usable
from accrual.domain.demands import Asked
from accrual.domain.facts import Purchase
from accrual.domain.pricing.baskets import Basket
from accrual.domain.pricing.discounts import CompiledDiscount, NotTaken


class Visit(NamedTuple):
    """Who stands at the till, and when it is there."""

    local: datetime
    state: AccountState = AccountState()
    known: bool = True  #: an identifier was shown
    coupons: Usable = NONE_USABLE  #: which of the coupons presented are good


def closed(discount: CompiledDiscount, purchase: Purchase, visit: Visit, basket: Basket, places: Sequence[int]) -> NotTaken | None:
    """Say why a discount does not apply, if it does not."""
    reason = discount.shut or _elsewhere(discount, purchase, visit) or _goods(discount, basket, places)
    if reason is None and discount.wanted.first_purchase and (visit.state.purchases or not visit.known):
        reason = "not-first-purchase"
    return _unmet(discount, purchase, visit) if reason is None else discount.refusals[reason]


def _elsewhere(discount: CompiledDiscount, purchase: Purchase, visit: Visit) -> str | None:
    asked, local = discount.conditions, visit.local
    if (asked.stores is not None and purchase.store not in asked.stores) or (asked.channels is not None and purchase.channel not in asked.channels):
        return "other-place"
    minute, day = local.hour * 60 + local.minute, local.date()
    if local.weekday() not in asked.weekdays or (asked.hours and not any(start <= minute < end for start, end in asked.hours)):
        return "other-day-or-hour"
    return "outside-dates" if asked.windows and not any(first <= day <= last for first, last in asked.windows) else None


def _goods(discount: CompiledDiscount, basket: Basket, places: Sequence[int]) -> str | None:
    wanted = discount.wanted
    if not places:
        return "no-such-goods"
    if wanted.also is not None and not basket.places(wanted.also, {}):
        return "other-goods-missing"
    if wanted.minimum is not None and basket.total < wanted.minimum:
        return "below-minimum"
    if wanted.quantity is not None and sum(basket.lines[place].quantity for place in places) < wanted.quantity:
        return "too-few-items"
    return None


def _unmet(discount: CompiledDiscount, purchase: Purchase, visit: Visit) -> NotTaken | None:
    """Ask what is asked of whoever buys."""
    asked = Asked(visit.state.profile, visit.local.date(), None, purchase.payments, visit.coupons)
    refusal = next((refusal for demand in discount.wanted.demands if (refusal := demand(discount.id, asked)) is not None), None)
    return None if refusal is None else NotTaken(*refusal)
