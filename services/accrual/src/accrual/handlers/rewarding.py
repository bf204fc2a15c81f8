"""Commands about entitlements: choose, reserve, release, use, use a privilege. The caller owns the transaction and remembers the reply."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.document.rewards import Privilege
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.domain.rewards import entitlements as domain
from accrual.domain.rewards.catalogue import Issue, Reward, Rewards
from accrual.domain.rewards.entitlements import Denied, Entitlement, StepName, Way, read_code
from accrual.handlers.entitlements import NOBODY, Entitlements, Handover, issue_id
from accrual.handlers.rewards import Origin
from accrual.handlers.tally import Holding, Tally
from accrual.handlers.tiers import Levels
from accrual.store import Connection, accounts, holders, shared
from accrual.store import entitlements as store
from accrual.store.holders import Wanted
from accrual.store.shared import SharedKey
from shared.batches import Repeat
from shared.ids import event_key
from shared.outbox import Message, enqueue

#: What pays money out is for somebody else to confirm.
PAID_OUT = "cashback"


class Named(NamedTuple):
    """Which entitlement is meant, and whose it must be if that is said."""

    id: UUID | None = None
    code: str | None = None
    holder: str | None = None


class Desk(NamedTuple):
    """What a command stands on."""

    connection: Connection
    programmes: Programmes
    origin: Origin
    now: datetime

    def programme_of(self, entitlement: Entitlement) -> Programme:
        """Return the programme version whose catalogue an entitlement is from."""
        version = self.programmes.version(entitlement.programme, entitlement.programme_version)
        if version is None:
            raise LookupError(f"version {entitlement.programme_version} of {entitlement.programme} was published, and is not there")
        return version


UNKNOWN = Denied("unknown-entitlement", "there is no such entitlement")


async def reserve(desk: Desk, named: Named, *, purpose: str, seconds: int) -> Entitlement | Denied:
    """Keep an entitlement for one purpose."""
    found = await locked(desk.connection, named)
    if found is None:
        return UNKNOWN
    after = domain.reserve(found, purpose=purpose, until=desk.now + timedelta(seconds=seconds), at=desk.now)
    return after if isinstance(after, Denied) else await _taken(desk, found, after, StepName.RESERVED)


async def release(desk: Desk, named: Named, *, purpose: str | None) -> Entitlement | Denied:
    """Give a reservation back."""
    found = await locked(desk.connection, named)
    if found is None:
        return UNKNOWN
    after = domain.release(found, purpose=purpose)
    return after if isinstance(after, Denied) else await _taken(desk, found, after, StepName.RELEASED)


async def use(desk: Desk, named: Named, *, purpose: str | None, handover: Handover, pays_out: bool = False) -> Entitlement | Denied:
    """Use an entitlement once. Cashback is used by paying it out, and nothing else is."""
    found = await locked(desk.connection, named)
    if found is None:
        return UNKNOWN
    if (found.kind == PAID_OUT) != pays_out:
        return Denied("paid-out", "cashback is paid out by an operator") if found.kind == PAID_OUT else Denied("not-paid-out", "only cashback is paid out")
    denied = await _privilege_lost(desk, found) if found.way is Way.PRIVILEGE else None
    after = denied or domain.use(found, purpose=purpose, at=desk.now)
    return after if isinstance(after, Denied) else await _taken(desk, found, after, StepName.USED, handover=handover)


async def choose(desk: Desk, named: Named, *, reward: str) -> Entitlement | Denied:
    """Make an open choice, as far as there is some of what is chosen."""
    found = await locked(desk.connection, named)
    if found is None:
        return UNKNOWN
    programme = desk.programme_of(found)
    choice = programme.rewards.get(found.reward)
    if choice is None or reward not in choice.choice:
        return Denied("not-in-choice", f"{reward} is not among what may be chosen")
    return await _chosen(desk, found, programme, [reward], default=False)


async def choose_default(desk: Desk, found: Entitlement) -> Entitlement | Denied:
    """Choose for somebody who has not chosen in time: the default, or else the first of which there is some. The account must be locked."""
    programme = desk.programme_of(found)
    choice = programme.rewards.get(found.reward)
    options = [] if choice is None else [option.id for option in programme.rewards.options(choice)]
    return await _chosen(desk, found, programme, options, default=True)


async def use_privilege(desk: Desk, wanted: Wanted, privilege: str, *, handover: Handover) -> Entitlement | Denied:
    """Use a privilege of the tier that a holder has now once. The first use of a period opens an entitlement for all of them."""
    programme = desk.programmes.in_force(wanted.programme, at=desk.now)
    if programme is None or privilege not in programme.rewards.privileges:
        return Denied("unknown-privilege", "the programme has no such privilege")
    rewards, part = programme.rewards, programme.rewards.privileges[privilege]
    account_id = await locked_account(desk.connection, wanted)
    if account_id is None:
        return Denied("unknown-holder", "nobody has earned or registered under this holder")
    found = min(await store.of_privilege(desk.connection, account_id, privilege, at=desk.now), key=lambda opened: opened.ended, default=None)
    book = Entitlements([] if found is None else [found])
    owner = (await holders.owners(desk.connection, [account_id]))[account_id].holder
    messages = list[Message]()
    denied = await _no_privilege(desk, programme, part, account_id)
    if denied is not None:
        return denied
    if found is None:
        id_ = issue_id(f"{account_id}/{privilege}/{rewards.period(part, at=desk.now)}")
        found = rewards.opened(part, Issue(id_, account_id, Way.PRIVILEGE, privilege, desk.now))
        messages += book.issue(found, owner=owner, origin=desk.origin, now=desk.now)
    after = domain.use(found, purpose=None, at=desk.now)
    if isinstance(after, Denied):
        return after
    messages += book.change(after, StepName.USED, owner=owner, origin=desk.origin, now=desk.now, handover=handover)
    await book.save(desk.connection, now=desk.now)
    await enqueue(desk.connection, messages)
    return after


async def locked(connection: Connection, named: Named) -> Entitlement | None:
    """Find an entitlement and lock its account. Raises Repeat where it has just moved to another."""
    if named.id is not None:
        found = (await store.by_ids(connection, [named.id])).get(named.id)
    else:
        found = await store.by_code(connection, read_code(named.code or ""))
    if found is None:
        return None
    if named.holder is not None:
        where = (await holders.resolve(connection, [Wanted(named.holder, found.programme)]))[Wanted(named.holder, found.programme)]
        if where.account_id != found.account_id:
            return None
    await _lock(connection, found.account_id)
    again = (await store.by_ids(connection, [found.id]))[found.id]
    if again.account_id != found.account_id:
        raise Repeat("an entitlement moved before its account was locked")
    return again


async def locked_account(connection: Connection, wanted: Wanted) -> UUID | None:
    """Find a holder's account in a programme and lock it."""
    account_id = (await holders.resolve(connection, [wanted]))[wanted].account_id
    if account_id is not None:
        await _lock(connection, account_id)
    return account_id


async def with_level(
    connection: Connection, programmes: Programmes, programme: Programme, account_id: UUID, state: AccountState, *, at: datetime
) -> AccountState:
    """Return an account's state with the level that its holder has at a moment; as it is, where the programme has no levels."""
    if programme.ladder is None:
        return state
    levels = await Levels.open(connection, programmes, [account_id], of=[programme.terms.id])
    return state._replace(profile=state.profile._replace(tier=levels.at(account_id, programme, at)))


async def counted(desk: Desk, account_id: UUID, programme: Programme, wanted: Iterable[str], *, also: Iterable[CounterKey] = ()) -> tuple[AccountState, Tally]:
    """Lock what is counted of rewards for everybody, and `also` other counters, and read what the catalogue asks of a locked account."""
    connection, rewards, names = desk.connection, programme.rewards, list(wanted)
    keys = (*rewards.shared(names, at=desk.now), *also)
    tally = await Tally.open(connection, await shared.lock(connection, [SharedKey(rewards.programme, *key) for key in keys]))
    counters = await accounts.counters(connection, [(account_id, key) for key in rewards.counters(names, at=desk.now)])
    stranger = (await accounts.load(connection, [account_id]))[account_id].state
    state = await with_level(connection, desk.programmes, programme, account_id, stranger, at=desk.now)
    return state._replace(counters=counters.get(account_id, {}), shared=tally.values(rewards.programme, keys)), tally


async def count(desk: Desk, rewards: Rewards, reward: Reward, counters: tuple[AccountState, Tally], entitlement: Entitlement) -> AccountState:
    """Count that an entitlement was given of a reward: for its account, and in the tally of the stock, which it holds. Returns the state after it."""
    state, tally = counters
    own, common = rewards.taken(reward, state, at=desk.now)
    tally.raise_to(rewards.programme, common, Holding(entitlement.id.bytes, event_key(desk.origin.source, desk.origin.event_id)))
    await accounts.count(desk.connection, [((entitlement.account_id, key), value) for key, value in own])
    return state.after(own, purchases=state.purchases, shared=common)


async def _chosen(desk: Desk, found: Entitlement, programme: Programme, options: list[str], *, default: bool) -> Entitlement | Denied:
    rewards = programme.rewards
    state, tally = await counted(desk, found.account_id, programme, options)
    denied: Denied | None = Denied("nothing-to-choose", "nothing of what may be chosen is there")
    for option in options:
        reward = rewards.get(option)
        denied = denied if reward is None else rewards.denied(reward, state, at=desk.now)
        if reward is None or denied is not None:
            continue
        chosen = rewards.issue(reward, Issue(found.id, found.account_id, found.way, found.rule, desk.now))
        after = domain.choose(found, chosen, at=desk.now)
        if isinstance(after, Denied):
            return after
        await count(desk, rewards, reward, (state, tally), after)
        await tally.save(desk.connection)
        return await _taken(desk, found, after, StepName.CHOSEN)
    if default and (over := domain.lapse(found)) is not None:
        return await _taken(desk, found, over, StepName.EXPIRED)
    return denied or UNKNOWN


async def _no_privilege(desk: Desk, programme: Programme, privilege: Privilege, account_id: UUID) -> Denied | None:
    """Tell whether a locked account cannot use a privilege now: who falls in the middle of a period has lost what is left of it.

    What was used on a card counts for the member who claims it.
    """
    stranger = (await accounts.load(desk.connection, [account_id]))[account_id].state
    state = await with_level(desk.connection, desk.programmes, programme, account_id, stranger, at=desk.now)
    used = sum(each.used for each in await store.of_privilege(desk.connection, account_id, privilege.id, at=desk.now))
    return programme.rewards.privileged(privilege, state) or (domain.USED_UP if used >= privilege.uses else None)


async def _privilege_lost(desk: Desk, opened: Entitlement) -> Denied | None:
    """Tell the same of a privilege that was opened, by the version that opened it."""
    programme = desk.programme_of(opened)
    privilege = programme.rewards.privileges.get(opened.reward)
    return None if privilege is None else await _no_privilege(desk, programme, privilege, opened.account_id)


async def _taken(desk: Desk, before: Entitlement, after: Entitlement, name: StepName, *, handover: Handover = NOBODY) -> Entitlement:
    """Write one step, and say it."""
    book = Entitlements([before])
    owner = (await holders.owners(desk.connection, [before.account_id]))[before.account_id].holder
    messages = book.change(after, name, owner=owner, origin=desk.origin, now=desk.now, handover=handover)
    await book.save(desk.connection, now=desk.now)
    await enqueue(desk.connection, messages)
    return after


async def _lock(connection: Connection, account_id: UUID) -> None:
    if not await accounts.lock(connection, [account_id]):
        raise Repeat("an account moved before it was locked")
