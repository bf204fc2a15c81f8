"""One event that may earn: decided, booked, and said."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from accrual.domain.accounts import AccountState
from accrual.domain.decisions import Explanation, Grant, Refusal
from accrual.domain.entries import Stamp
from accrual.domain.facts import Fact
from accrual.domain.programme import Programme
from accrual.handlers import rewards
from accrual.handlers.books import Books
from accrual.handlers.explanations import explanation_json
from accrual.handlers.rewards import Origin
from accrual.handlers.routes import Owned
from accrual.store.causes import Decided
from accrual.store.ledger import Cause
from contracts.rewards import RewardGranted
from contracts.verdicts import Verdict
from shared.batches import Outcome
from shared.outbox import Message

GRANTED, NOTHING_EARNED = Outcome(Verdict.GRANTED), Outcome(Verdict.NOTHING_EARNED)
_STRANGER = AccountState()


@dataclass(frozen=True, slots=True)
class Earning:
    """An event that may earn: whose account, by which programme version, for which cause."""

    programme: Programme
    fact: Fact
    owned: Owned | None  # None: nobody was identified
    origin: Origin
    cause: Cause
    event_key: bytes
    body: bytes


def earn(books: Books, earning: Earning, *, now: datetime) -> tuple[Decided, Message | None] | Refusal:
    """Decide an event and book what it earns. Returns what is to be kept of it, and what is to be said."""
    programme, owned = earning.programme, earning.owned
    decision = programme.decide(earning.fact, _STRANGER) if owned is None else books.decide(owned.account_id, programme, earning.fact)
    if isinstance(decision, Refusal):
        return decision
    explanation = explanation_json(decision.explanation)
    grant_id, message = None, None
    if isinstance(decision, Grant) and owned is not None:
        origin, terms = earning.origin, programme.terms
        grant_id = rewards.change_id(origin, RewardGranted.type, owned.owner)
        stamp = Stamp(
            transaction_id=grant_id,
            cause_source=origin.source,
            cause_event=origin.event_id,
            programme=terms.id,
            programme_version=terms.version,
            occurred_at=origin.occurred_at,
            booked_at=now,
            evidence=sha256(explanation + b"\0" + earning.body).digest(),
        )
        account = books.grant(owned.account_id, decision, stamp, earning.cause)
        message = rewards.granted(account, decision, stamp, owner=owned.owner, origin=origin, explanation=explanation)
    return _kept(earning, grant_id, decision.explanation, explanation), message


def outcome_of(decided: Decided) -> Outcome:
    """Return the verdict of an accepted event."""
    if decided.grant_id is not None:
        return GRANTED
    return Outcome(Verdict.NOTHING_EARNED, decided.reason) if decided.reason else NOTHING_EARNED


def _kept(earning: Earning, grant_id: UUID | None, explanation: Explanation, written: bytes) -> Decided:
    return Decided(
        earning.cause.key,
        earning.cause.revision or 1,
        earning.event_key,
        earning.programme.terms.id,
        earning.programme.terms.version,
        None if earning.owned is None else earning.owned.account_id,
        grant_id,
        Verdict.GRANTED if grant_id is not None else Verdict.NOTHING_EARNED,
        None if grant_id is not None else _sole_reason(explanation),
        earning.origin.occurred_at,
        earning.body,
        written,
    )


def _sole_reason(explanation: Explanation) -> str | None:
    """Return why nothing was earned, where one reason says it all; the explanation has the rest."""
    reasons = {silent.reason for silent in explanation.not_given}
    return reasons.pop() if len(reasons) == 1 else None
