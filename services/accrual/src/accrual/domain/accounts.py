"""What the rules remember of an account from one event to the next."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple


class CounterKey(NamedTuple):
    """One counter of one account, as `("newsletter", "points/month:2026-12")`.

    Rule `programme` counts for the programme as a whole. Both parts are plain text, to be stored as they are; the period sorts
    and never changes its meaning.
    """

    rule: str
    period: str


class Profile(NamedTuple):
    """What is known of a holder in one programme, beside what was counted. Nobody's account has the empty one."""

    member: bool = False
    joined_at: datetime | None = None  #: when the member registered
    segments: frozenset[str] = frozenset()
    tier: str | None = None  #: the level that the member has at the event; None where the programme has no levels
    seed: bytes = b""  #: the same for the holder's life, for choices that look like chance and are none: control groups


STRANGER = Profile()


class AccountState(NamedTuple):
    """An account before an event: what its caps have let through, how many purchases it has made, and who it belongs to.

    `counters` needs to hold only the keys that `Programme.counters` names for the event, `shared` only those that
    `Programme.shared` names; a missing one counts as 0.
    """

    purchases: int = 0
    counters: Mapping[CounterKey, int] = MappingProxyType({})
    profile: Profile = STRANGER
    shared: Mapping[CounterKey, int] = MappingProxyType({})  #: what is counted for all accounts together: budgets, uses of a coupon
    codes: Mapping[str, str] = MappingProxyType({})  #: coupons by the codes presented that were issued one by one
    balance: int = 0  #: points, waiting and reserved ones included, less what is owed; asked only where a programme limits it

    def after(
        self, changes: Iterable[tuple[CounterKey, int]], *, purchases: int, shared: Iterable[tuple[CounterKey, int]] = (), points: int = 0
    ) -> "AccountState":
        """Return the state with some counters set to new values, and so many points more. The old state stays as it is."""
        changed, common = dict(changes), dict(shared)
        counters = {**self.counters, **changed} if changed else self.counters
        return AccountState(purchases, counters, self.profile, {**self.shared, **common} if common else self.shared, self.codes, self.balance + points)
