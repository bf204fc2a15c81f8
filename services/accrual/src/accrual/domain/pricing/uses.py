"""Counts the coupons for which a purchase was given a discount, beside those for which it was given points."""

from accrual.domain.accounts import AccountState
from accrual.domain.coupons import CouponBook
from accrual.domain.decisions import Effects, Grant, NothingEarned
from accrual.domain.facts import Purchase
from accrual.domain.pricing.pricer import Pricer
from accrual.domain.zones import zone_of


def with_coupons(decision: Grant | NothingEarned, purchase: Purchase, state: AccountState, *, prices: Pricer, coupons: CouponBook) -> Grant | NothingEarned:
    """Return the decision with the uses of coupons that its discounts were given for; one that gave points too is used once."""
    zone = zone_of(purchase.zone)
    if zone is None:
        return decision
    usable = coupons.usable(purchase, purchase.occurred_at.astimezone(zone).date(), state)
    before = decision.effects
    given_for = {coupon for coupon in prices.coupons_used(purchase, state, usable) if usable.codes[coupon] not in before.coupons}
    if not given_for:
        return decision
    used = coupons.use(given_for, usable, state)
    effects = Effects((*before.shared, *used.shared), before.rewards, (*before.coupons, *used.codes))
    return decision._replace(counters=(*decision.counters, *used.counters), effects=effects)
