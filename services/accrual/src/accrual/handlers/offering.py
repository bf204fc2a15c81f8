"""Personal offers: made to whoever is asked about, at most one live of a kind, within its budget."""

from collections.abc import Sequence
from uuid import UUID

from accrual.domain.accounts import CounterKey
from accrual.domain.document.rewards import Offer
from accrual.domain.facts import Purchase
from accrual.domain.programme import Programme
from accrual.domain.returns import left_of
from accrual.domain.rewards.catalogue import Issue
from accrual.domain.rewards.entitlements import Denied, Entitlement, Way
from accrual.domain.rewards.offers import habit
from accrual.handlers import pasts
from accrual.handlers.entitlements import Entitlements, issue_id
from accrual.handlers.rewarding import Desk, count, counted, locked_account
from accrual.handlers.tally import Holding
from accrual.store import entitlements as store
from accrual.store import holders, returns
from accrual.store.holders import Wanted
from shared.ids import event_key
from shared.outbox import Message, enqueue

#: Habits are looked for among so many newest purchases.
MOST_PURCHASES = 100


async def offer(desk: Desk, wanted: Wanted) -> list[Entitlement] | Denied:
    """Make somebody the offers that the programme's rules find, beside those that are live, and return the new ones."""
    programme = desk.programmes.in_force(wanted.programme, at=desk.now)
    if programme is None:
        return Denied("unknown-programme", "no such programme is in force")
    account_id = await locked_account(desk.connection, wanted)
    if account_id is None:
        return Denied("unknown-holder", "nobody has earned or registered under this holder")
    live = await store.live_offers(desk.connection, account_id, at=desk.now)
    kinds = [each for each in programme.rewards.offers if each.id not in live]
    if not kinds:
        return []
    kept = await _kept(desk, account_id)
    found = [(kind, goods.sku) for kind in kinds if (goods := habit(kind, kept, at=desk.now)) is not None]
    return await _made(desk, programme, account_id, found)


async def _kept(desk: Desk, account_id: UUID) -> list[tuple[Purchase, frozenset[str]]]:
    """Read somebody's newest purchases, with the lines that did not come back."""
    keys = await returns.bought(desk.connection, account_id, until=desk.now, limit=MOST_PURCHASES)
    bought, _ = await pasts.load(desk.connection, keys, desk.programmes)
    return [(past.purchase, frozenset(left_of(past.purchase, past.returned).lines)) for past in bought if not past.cancelled]


async def _made(desk: Desk, programme: Programme, account_id: UUID, found: Sequence[tuple[Offer, str]]) -> list[Entitlement]:
    rewards, made, messages = programme.rewards, list[Entitlement](), list[Message]()
    budgets = [budget_key(kind) for kind, _ in found if kind.budget is not None]
    owner = (await holders.owners(desk.connection, [account_id]))[account_id].holder
    state, tally = await counted(desk, account_id, programme, [kind.reward for kind, _ in found], also=budgets)
    book = Entitlements()
    for kind, sku in found:
        reward = rewards.get(kind.reward)
        spent = state.shared.get(budget_key(kind), 0)  # each kind has a budget of its own
        if reward is None or rewards.denied(reward, state, at=desk.now) is not None or (kind.budget is not None and spent >= kind.budget):
            continue
        id_ = issue_id(f"{desk.origin.source}/{desk.origin.event_id}/{kind.id}")
        offered = rewards.issue(reward, Issue(id_, account_id, Way.OFFER, kind.id, desk.now, goods=sku))
        messages += book.issue(offered, owner=owner, origin=desk.origin, now=desk.now)
        if kind.budget is not None:
            holding = Holding(id_.bytes, event_key(desk.origin.source, desk.origin.event_id))
            tally.raise_to(rewards.programme, [(budget_key(kind), spent + 1)], holding)
        state = await count(desk, rewards, reward, (state, tally), offered)
        made.append(offered)
    await tally.save(desk.connection)
    await book.save(desk.connection, now=desk.now)
    await enqueue(desk.connection, messages)
    return made


def budget_key(kind: Offer) -> CounterKey:
    """Name how many offers of a kind were made to all members together."""
    return CounterKey(f"offer/{kind.id}", "grants")
