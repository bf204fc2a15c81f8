"""From entitlements and catalogues to what is answered."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from accrual.domain import lots as ledger
from accrual.domain.accounts import AccountState
from accrual.domain.programmes import Programmes
from accrual.domain.rewards.catalogue import Reward, Rewards
from accrual.domain.rewards.entitlements import Entitlement, Way, as_of
from accrual.domain.rewards.offers import reason
from accrual.handlers.rewarding import with_level
from accrual.store import Connection, accounts, reading, shared
from accrual.store import entitlements as store
from accrual.store.shared import SharedKey
from contracts import entitled
from shared.problems import Problem

#: So many of an account's entitlements are shown, the newest first.
MOST_SHOWN = 500


async def rewards_of(connection: Connection, programmes: Programmes, holder: str, *, ended: bool, now: datetime) -> entitled.Rewards:
    """Show what a holder has and could have in every programme, as it counts at a moment. Raises the Problem `unknown-holder`."""
    found = await reading.holdings(connection, holder)
    if not found.accounts:
        raise Problem(404, "unknown-holder", "This holder has no account")
    shown = []
    for account in found.accounts:
        programme = programmes.in_force(account.programme, at=now) or programmes.latest(account.programme)
        if programme is None:
            continue
        entitlements = await store.of_account(connection, account.account_id, ended=ended, limit=MOST_SHOWN)
        if entitlements or programme.rewards:
            stranger = await _state(connection, programme.rewards, account.account_id, now=now)
            state = await with_level(connection, programmes, programme, account.account_id, stranger, at=now)
            used = await _used(connection, programme.rewards, account.account_id, now=now)
            counted = [as_of(each, at=now) for each in entitlements]
            available = ledger.balance_of(found.lots.get(account.account_id, ()), at=now).available
            shown.append(
                entitled.ProgrammeRewards(
                    programme=account.programme,
                    entitlements=tuple(entitlement_of(each, programmes, at=now) for each in counted if ended or not each.ended),
                    privileges=_privileges(programme.rewards, state, used, at=now),
                    catalogue=_catalogue(programme.rewards, state, available=available, at=now),
                )
            )
    return entitled.Rewards(holder=found.accounts[0].owner, programmes=tuple(shown), as_of=now)


async def _state(connection: Connection, rewards: Rewards, account_id: UUID, *, now: datetime) -> AccountState:
    """Read what the catalogue asks about an account. Nothing is locked, so a moment later it may be otherwise."""
    names = [reward.id for reward in rewards.all()]
    keys = rewards.shared(names, at=now)
    values = await shared.values(connection, [SharedKey(rewards.programme, *key) for key in keys])
    counters = await accounts.counters(connection, [(account_id, key) for key in rewards.counters(names, at=now)])
    state = (await accounts.load(connection, [account_id]))[account_id].state
    return state._replace(counters=counters.get(account_id, {}), shared={key: values[SharedKey(rewards.programme, *key)] for key in keys})


async def _used(connection: Connection, rewards: Rewards, account_id: UUID, *, now: datetime) -> dict[str, int]:
    """Tell how often each privilege was used in this period, with what was used on cards that were claimed."""
    opened = {name: await store.of_privilege(connection, account_id, name, at=now) for name in rewards.privileges}
    return {name: sum(each.used for each in found) for name, found in opened.items()}


def entitlement_of(entitlement: Entitlement, programmes: Programmes, *, at: datetime) -> entitled.Entitlement:
    """Show an entitlement as it counts at a moment."""
    each = as_of(entitlement, at=at)
    version = programmes.version(each.programme, each.programme_version)
    reward = None if version is None else version.rewards.get(each.reward)
    offer = None if version is None or each.way is not Way.OFFER else next((kind for kind in version.rewards.offers if kind.id == each.rule), None)
    privilege = None if version is None else version.rewards.privileges.get(each.reward)
    return entitled.Entitlement.model_validate(
        each._asdict()
        | {
            "entitlement_id": each.id,
            "name": reward.names if reward is not None else privilege.name if privilege is not None else {},
            "state": each.state.value,
            "way": each.way.value,
            "uses_left": each.uses - each.used,
            "points": each.cost,
            "percent": None if reward is None or reward.percent is None else format(reward.percent.normalize(), "f"),
            "amount": {} if reward is None else reward.amount,
            "reason": None if offer is None else reason(offer),
            "choice": () if reward is None or each.kind != "choice" else reward.choice,
        }
    )


def _catalogue(rewards: Rewards, state: AccountState, *, available: int, at: datetime) -> tuple[entitled.Available, ...]:
    """Show the rewards that can be had for points."""
    return tuple(available_of(rewards, reward, state, available=available, at=at) for reward in rewards.all() if reward.cost is not None)


def available_of(rewards: Rewards, reward: Reward, state: AccountState, *, available: int, at: datetime) -> entitled.Available:
    """Show a reward that can be had for points, and whether this account can have it now."""
    denied, missing = rewards.not_for_sale(reward, state, at=at), rewards.short(reward, available=available)
    reason = denied.reason if denied is not None else "insufficient-balance" if missing else None
    return entitled.Available(
        reward=reward.id,
        kind=reward.kind,
        name=dict(reward.names),
        points=reward.cost or 0,
        price=dict(reward.price),
        available=reason is None,
        reason=reason,
        missing=missing,
    )


def _privileges(rewards: Rewards, state: AccountState, used: Mapping[str, int], *, at: datetime) -> tuple[entitled.Privilege, ...]:
    """Show the privileges of the account's tier."""
    return tuple(
        entitled.Privilege(privilege=part.id, name=part.name, uses=part.uses, uses_left=max(part.uses - used[part.id], 0), until=rewards.ends(part, at=at))
        for part in rewards.privileges.values()
        if rewards.privileged(part, state) is None
    )
