"""A customer in the simulation: what the rules remember, the points, the level, and what was bought."""

from datetime import date, datetime
from fractions import Fraction
from hashlib import sha256

from accrual.domain.accounts import AccountState, CounterKey, Profile
from accrual.domain.tiers.climb import Climb
from accrual.domain.tiers.progress import History as Done
from accrual.domain.tiers.progress import Progress
from accrual.domain.tiers.timeline import Timeline
from loyalty.simulate.outcome import MemberSums
from loyalty.simulate.returning import Shelf
from loyalty.simulate.wallets import Wallet

#: More counters than that of one account, and those of days that are over are forgotten.
MANY_COUNTERS = 256
#: An event near midnight may belong to the day before or after, by the store's zone.
NEAR_DAYS = 2


class Member:
    """One member, from one event to the next. Members differ by their names alone: the same name, the same choices that look like chance."""

    __slots__ = ("climb", "counters", "profile", "purchases", "shelf", "sums", "wallet")

    def __init__(self, name: str, joined_at: datetime, *, redemption: Fraction, timeline: Timeline) -> None:
        """Join. A timeline without levels gives none."""
        self.counters: dict[CounterKey, int] = {}
        self.profile = Profile(member=True, joined_at=joined_at, seed=sha256(name.encode()).digest()[:16])
        self.purchases = 0
        self.climb = Climb(timeline, Done()) if timeline else None
        self.wallet = Wallet(redemption)
        self.shelf = Shelf()
        self.sums = MemberSums()

    def stand(self, day: date) -> None:
        """Take the level that the past gives on a day."""
        if self.climb is not None:
            level = self.climb.standing(day).level
            if level != self.profile.tier:
                self.profile = self.profile._replace(tier=level)

    def count(self, day: date, done: Progress) -> None:
        """Count for the levels what was done on a day, or undone."""
        if self.climb is not None:
            self.climb.add(day, done)

    def state(self, shared: dict[CounterKey, int]) -> AccountState:
        """Return the state in which the next event meets the member. `shared` is what is counted for all members together."""
        return AccountState(self.purchases, self.counters, self.profile, shared)

    def keep(self, changes: tuple[tuple[CounterKey, int], ...], at: datetime) -> None:
        """Set counters to new values, and forget those of days long past: no rule reads them any more."""
        self.counters.update(changes)
        if len(self.counters) > MANY_COUNTERS:
            today = at.date()
            for key in [key for key in self.counters if "/day:" in key.period and _is_past(key.period, today)]:
                del self.counters[key]


def _is_past(period: str, today: date) -> bool:
    return (today - date.fromisoformat(period.rpartition(":")[2])).days > NEAR_DAYS
