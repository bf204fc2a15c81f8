"""Limits that no honest member meets: what is beyond them counts, and earns nothing."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from accrual.domain.accounts import AccountState, CounterKey, Profile
from accrual.domain.decisions import Decision, Explanation, Grant, NotGiven, NothingEarned, Refusal
from accrual.domain.document.fraud import Fraud
from accrual.domain.facts import Fact, Purchase
from accrual.domain.settlement import PROGRAMME

#: For somebody of whom no registration is known.
NEVER = datetime.max.replace(tzinfo=UTC)

Changes = tuple[tuple[CounterKey, int], ...]


class FraudLimits:
    """The limits of a programme version."""

    def __init__(self, fraud: Fraud) -> None:
        """Take what the document says."""
        self._grants, self._velocity = fraud.grants, fraud.velocity
        self._within = None if fraud.velocity is None else span(fraud.velocity.within)
        self._hold = None if fraud.hold_spending is None else span(fraud.hold_spending)

    def counters(self, fact: Fact, day: date) -> tuple[CounterKey, ...]:
        """Return the counters that deciding an event reads or changes; the day is that of the programme's calendar."""
        found = (self._purchases_key(fact), self._grants_key(day))
        return tuple(key for key in found if key is not None)

    def decide(self, fact: Fact, day: date, state: AccountState, rules: Callable[[Fact, AccountState], Decision]) -> Decision:
        """Let the rules decide, unless the account has come too often: then it earns nothing. What is refused does not count."""
        purchases, grants = self._purchases_key(fact), self._grants_key(day)
        reason = self._beyond(state, purchases, grants)
        decision = rules(fact, state) if reason is None else NothingEarned(Explanation(0, (), (reason,)))
        if isinstance(decision, Refusal):
            return decision
        counted = ((purchases, state.counters.get(purchases, 0) + 1),) if purchases is not None else ()
        if isinstance(decision, Grant) and grants is not None:
            counted = (*counted, (grants, state.counters.get(grants, 0) + 1))
        return decision._replace(counters=(*decision.counters, *counted))

    def lifted(self, fact: Fact, day: date, state: AccountState, *, passed: bool) -> AccountState:
        """Return the state in which an event is decided anew: it does not stand in its own way, and meets no limit if it was given something before."""
        if passed:
            changes = [(key, 0) for key in self.counters(fact, day)]
        else:
            own = self._purchases_key(fact)
            changes = [(own, state.counters[own] - 1)] if own is not None and state.counters.get(own, 0) else []
        return state.after(changes, purchases=state.purchases)

    def as_counted(self, fact: Fact, day: date, state: AccountState, before: AccountState) -> AccountState:
        """Return the state with what counts here as it was: an event decided anew counts once."""
        return state.after([(key, before.counters.get(key, 0)) for key in self.counters(fact, day)], purchases=state.purchases)

    def spending_from(self, profile: Profile) -> datetime | None:
        """Return from when on somebody's points can be spent; None: at once. `NEVER` for whoever has not registered, where new members wait."""
        if self._hold is None:
            return None
        return NEVER if profile.joined_at is None else profile.joined_at + self._hold

    def _beyond(self, state: AccountState, purchases: CounterKey | None, grants: CounterKey | None) -> NotGiven | None:
        if self._velocity is not None and purchases is not None and state.counters.get(purchases, 0) >= self._velocity.purchases:
            return NotGiven(PROGRAMME, "too-many-purchases", f"more than {self._velocity.purchases} purchases within {self._velocity.within} earn nothing")
        if self._grants is not None and grants is not None and state.counters.get(grants, 0) >= self._grants.times:
            return NotGiven(PROGRAMME, "too-many-grants", f"points are given at most {self._grants.times} times per {self._grants.per}")
        return None

    def _purchases_key(self, fact: Fact) -> CounterKey | None:
        """Name the counter of purchases in the piece of the clock to which one belongs."""
        if self._within is None or not isinstance(fact, Purchase):
            return None
        piece = int(fact.occurred_at.timestamp()) // int(self._within.total_seconds())
        starts = datetime.fromtimestamp(piece * self._within.total_seconds(), UTC)
        return CounterKey(PROGRAMME, f"purchases/{starts:%Y-%m-%dT%H:%M}")

    def _grants_key(self, day: date) -> CounterKey | None:
        if self._grants is None:
            return None
        year, week, _ = day.isocalendar()
        period = {"day": f"{day}", "week": f"{year}-W{week:02d}", "month": f"{day:%Y-%m}"}[self._grants.per]
        return CounterKey(PROGRAMME, f"grants/{self._grants.per}:{period}")


def span(text: str) -> timedelta:
    """Return how long `10 minutes` or `24 hours` is."""
    number, unit = text.split(" ")
    return timedelta(minutes=int(number)) if unit.startswith("minute") else timedelta(hours=int(number))
