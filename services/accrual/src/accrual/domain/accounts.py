"""What the rules remember of an account from one event to the next."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple


class CounterKey(NamedTuple):
    """One counter of one account, as `("newsletter", "points/month:2026-12")`.

    Rule `programme` counts for the programme as a whole. Both parts are plain text, to be stored as they are; the period sorts
    and never changes its meaning.
    """

    rule: str
    period: str


class AccountState(NamedTuple):
    """An account before an event: what its caps have let through, and how many purchases it has made.

    `counters` needs to hold only the keys that `Programme.counters` names for the event; a missing one counts as 0.
    """

    purchases: int = 0
    counters: Mapping[CounterKey, int] = MappingProxyType({})

    def after(self, changes: Iterable[tuple[CounterKey, int]], *, purchases: int) -> "AccountState":
        """Return the state with some counters set to new values. The old state stays as it is."""
        changed = dict(changes)
        return AccountState(purchases=purchases, counters={**self.counters, **changed} if changed else self.counters)
