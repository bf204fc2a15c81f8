"""While terms change: who was there before gets what the version before would give, where that is more.

Both versions are asked about an event in the state that it meets, and the one that gives more points decides it as if nobody else had been asked:
its counters, its budgets, its rewards, and by its rules a return keeps. The other one counts nothing.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.amounts import written
from accrual.domain.decisions import Decision, NotGiven, Refusal
from accrual.domain.facts import Fact, Registration
from accrual.domain.settlement import PROGRAMME

if TYPE_CHECKING:
    from accrual.domain.programme import Programme

#: Why the other version gave nothing: this one gave no less.
OTHER_VERSION = "other-version"


class Transition:
    """The version before, asked as well until a moment, for whoever joined before the new one began."""

    def __init__(self, before: "Programme", *, began: datetime, until: datetime) -> None:
        """Take the version before, and from when until when the new one stands beside it; one that closed earlier is asked no longer than it earned."""
        self.before = before
        self._began, self._until = began, min(until, before.terms.earns_until or until)

    def asks(self, fact: Fact) -> bool:
        """Tell whether somebody's event may be decided by the version before. What joining gives, the new one says."""
        return fact.occurred_at < self._until and not isinstance(fact, Registration)

    def counters(self, fact: Fact) -> tuple[CounterKey, ...]:
        """Return the account's counters that deciding by the version before may read or change."""
        return self.before.counters(fact) if self.asks(fact) else ()

    def shared(self, fact: Fact) -> tuple[CounterKey, ...]:
        """Return the counters of all accounts together that it may read or change."""
        return self.before.shared(fact) if self.asks(fact) else ()

    def better(self, decision: Decision, version: int, fact: Fact, state: AccountState) -> Decision:
        """Return the better of the new version's decision and the one of the version before; the new one's, where both give the same.

        Whoever is known not to have registered before the new version began has its decision alone.
        """
        joined = state.profile.joined_at
        if joined is None or joined >= self._began or not self.asks(fact):
            return decision
        other = self.before.ruled(fact, state)
        if isinstance(other, Refusal):
            return decision
        if isinstance(decision, Refusal) or other.explanation.points > decision.explanation.points:
            decided_by = other.version or self.before.terms.version
            return _beside(other._replace(version=decided_by), self._said(version, decision))
        return _beside(decision, self._said(other.version or self.before.terms.version, other))

    def _said(self, version: int, decision: Decision) -> str:
        """Say what a version would have given: `version 3 would give 12`."""
        if isinstance(decision, Refusal):
            return f"version {version} would refuse it: {decision.reason}"
        return f"version {version} would give {written(decision.explanation.points, self.before.terms.decimals)}"


def _beside(decision: Decision, words: str) -> Decision:
    """Let a decision say what the other version would have given."""
    if isinstance(decision, Refusal):
        return decision
    explanation = decision.explanation
    return decision._replace(explanation=explanation._replace(not_given=(*explanation.not_given, NotGiven(PROGRAMME, OTHER_VERSION, words))))
