"""Finds the rewards that somebody shows for a cart, and says what they do to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.domain.facts import Purchase
from accrual.domain.pricing.discounts import Priced
from accrual.domain.pricing.handing_in import NOT_FOR_CARTS, Done, Voucher, hand_in, voucher
from accrual.domain.programmes import Programmes
from accrual.domain.rewards.entitlements import Denied, Entitlement, read_code, reserve
from accrual.handlers.rewarding import UNKNOWN
from accrual.store import Connection, entitlements


class Presented(NamedTuple):
    """A reward as it was named, what it is, and what it takes off; or why it does nothing."""

    name: str
    entitlement: Entitlement | None
    names: Mapping[str, str]
    done: Done


async def find(connection: Connection, names: Sequence[str], account_id: UUID | None, programme: str) -> dict[str, Entitlement | None]:
    """Find rewards by ids or codes; None for one that is not this account's."""
    found: dict[str, Entitlement | None] = {}
    for name in dict.fromkeys(names):  # one or two
        each = await _named(connection, name)
        found[name] = each if each is not None and (each.account_id, each.programme) == (account_id, programme) else None
    return found


def present(
    found: Mapping[str, Entitlement | None], purchase: Purchase, priced: Priced, programmes: Programmes, *, now: datetime
) -> tuple[Priced, Purchase, tuple[Presented, ...]]:
    """Take rewards off a cart that was priced. One that is named twice counts once."""
    asked = {name: _voucher(each, purchase, programmes, now=now) for name, each in found.items()}
    handed = hand_in(purchase, priced, {each.code: each for each in asked.values() if isinstance(each, Voucher)}.values())
    presented, seen = list[Presented](), set[str]()
    for name, each in asked.items():
        if isinstance(each, Denied):
            presented.append(Presented(name, found[name], {}, Done(denied=each)))
        elif each.code not in seen:
            presented.append(Presented(name, found[name], each.names, handed.done[each.code]))
            seen.add(each.code)
    delivered = purchase._replace(delivery_amount=0, delivery_tax_amount=0) if handed.delivered else purchase
    return handed.priced, delivered, tuple(presented)


def _voucher(entitlement: Entitlement | None, purchase: Purchase, programmes: Programmes, *, now: datetime) -> Voucher | Denied:
    """Return what a reward is good for, if it can be reserved now."""
    if entitlement is None:
        return UNKNOWN
    kept = reserve(entitlement, purpose="", until=now, at=now)
    if isinstance(kept, Denied):
        return kept
    version = programmes.version(entitlement.programme, entitlement.programme_version)
    reward = None if version is None else next((each for each in version.document.rewards if each.id == entitlement.reward), None)
    return NOT_FOR_CARTS if reward is None else voucher(entitlement, reward, currency=purchase.currency)


async def _named(connection: Connection, name: str) -> Entitlement | None:
    try:
        id_ = UUID(name)
    except ValueError:
        return await entitlements.by_code(connection, read_code(name))
    return (await entitlements.by_ids(connection, [id_])).get(id_)
