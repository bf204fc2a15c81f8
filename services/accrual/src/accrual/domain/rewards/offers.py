"""Personal offers: what a member often buys, and may be proposed for less."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from accrual.domain.document.rewards import Offer
from accrual.domain.facts import Purchase
from accrual.domain.lifetimes import days_in


class Habit(NamedTuple):
    """Goods, in how many purchases they were bought, and when for the last time."""

    sku: str
    purchases: int
    last_at: datetime


def habit(offer: Offer, kept: Iterable[tuple[Purchase, frozenset[str]]], *, at: datetime) -> Habit | None:
    """Return the goods that somebody buys most often, if it is often enough; of several the ones bought last, then by name.

    `kept` are purchases with the ids of the lines that did not come back.
    """
    since = at - timedelta(days=days_in(offer.bought_often.within))
    found: dict[str, Habit] = {}
    for purchase, lines in kept:
        if since <= purchase.occurred_at <= at:
            for sku in {line.sku for line in purchase.lines if line.line_id in lines}:
                before = found.get(sku, Habit(sku, 0, purchase.occurred_at))
                found[sku] = Habit(sku, before.purchases + 1, max(before.last_at, purchase.occurred_at))
    often = [each for each in found.values() if each.purchases >= offer.bought_often.times]
    return min(often, key=lambda each: (-each.purchases, -each.last_at.timestamp(), each.sku), default=None)


def reason(offer: Offer) -> str:
    """Say in words why somebody is made an offer."""
    return f"bought at least {offer.bought_often.times} times within {offer.bought_often.within}"
