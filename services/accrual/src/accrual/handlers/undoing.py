"""What becomes of the rewards that rules gave for a purchase, when goods come back or it is corrected."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.decisions import Decision, Refusal, RewardDue
from accrual.domain.keeping import Kept
from accrual.domain.returns import is_empty
from accrual.domain.rewards.entitlements import Entitlement, State, Way
from accrual.domain.rewards.giving import surprise_key, without
from accrual.handlers.books import Books
from accrual.handlers.pasts import Past
from accrual.handlers.rewards import Origin
from accrual.handlers.tally import Holding
from shared.ids import event_key
from shared.outbox import Message


def without_rewards(state: AccountState, books: Books, past: Past) -> AccountState:
    """Return an account's state as if a purchase had brought it no rewards: what limits count of them is taken off; not what was chosen later."""
    given = [each for each in books.entitlements.of_cause(past.key) if each.state is not State.REVERSED and each.chosen_at is None]
    tickets = Counter(each.reward for each in given if each.kind == "ticket")
    return past.programme.rewards.had(tickets, without(state, _counted(past, given))[0], at=past.happened_at)


def lasting(books: Books, past: Past, decision: Decision) -> list[Entitlement]:
    """Return what is used or over of what a purchase brought and a new decision does not bring: it stays given, and is counted."""
    still = books.entitlements.due_ids(past.key, () if isinstance(decision, Refusal) else decision.effects.rewards)
    return [each for each in books.entitlements.of_cause(past.key) if each.ended and each.state is not State.REVERSED and each.id not in still]


def with_rewards(state: AccountState, books: Books, past: Past, given: Iterable[Entitlement]) -> AccountState:
    """Return an account's state with rewards of a purchase counted again that `without_rewards` took off."""
    wanted = list(given)
    counters = tuple((key, state.counters.get(key, 0) + amount) for key, amount in _counted(past, [each for each in wanted if each.chosen_at is None]))
    shared = tuple((key, state.shared.get(key, 0) + amount) for key, amount in _held(books, past, wanted))
    return state.after(counters, purchases=state.purchases, shared=shared)


def take_back(books: Books, past: Past, kept: Kept, holding: Holding, *, owner: str | None, origin: Origin, now: datetime) -> list[Message]:
    """Take back what was given for what a purchase no longer keeps, where the programme does not let it be kept; there is more of it again.

    What its rules still give is kept; so is a surprise, while anything of the purchase is left. One that is taken back is there for somebody else
    again, in its budget too; one that was used stays counted.
    """
    rewards, still = past.programme.rewards, books.entitlements.due_ids(past.key, kept.rewards)
    given = [each for each in books.entitlements.of_cause(past.key) if not (kept.stands and each.way is Way.SURPRISE)]
    wanted = [each for each in given if each.id not in still and not each.ended and not rewards.keeps(each)]
    if not wanted or past.account_id is None:
        return []
    held = dict(books.tally.used(past.key))
    for each in wanted:
        reward = rewards.get(each.reward)
        freed = _freed(books, each, holding.event_key)
        stock = [] if reward is None or freed else [reward.stock_key]
        for key in [*stock, *([surprise_key(each.rule)] if each.way is Way.SURPRISE else [])]:
            if held.get(key, 0) > 0:
                held[key] -= 1
    books.tally.hold(past.programme.terms.id, {key: amount for key, amount in held.items() if amount}, holding)
    books.remember(past.account_id, *without(books.state(past.account_id), _counted(past, wanted)))
    return books.entitlements.take_back(wanted, owner=owner, origin=origin, now=now)


def give_anew(books: Books, past: Past, due: Iterable[RewardDue], *, owner: str | None, origin: Origin, now: datetime) -> list[Message]:
    """Give what a corrected purchase gives and did not give before, and take back what it no longer gives. Limits and stock count it already.

    What a correction took back another gives again, as long as nothing of the purchase came back. Afterwards it is gone, and counted no longer.
    """
    wanted, rewards = list(due), past.programme.rewards
    if past.account_id is None:
        return []
    still, again = books.entitlements.due_ids(past.key, wanted), is_empty(past.returned)
    if not again and (gone := books.entitlements.taken_back(past.key, wanted)):
        _count_less(books, past, past.account_id, gone, origin)
    surplus = [each for each in books.entitlements.of_cause(past.key) if each.id not in still]
    live = [each for each in surplus if not each.ended]
    for each in live:
        _freed(books, each, event_key(origin.source, origin.event_id))
    books.remember(past.account_id, *without(books.state(past.account_id), _counted(past, [each for each in live if each.chosen_at is not None])))
    messages = books.entitlements.take_back(surplus, owner=owner, origin=origin, now=now)
    return messages + books.entitlements.issue_due(
        rewards, wanted, account_id=past.account_id, owner=owner, cause=past.key, origin=origin, now=now, again=again
    )


def _count_less(books: Books, past: Past, account_id: UUID, gone: Iterable[RewardDue], origin: Origin) -> None:
    """Take off what a new decision counted of rewards that are not given again."""
    rewards, own, held = past.programme.rewards, Counter[CounterKey](), Counter(books.tally.used(past.key))
    for each in gone:
        reward = rewards.get(each.reward)
        if reward is not None:
            held.subtract(key for key in (reward.stock_key, surprise_key(each.rule)) if held[key] > 0)
            own.update(rewards.counters([each.reward], at=past.happened_at))
    books.tally.hold(past.programme.terms.id, +held, Holding(past.key, event_key(origin.source, origin.event_id)))
    books.remember(account_id, *without(books.state(account_id), tuple(own.items())))


def _freed(books: Books, entitlement: Entitlement, event: bytes) -> bool:
    """Give back the stock that a reward holds itself because it was chosen later, not by its purchase. Tells whether it held any."""
    holds_some = bool(books.tally.used(entitlement.id.bytes))
    if holds_some:
        books.tally.hold(entitlement.programme, {}, Holding(entitlement.id.bytes, event))
    return holds_some


def _counted(past: Past, entitlements: Iterable[Entitlement]) -> tuple[tuple[CounterKey, int], ...]:
    """Return how much limits count of these, of an account."""
    found = Counter(key for each in entitlements if (key := past.programme.rewards.counted_under(each)) is not None)
    return tuple(found.items())


def _held(books: Books, past: Past, entitlements: Iterable[Entitlement]) -> tuple[tuple[CounterKey, int], ...]:
    """Return how much these hold of stock and budgets under their purchase. What was chosen later holds its own."""
    wanted = [each for each in entitlements if not books.tally.used(each.id.bytes)]
    rewards = [reward for each in wanted if (reward := past.programme.rewards.get(each.reward)) is not None]
    found = Counter([reward.stock_key for reward in rewards] + [surprise_key(each.rule) for each in wanted if each.way is Way.SURPRISE])
    held = books.tally.used(past.key)
    return tuple((key, amount) for key, amount in found.items() if key in held)
