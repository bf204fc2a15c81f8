"""What somebody may pay a cart with beside money: points, and what is within reach for them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accrual.domain.accounts import AccountState
from accrual.domain.facts import Purchase
from accrual.domain.lots import Lot, usable
from accrual.domain.pricing.receipts import Reachable
from accrual.domain.programme import Programme
from accrual.domain.rewards.entitlements import Denied
from accrual.domain.spending.rules import Spendable, frozen_until, spendable

#: The catalogue's rewards that a till is told of; the cheapest first.
MAX_REWARDS = 20
INSUFFICIENT = "insufficient-points"


@dataclass(frozen=True, slots=True)
class Means:
    """How many points may be used for the cart, and which rewards they buy."""

    spendable: Spendable | None
    too_new: bool  #: the holder has registered too recently to use any
    rewards: tuple[tuple[Reachable, Denied | None], ...]  #: with the reason why it cannot be had, if it cannot

    @property
    def worth_telling(self) -> Reachable | None:
        """The dearest reward that can be had; else the nearest one for which only points are missing."""
        had = [reward for reward, denied in self.rewards if denied is None]
        near = [reward for reward, denied in self.rewards if denied is not None and denied.reason == INSUFFICIENT]
        return max(had, key=lambda reward: reward.cost, default=None) or min(near, key=lambda reward: reward.missing, default=None)


def means(programme: Programme, state: AccountState, lots: Iterable[Lot], purchase: Purchase, *, known: bool, now: datetime) -> Means:
    """Say what the usable points of these lots are good for. Of somebody who is not known, only what rewards cost."""
    points = sum(lot.remaining for lot in lots if usable(lot, at=now))
    may_spend = spendable(programme, usable=points, purchase=purchase) if known and programme.terms.worth.get(purchase.currency) else None
    frozen = frozen_until(programme, state.profile)
    return Means(may_spend, frozen is not None and frozen > now, tuple(_reachable(programme, state, points, now))[:MAX_REWARDS])


def _reachable(programme: Programme, state: AccountState, points: int, now: datetime) -> Iterable[tuple[Reachable, Denied | None]]:
    catalogue = programme.rewards
    for reward in sorted((reward for reward in catalogue.all() if reward.cost), key=lambda reward: (reward.cost, reward.id)):
        missing = catalogue.short(reward, available=points)
        denied = catalogue.not_for_sale(reward, state, at=now)
        if denied is None and missing:
            denied = Denied(INSUFFICIENT, f"{missing} points are missing")
        yield Reachable(reward.names, reward.id, reward.cost or 0, missing), denied
