"""Points are turned into a reward of the catalogue: paid, counted and given in one transaction, or not at all."""

from datetime import datetime

from accrual.domain.accounts import AccountState
from accrual.domain.amounts import written
from accrual.domain.programme import Programme
from accrual.domain.rewards.catalogue import Issue
from accrual.domain.rewards.entitlements import Denied, Entitlement, Way
from accrual.domain.spending.rules import frozen_until
from accrual.handlers.books import Books
from accrual.handlers.entitlements import issue_id
from accrual.handlers.holds import CLOSED, TOO_NEW
from accrual.handlers.rewarding import Desk, count, counted, locked_account
from accrual.handlers.spending import Spending, step_of
from accrual.store import holders, ledger
from accrual.store.holders import Wanted
from shared.outbox import Message, enqueue

INSUFFICIENT = "insufficient-balance"


async def redeem(desk: Desk, wanted: Wanted, reward_id: str) -> Entitlement | Denied:
    """Give a holder a reward for its cost in points. What is paid beside the points in money, a till takes."""
    programme = desk.programmes.in_force(wanted.programme, at=desk.now)
    reward = None if programme is None else programme.rewards.get(reward_id)
    if programme is None or reward is None:
        return Denied("unknown-reward", "the programme has no such reward")
    if reward.cost is None:
        return Denied("not-for-points", "it is earned, and cannot be had for points")
    account_id = await locked_account(desk.connection, wanted)
    if account_id is None:
        return Denied("unknown-holder", "nobody has earned or registered under this holder")
    rewards = programme.rewards
    state, tally = await counted(desk, account_id, programme, [reward_id])
    denied = rewards.not_for_sale(reward, state, at=desk.now) or _not_now(programme, state, now=desk.now)
    if denied is not None:
        return denied
    lots = {lot.id: lot for lot in (await ledger.open_lots_of(desk.connection, [account_id])).get(account_id, ())}
    books, messages = await Books.open(desk.connection, [account_id], lots=lots), list[Message]()
    owners = await holders.owners(desk.connection, [account_id])
    spending = Spending(books, owners, messages, now=desk.now, oldest_first=desk.programmes.oldest_first(at=desk.now))
    missing = rewards.short(reward, available=spending.usable(account_id))
    if missing:
        return Denied(INSUFFICIENT, f"{written(missing, programme.terms.decimals)} points are missing")
    id_ = issue_id(f"{desk.origin.source}/{desk.origin.event_id}")
    spending.spend(account_id, reward.cost, desk.origin, step_of(f"{id_}/bought", desk.now))
    given = rewards.issue(reward, Issue(id_, account_id, Way.POINTS, reward.id, desk.now, cost=reward.cost))
    messages += books.entitlements.issue(given, owner=owners[account_id].holder, origin=desk.origin, now=desk.now, choice=reward.choice)
    await count(desk, rewards, reward, (state, tally), given)
    await tally.save(desk.connection)
    await spending.save(desk.connection)
    await books.save(desk.connection, now=desk.now)
    await enqueue(desk.connection, messages)
    books.count()
    return given


def _not_now(programme: Programme, state: AccountState, *, now: datetime) -> Denied | None:
    """Tell why points cannot be used now, as at a till: their owner has just joined, or the programme's time for spending is over."""
    frozen, ends = frozen_until(programme, state.profile), programme.terms.spends_until
    if frozen is not None and frozen > now:
        return Denied(TOO_NEW, "points of a new member can be used some time after registering")
    return Denied(CLOSED, f"points could be used until {ends:%Y-%m-%d %H:%M} UTC") if ends is not None and ends <= now else None
