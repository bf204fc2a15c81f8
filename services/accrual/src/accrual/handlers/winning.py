"""Gives the prizes of a draw: the winning tickets are used, stock and limits count what was won."""

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

from accrual.domain.programme import Programme
from accrual.domain.rewards.catalogue import Issue, Reward
from accrual.domain.rewards.entitlements import Entitlement, State, StepName, Way, use
from accrual.domain.rewards.raffles import closing_key
from accrual.handlers.entitlements import Entitlements, Handover, issue_id
from accrual.handlers.rewarding import Desk
from accrual.handlers.tally import Holding, Tally
from accrual.store import accounts, holders, shared
from accrual.store import entitlements as store
from accrual.store.raffles import Promise
from shared.batches import Repeat
from shared.ids import event_key
from shared.outbox import Message, enqueue

_HANDED_BY = Handover("raffle")


async def give_prizes(desk: Desk, programme: Programme, promise: Promise, winners: Mapping[UUID, str], owners: Mapping[UUID, UUID]) -> None:
    """Use the winning tickets and give the prizes, each at the cost of what was put aside. Raises Repeat where a ticket was taken back or moved meanwhile.

    A prize is given whatever a limit says, as it was promised to whoever wins; the limit counts it for what the winner asks for later.
    """
    if not await accounts.lock(desk.connection, set(owners.values())):
        raise Repeat("an account moved before it was locked")
    tickets, rewards = await store.by_ids(desk.connection, winners), programme.rewards
    prizes = {id_: reward for id_, name in winners.items() if (reward := rewards.get(name)) is not None}
    tally = await _freed(desk, programme, promise)
    book, messages, names = Entitlements(tickets.values()), list[Message](), await holders.owners(desk.connection, set(owners.values()))
    for id_, reward in prizes.items():
        owner, ticket = names[owners[id_]].holder, tickets[id_]
        late = ticket.state is State.EXPIRED  # since it was good when its raffle closed: it wins, and has ended
        after = ticket if late else use(ticket, purpose=ticket.reserved_for, at=promise.closes_at)
        if not isinstance(after, Entitlement) or ticket.account_id != owners[id_]:
            raise Repeat("a ticket was taken back before it was drawn")
        prize_id = issue_id(f"raffle/{promise.programme}/{promise.raffle}/{id_}")
        prize = rewards.issue(reward, Issue(prize_id, ticket.account_id, Way.PRIZE, promise.raffle, desk.now))
        messages += book.change(after, StepName.USED, owner=owner, origin=desk.origin, now=desk.now, handover=_HANDED_BY)
        messages += book.issue(prize, owner=owner, origin=desk.origin, now=desk.now, choice=reward.choice)
        if reward.stock is not None:
            tally.hold(promise.programme, {reward.stock_key: 1}, Holding(prize_id.bytes, _event(desk)))
    await _count(desk, programme, {id_: (owners[id_], reward) for id_, reward in prizes.items()})
    await tally.save(desk.connection)
    await book.save(desk.connection, now=desk.now)
    await enqueue(desk.connection, messages)


async def _freed(desk: Desk, programme: Programme, promise: Promise) -> Tally:
    """Lock what was put aside for the prizes, and let the raffle hold nothing but that it is closed."""
    held = await shared.used(desk.connection, [promise.id.bytes])
    tally = await Tally.open(desk.connection, await shared.lock(desk.connection, held.get(promise.id.bytes, ())), causes=[promise.id.bytes])
    tally.hold(programme.terms.id, {closing_key(promise.raffle): 1}, Holding(promise.id.bytes, _event(desk)))
    return tally


async def _count(desk: Desk, programme: Programme, won: Mapping[UUID, tuple[UUID, Reward]]) -> None:
    """Count each prize for its winner, where the reward has a limit."""
    more = Counter((account_id, key) for account_id, reward in won.values() for key in programme.rewards.counters([reward.id], at=desk.now))
    values = await accounts.counters(desk.connection, more)
    counted = {(account_id, key): values.get(account_id, {}).get(key, 0) + times for (account_id, key), times in more.items()}
    await accounts.count(desk.connection, counted.items())


def _event(desk: Desk) -> bytes:
    return event_key(desk.origin.source, desk.origin.event_id)
