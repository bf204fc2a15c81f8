"""Locks what is counted for all accounts together, as far as the events of a batch may read or change it; and finds codes issued one by one."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from accrual.domain.accounts import AccountState
from accrual.domain.budgets import code_of
from accrual.domain.facts import Fact
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.handlers import pasts
from accrual.handlers.loading import decided_as
from accrual.handlers.pasts import Pasts
from accrual.handlers.receipts import Receipt
from accrual.handlers.surroundings import NOTHING_COMMON, Common, Issued, Surroundings
from accrual.handlers.tiers import Levels
from accrual.store import Connection, accounts, coupons, entitlements, holders, shared
from accrual.store.holders import Wanted
from accrual.store.shared import SharedKey

Decided = tuple[Programme, Fact]


async def lock_common(connection: Connection, decided: Iterable[Decided], *, held: Iterable[SharedKey] = ()) -> Common:
    """Lock the counters that deciding these facts asks for, and others besides. The accounts must be locked."""
    common = await _found(connection, decided, held)
    await shared.lock(connection, common.keys)
    return common


async def lock_for_purchases(connection: Connection, receipts: Sequence[Receipt], programmes: Programmes, *, followed: Collection[bytes]) -> Common:
    """Lock the counters of purchases, and of those that are corrected or followed: what they hold may be given back."""
    if not programmes.share:
        return NOTHING_COMMON
    decided: list[Decided] = []
    exchanged = {receipt.exchanged for receipt in receipts if receipt.exchanged is not None}
    before = Pasts((await pasts.load(connection, exchanged, programmes))[0]) if exchanged else Pasts()
    by_key = {receipt.key: receipt for receipt in receipts}
    for receipt in receipts:
        if receipt.wanted is not None and isinstance(receipt.programme, Programme):
            decided.append((receipt.programme, receipt.fact))
            if receipt.exchanged is not None and (as_of := decided_as(receipt, before, by_key)) is not None:
                decided.append(as_of)
    chosen = frozenset(id_.bytes for id_ in await entitlements.ids_of_causes(connection, followed)) if programmes.choose else frozenset()
    used = await shared.used(connection, {*followed, *chosen})
    common = await lock_common(connection, decided, held=(key for keys in used.values() for key in keys))
    return replace(common, chosen=chosen) if chosen else common


async def state_seen(connection: Connection, account_id: UUID | None, programmes: Programmes, programme: Programme, fact: Fact) -> AccountState:
    """Return the state in which an account would meet an event, for whoever only asks: nothing is locked. None: somebody never seen."""
    account_ids = [account_id] if account_id else []
    levels = await Levels.open(connection, programmes, account_ids, of=[programme.terms.id])
    around = await Surroundings.open(connection, await _found(connection, [(programme, fact)]), account_ids, [programme], levels=levels)
    if account_id is None:
        return around.complete(AccountState(), UUID(int=0), programme, fact)
    standing = (await accounts.load(connection, [account_id]))[account_id]
    counters = await accounts.counters(connection, [(account_id, key) for key in programme.counters(fact)])
    return around.complete(standing.state._replace(counters=counters.get(account_id, {})), account_id, programme, fact)


async def _found(connection: Connection, decided: Iterable[Decided], held: Iterable[SharedKey] = ()) -> Common:
    """Find which counters are asked for, and which codes were issued: of a code that never was, nothing is counted."""
    asked = {SharedKey(programme.terms.id, *key) for programme, fact in decided for key in programme.shared(fact)}.union(held)
    if not asked:
        return NOTHING_COMMON
    codes = await _issued(connection, {(key.programme, code) for key in asked if (code := code_of(key.counter)) is not None})
    return Common(frozenset(key for key in asked if (code := code_of(key.counter)) is None or (key.programme, code) in codes), codes)


async def _issued(connection: Connection, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Issued]:
    """Find codes that were issued one by one, and to which accounts the personal ones belong."""
    found = await coupons.find(connection, wanted)
    personal = [Wanted(code.holder, code.programme) for code in found.values() if code.holder is not None]
    owners = await holders.resolve(connection, personal) if personal else {}
    return {
        name: Issued(
            code.coupon, code.valid_until, code.holder is not None, None if code.holder is None else owners[Wanted(code.holder, code.programme)].account_id
        )
        for name, code in found.items()
    }
