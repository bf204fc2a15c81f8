"""A correction that gives more than the revision before: the grant of the difference."""

from accrual.domain.decisions import Explanation, Grant, Operation, Step
from accrual.domain.keeping import Kept
from accrual.domain.settlement import RECEIPT
from accrual.domain.wording import given_before


def raised(decision: Grant, kept: Kept, *, before: int, digits: int) -> Grant:
    """Return the grant of what a purchase keeps now beyond what it kept before. Its steps add up to the difference.

    `decision` is the new revision's, and says from when to when the points live; `digits` are the programme's decimals.
    """
    if kept.points <= before:
        raise ValueError(f"a purchase that keeps {kept.points} after {before} points is given nothing more")
    steps = (decision if decision.points == kept.points else kept).explanation.steps
    if before:
        steps = (*steps, Step(RECEIPT, Operation.CAP, -before, 1, (), None, (given_before, before, digits)))
    explanation = Explanation(kept.points - before, steps, decision.explanation.not_given)
    return decision._replace(explanation=explanation, counters=())
