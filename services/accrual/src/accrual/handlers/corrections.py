"""A purchase told anew with a higher revision: the difference is booked, and history stays."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from accrual.domain.accounts import AccountState
from accrual.domain.corrections import counting, earned_anew, raised, was_first
from accrual.domain.decisions import Decision, Grant, Reason, Refusal
from accrual.domain.exchanges import told
from accrual.domain.facts import Purchase
from accrual.domain.given import given_of
from accrual.domain.keeping import NOTHING, Kept, keep, undone
from accrual.domain.returns import Returned
from accrual.domain.usage import coupons_in, less_of, without_uses
from accrual.handlers.books import Books
from accrual.handlers.earning import Earning, give, kept
from accrual.handlers.explanations import explanation_json
from accrual.handlers.pasts import Past
from accrual.handlers.reversals import Reversals, Why
from accrual.handlers.tally import Holding
from accrual.handlers.undoing import give_anew, lasting, take_back, with_rewards, without_rewards
from accrual.handlers.usage import give_back, hold_anew
from accrual.store.causes import Decided
from contracts.verdicts import Verdict
from shared.outbox import Message

NO_DIFFERENCE, NOTHING_TO_TAKE, GIVEN_BEFORE = "no-difference", "nothing-to-take", "given-before"
_OTHER = Refusal(Reason.CORRECTION_OF_HOLDER, "a correction changes neither whose a purchase is nor its programme")
_CANCELLED = Refusal(Reason.PURCHASE_CANCELLED, "the purchase was cancelled")
_NOTHING_RETURNED = Returned()


@dataclass(frozen=True, slots=True)
class Corrected:
    """What is to be kept of a correction, what is to be said, and the purchase as it is now."""

    decided: Decided
    messages: list[Message]
    past: Past


def correct(books: Books, reversals: Reversals, past: Past, earning: Earning, *, now: datetime) -> Corrected | Refusal:
    """Decide a purchase anew, with what it had counted undone and with what came back of it so far; book the difference."""
    account_id = None if earning.owned is None else earning.owned.account_id
    if account_id != past.account_id or earning.programme.terms.id != past.programme.terms.id:
        return _OTHER
    if past.cancelled:
        return _CANCELLED
    before = past.kept()
    books.levels.take_out(past)
    decision, state = _decide(books, earning, past, before)
    if isinstance(decision, Refusal):
        books.levels.put_in(past)
        return decision
    programme, purchase = earning.programme.deciding(decision.version), cast("Purchase", earning.fact)
    earning = replace(earning, programme=programme)
    after = replace(past, revision=earning.cause.revision or 1, programme=programme, purchase=purchase, given=given_of(decision.explanation))
    after = replace(after, happened_at=earning.origin.occurred_at)
    kept_now = after.kept()
    books.levels.put_in(after)
    books.scores.recount(past, after)
    if account_id is not None:
        whole = keep(programme, purchase, after.given, _NOTHING_RETURNED)
        state, _ = undone(state, whole, kept_now)
        counted = books.state(account_id).counters
        books.remember(account_id, state, [(key, value) for key, value in state.counters.items() if value != counted.get(key, 0)])
        hold_anew(books, past, programme, decision.effects.shared, Holding(past.key, earning.event_key))
        give_back(books, after, less_of(whole, kept_now), Holding(past.key, earning.event_key), stands=kept_now.stands)
        reversals.messages += _rewards(books, after, earning, decision, kept_now, now=now)
    decided = decision, explanation_json(decision.explanation)
    return _booked(books, reversals, earning, decided, after, (before, kept_now), now=now)


def _rewards(books: Books, past: Past, earning: Earning, decision: Decision, kept: Kept, *, now: datetime) -> list[Message]:
    """Give and take back the rewards that are not points, as the new revision says."""
    owner = None if earning.owned is None else earning.owned.owner
    due = () if isinstance(decision, Refusal) else decision.effects.rewards
    if kept.stands:
        return give_anew(books, past, due, owner=owner, origin=earning.origin, now=now)
    return take_back(books, past, kept, Holding(past.key, earning.event_key), owner=owner, origin=earning.origin, now=now)


def _decide(books: Books, earning: Earning, past: Past, before: Kept) -> tuple[Decision, AccountState]:
    """Decide with the counters of the former revision undone. Once it came back, a purchase is no longer anybody's first.

    Rewards that were used and are given no more stay counted: it is decided again beside them.
    """
    state = AccountState()
    if earning.owned is not None:
        state, _ = undone(books.state_for(earning.owned.account_id, earning.programme, earning.fact, without=past.key), before, NOTHING)
        state = without_rewards(state, books, past)
        if earning.programme.fraud is not None:
            day = earning.programme.day_of(earning.fact)
            state = earning.programme.fraud.lifted(earning.fact, day, state, passed=bool(past.given.points))
        state, _ = without_uses(state, coupons_in(books.tally.used(past.key), books.coupons_of(earning.programme.terms.id)))
    first = before.stands and was_first(past.programme, past.purchase, past.given)
    decision, after = earned_anew(earning.programme, earning.fact, state, first=first)
    if stays := lasting(books, past, decision):
        beside = with_rewards(state, books, past, stays)
        decision, after = earned_anew(earning.programme, earning.fact, beside, first=first)
        decision = counting(decision, beside, since=state)
    state = after
    if earning.programme.fraud is not None and earning.owned is not None:
        day = earning.programme.day_of(earning.fact)
        state = earning.programme.fraud.as_counted(earning.fact, day, state, books.state(earning.owned.account_id))
    return (decision if earning.exchanged is None else told(decision, earning.exchanged)), state


def _booked(
    books: Books, reversals: Reversals, earning: Earning, decided: tuple[Decision, bytes], past: Past, points: tuple[Kept, Kept], *, now: datetime
) -> Corrected:
    """Grant what is kept beyond what the member had for it before, or take what is kept less."""
    (decision, written), (before, after) = decided, points
    messages: list[Message] = []
    grant_id, verdict = None, Verdict.APPLIED
    reason: str | None = _reason(before.points, after.points)
    had = past.due(after).had
    if after.points > had and earning.owned is not None and isinstance(decision, Grant):
        grant = raised(decision, after, before=had, digits=earning.programme.terms.decimals)
        if past.confirmed and grant.confirmable:
            grant = grant._replace(usable_from=min(grant.usable_from, now))
        grant_id, messages = give(books, earning, earning.owned, grant, (explanation_json(grant.explanation), written), now=now)
        verdict, reason = Verdict.GRANTED, None
        past = replace(past, grants=(*past.grants, grant_id), granted=past.granted + grant.points)
    reversals.restore(past, earning.origin)
    taken = reversals.reverse(past, after, _NOTHING_RETURNED, Why("correction", earning.origin, earning.event_key, earning.body))
    if taken.reversal.points > 0:
        verdict, reason = Verdict.REVERSED, None
    if earning.owned is not None:
        messages += books.levels.tell(earning.owned.account_id, earning.owned.owner, earning.origin, now=now)
    return Corrected(kept(earning, grant_id, verdict, reason, written), messages, taken.purchase)


def _reason(before: int, after: int) -> str:
    """Say why a correction moves no points, for the case that it moves none."""
    if after == before:
        return NO_DIFFERENCE
    return NOTHING_TO_TAKE if after < before else GIVEN_BEFORE
