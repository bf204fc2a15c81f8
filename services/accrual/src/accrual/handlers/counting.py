"""Locks what is counted for all accounts together, as far as the events of a batch may read or change it; and finds codes issued one by one."""

from collections.abc import Collection, Iterable, Sequence

from accrual.domain.budgets import code_of
from accrual.domain.facts import Fact
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.handlers import pasts
from accrual.handlers.loading import decided_as
from accrual.handlers.pasts import Pasts
from accrual.handlers.receipts import Receipt
from accrual.handlers.surroundings import NOTHING_COMMON, Common, Issued
from accrual.store import Connection, coupons, holders, shared
from accrual.store.holders import Wanted
from accrual.store.shared import SharedKey

Decided = tuple[Programme, Fact]


async def lock_common(connection: Connection, decided: Iterable[Decided], *, held: Iterable[SharedKey] = ()) -> Common:
    """Lock the counters that deciding these facts asks for, and others besides. The accounts must be locked."""
    held = list(held)
    asked = [(programme.terms.id, key) for programme, fact in decided for key in programme.shared(fact)] + [(key.programme, key.counter) for key in held]
    codes = await _issued(connection, {(programme, code) for programme, key in asked if (code := code_of(key)) is not None})
    wanted = {SharedKey(programme, *key) for programme, key in asked if (code := code_of(key)) is None or (programme, code) in codes}
    locked = await shared.lock(connection, wanted.union(held))
    return Common(locked, codes) if locked else NOTHING_COMMON


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
    used = await shared.used(connection, followed)
    return await lock_common(connection, decided, held=(key for keys in used.values() for key in keys))


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
