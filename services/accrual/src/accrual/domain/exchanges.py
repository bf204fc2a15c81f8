"""A purchase in exchange for another is decided by the rules and the day of the other: changing a size does not lose a campaign."""

from accrual.domain.decisions import Decision, Operation, Refusal, Step
from accrual.domain.facts import Purchase
from accrual.domain.settlement import RECEIPT
from accrual.domain.wording import exchanged as words


def as_exchanged(purchase: Purchase, exchanged: Purchase) -> Purchase:
    """Return the purchase as if it had been made when, where and how the exchanged one was."""
    return purchase._replace(occurred_at=exchanged.occurred_at, zone=exchanged.zone, store=exchanged.store, channel=exchanged.channel, in_exchange=True)


def told(decision: Decision, exchanged: Purchase) -> Decision:
    """Return the decision with an explanation that says as of when it was made."""
    if isinstance(decision, Refusal):
        return decision
    step = Step(RECEIPT, Operation.EARN, 0, 1, (), None, (words, exchanged.purchase_id, exchanged.occurred_at))
    return decision._replace(explanation=decision.explanation._replace(steps=(step, *decision.explanation.steps)))
