"""A correction that gives more than the revision before: the grant of the difference."""

from accrual.domain.accounts import AccountState
from accrual.domain.decisions import Decision, Explanation, Grant, Operation, Refusal, Step
from accrual.domain.facts import Fact, Purchase
from accrual.domain.given import Given
from accrual.domain.keeping import Kept
from accrual.domain.programme import Programme
from accrual.domain.settlement import RECEIPT
from accrual.domain.wording import given_before


def raised(decision: Grant, kept: Kept, *, before: int, digits: int) -> Grant:
    """Return the grant of what a purchase keeps now beyond what the member had for it before. Its steps add up to the difference.

    What was forgiven, or expired and was not owed for that, the member has had. `decision` is the new revision's, and says from when to
    when the points live; `digits` are the programme's decimals.
    """
    if kept.points <= before:
        raise ValueError(f"a purchase that keeps {kept.points} after {before} points is given nothing more")
    steps = (decision if decision.points == kept.points else kept).explanation.steps
    if before:
        steps = (*steps, Step(RECEIPT, Operation.CAP, -before, 1, (), None, (given_before, before, digits)))
    explanation = Explanation(kept.points - before, steps, decision.explanation.not_given)
    return decision._replace(explanation=explanation, counters=())


def was_first(programme: Programme, purchase: Purchase, given: Given) -> bool:
    """Tell whether a purchase was given something for being the account's first. The programme is the version that decided it."""
    rules = programme.rules_for(purchase)
    return rules is not None and any(rule.first_purchase and rule.id in given.rules for rule in rules.rules)


def earned_anew(programme: Programme, fact: Fact, state: AccountState, *, first: bool) -> tuple[Decision, AccountState]:
    """Decide a purchase again. The state is as if it never was; one that was the first stays the first, whatever was bought since."""
    others = state.purchases
    decision, state = programme.earn(fact, state._replace(purchases=0) if first else state)
    return decision, state._replace(purchases=state.purchases + others) if first else state


def counting(decision: Decision, beside: AccountState, *, since: AccountState) -> Decision:
    """Return a decision that also counts what it was decided beside: the common counters by which one state is ahead of another."""
    if isinstance(decision, Refusal):
        return decision
    ahead = tuple((key, value) for key, value in beside.shared.items() if value != since.shared.get(key, 0))
    return decision._replace(effects=decision.effects._replace(shared=(*ahead, *decision.effects.shared)))
