"""Folds the ledger's events into what waits for guests."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from contracts import rewards, spending
from contracts.envelope import Event
from members.domain.waiting import Change, Waiting, fold
from members.store import Connection, waiting

_NOTHING_YET = Waiting()


def account_of(event: Event[rewards.Change]) -> waiting.Account:
    """Name the account that an event changed."""
    return event.data.holder, event.data.programme


async def apply(connection: Connection, events: Sequence[Event[rewards.Change]]) -> list[bool]:
    """Take these events in, in order; say of each whether it was newer than what was known."""
    known = await waiting.load(connection, {account_of(event) for event in events})
    positions = defaultdict(list)
    for position, event in enumerate(events):
        positions[account_of(event)].append(position)
    counted = [False] * len(events)
    changed = {}
    for account, places in positions.items():
        after, answers = fold(known.get(account, _NOTHING_YET), [_change_of(events[place].data) for place in places])
        for place, answer in zip(places, answers, strict=True):
            counted[place] = answer
        if any(answers):
            changed[account] = after
    await waiting.save(connection, changed)
    await waiting.replace_lots(connection, {account: after for account, after in changed.items() if _is_guest(account)})
    return counted


def _change_of(data: rewards.Change) -> Change:
    change = Change(version=data.account_version, pending=data.balance.pending, available=max(data.balance.available, 0))
    if data.holder.startswith("m:"):
        return change  # a member's lots are the ledger's to tell
    match data:
        case rewards.RewardGranted() | rewards.RewardActivated():
            return replace(change, opened={data.grant_id: data.expires_at})
        case spending.RewardReleased() | spending.RewardRestored():
            return replace(change, opened={lot.grant_id: lot.expires_at for lot in data.lots})
        case spending.RewardAdjusted(grant_id=UUID() as grant_id):
            return replace(change, opened={grant_id: data.expires_at})
        case rewards.RewardMoved(direction="out"):
            return replace(change, emptied=True)
    return replace(change, closed=_closed_by(data))


def _closed_by(data: rewards.Change) -> frozenset[UUID]:
    """Name the grants of which nothing is left."""
    match data:
        case rewards.RewardExpired():
            return frozenset([data.grant_id])
        case rewards.RewardReversed() | rewards.RewardDebtPaid() | spending.RewardHeld() | spending.RewardSpent() | spending.RewardAdjusted():
            return frozenset(lot.grant_id for lot in data.lots if lot.remaining == 0)
    return frozenset()


def _is_guest(account: waiting.Account) -> bool:
    return not account[0].startswith("m:")
