"""One event that may earn: decided, booked, and said."""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from accrual.domain.accounts import AccountState
from accrual.domain.decisions import NO_EFFECTS, Explanation, Grant, Refusal, RewardDue
from accrual.domain.entries import Stamp
from accrual.domain.exchanges import told
from accrual.domain.facts import Fact, Purchase
from accrual.domain.programme import Programme
from accrual.handlers import rewards
from accrual.handlers.bodies import decided_as
from accrual.handlers.books import Books
from accrual.handlers.debts import pay
from accrual.handlers.explanations import explanation_json
from accrual.handlers.rewards import Origin
from accrual.handlers.routes import Owned
from accrual.handlers.tally import Holding
from accrual.store.causes import Decided
from accrual.store.ledger import Cause
from contracts.rewards import RewardGranted
from contracts.verdicts import Verdict
from shared.batches import Outcome
from shared.outbox import Message

GRANTED, NOTHING_EARNED = Outcome(Verdict.GRANTED), Outcome(Verdict.NOTHING_EARNED)
_PLAINLY_NOTHING = (Verdict.NOTHING_EARNED, None)
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
    receipt_key: bytes | None = None
    exchanged: Purchase | None = None  #: for which it is given: it is decided as if it were that one


def earn(books: Books, earning: Earning, *, now: datetime) -> tuple[Decided, list[Message]] | Refusal:
    """Decide an event and book what it earns. Returns what is to be kept of it, and what is to be said."""
    programme, owned = earning.programme, earning.owned
    decision = programme.decide(earning.fact, _STRANGER) if owned is None else books.decide(owned.account_id, programme, earning.fact)
    if earning.exchanged is not None:
        decision = told(decision, earning.exchanged)
    if isinstance(decision, Refusal):
        return decision
    if decision.version is not None:
        earning = replace(earning, programme=programme.deciding(decision.version))
    if decision.effects is not NO_EFFECTS:
        books.tally.raise_to(programme.terms.id, decision.effects.shared, Holding(earning.cause.key, earning.event_key))
    if owned is not None and programme.contests:
        books.scores.decided(owned.account_id, programme, earning.fact, earning.cause.key)
    messages = rewarded(books, earning, decision.effects.rewards, now=now) if decision.effects.rewards else []
    explanation = explanation_json(decision.explanation)
    if isinstance(decision, Grant) and owned is not None:
        grant_id, granted = give(books, earning, owned, decision, (explanation, explanation), now=now)
        messages = granted + messages + books.levels.tell(owned.account_id, owned.owner, earning.origin, now=now)
        return kept(earning, grant_id, Verdict.GRANTED, None, explanation), messages
    messages += [] if owned is None else books.levels.tell(owned.account_id, owned.owner, earning.origin, now=now)
    return kept(earning, None, Verdict.NOTHING_EARNED, _sole_reason(decision.explanation), explanation), messages


def rewarded(books: Books, earning: Earning, due: tuple[RewardDue, ...], *, now: datetime) -> list[Message]:
    """Give the rewards that are not points, and say so."""
    if earning.owned is None:
        return []
    owner, account_id = earning.owned
    rewards, cause = earning.programme.rewards, earning.cause.key
    return books.entitlements.issue_due(rewards, due, account_id=account_id, owner=owner, cause=cause, origin=earning.origin, now=now)


def give(books: Books, earning: Earning, owned: Owned, grant: Grant, written: tuple[bytes, bytes], *, now: datetime) -> tuple[UUID, list[Message]]:
    """Book a grant, and say so. `written` is its explanation, and that of the decision behind it: a correction grants only a difference."""
    origin, terms, (explanation, decision) = earning.origin, earning.programme.terms, written
    grant_id = rewards.change_id(origin, RewardGranted.type, owned.owner)
    stamp = Stamp(
        transaction_id=grant_id,
        cause_source=origin.source,
        cause_event=origin.event_id,
        programme=terms.id,
        programme_version=terms.version,
        occurred_at=origin.occurred_at,
        booked_at=now,
        evidence=sha256(decision + b"\0" + earning.body).digest(),
    )
    account = books.grant(owned.account_id, grant, stamp, earning.cause)
    messages = [rewards.granted(account, grant, stamp, owner=owned.owner, origin=origin, explanation=explanation)]
    if account.balance.debt:
        messages += pay(books, owned.account_id, stamp, owner=owned.owner, origin=origin)
    return grant_id, messages


def outcome_of(decided: Decided) -> Outcome:
    """Return the verdict of an accepted event."""
    if decided.grant_id is not None:
        return GRANTED
    return NOTHING_EARNED if (decided.verdict, decided.reason) == _PLAINLY_NOTHING else Outcome(Verdict(decided.verdict), decided.reason)


def kept(earning: Earning, grant_id: UUID | None, verdict: Verdict, reason: str | None, decision: bytes) -> Decided:
    """Return what is to be kept of an accepted event."""
    return Decided(
        earning.cause.key,
        earning.cause.revision or 1,
        earning.event_key,
        earning.programme.terms.id,
        earning.programme.terms.version,
        None if earning.owned is None else earning.owned.account_id,
        grant_id,
        verdict,
        reason,
        earning.origin.occurred_at,
        earning.body,
        decision,
        earning.receipt_key,
        None if earning.exchanged is None else decided_as(earning.exchanged),
    )


def _sole_reason(explanation: Explanation) -> str | None:
    """Return why nothing was earned, where one reason says it all; the explanation has the rest."""
    reasons = {silent.reason for silent in explanation.not_given}
    return reasons.pop() if len(reasons) == 1 else None
