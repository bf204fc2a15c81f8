"""Whether a discount applies at all: to this place and time, these goods, and whoever buys them."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from accrual.domain.accounts import AccountState
from accrual.domain.coupons import NONE_USABLE, Usable
from accrual.domain.demands import Asked
from accrual.domain.facts import Purchase
from accrual.domain.gates import REMEMBERED, SHUT, Gates
from accrual.domain.pricing.discounts import CompiledDiscount, NotTaken

_PIECE = 1000


class Visit(NamedTuple):
    """Who stands at the till, and when it is there."""

    local: datetime
    state: AccountState = AccountState()
    known: bool = True  #: an identifier was shown
    coupons: Usable = NONE_USABLE  #: which of the coupons presented are good


class Met(NamedTuple):
    """The discounts that a receipt meets as far as goods, place and time go, each with its bit; and why the others give nothing."""

    discounts: tuple[tuple[int, CompiledDiscount], ...]
    silent: tuple[NotTaken, ...]


class DiscountSet:
    """Discounts in the order in which they are asked. Each has a bit; the goods that some ask for besides have theirs after those."""

    def __init__(self, discounts: Sequence[CompiledDiscount]) -> None:
        """Take compiled discounts of one currency."""
        beside = [discount.wanted.also for discount in discounts if discount.wanted.also is not None]
        bits = iter(range(len(discounts), len(discounts) + len(beside)))
        self._discounts = tuple((1 << place, discount, 0 if discount.wanted.also is None else 1 << next(bits)) for place, discount in enumerate(discounts))
        own = [(each.conditions,) if each.campaign is None else (each.conditions, each.campaign) for each in discounts]
        self._gates = Gates([*own, *((condition,) for condition in beside)])
        self._met = lru_cache(REMEMBERED)(self._met_discounts)

    def met(self, purchase: Purchase, local: datetime) -> tuple[list[int], Met]:
        """Return for each line whose goods it is among, and which discounts the receipt as a whole meets."""
        masks, touched = self._gates.line_masks(purchase.lines), 0
        for mask in masks:
            touched |= mask
        return masks, self._met(*self._gates.opened(purchase.store, purchase.channel, purchase.merchant, local), touched)

    def _met_discounts(self, *masks: int) -> Met:
        met: list[tuple[int, CompiledDiscount]] = []
        silent: list[NotTaken] = []
        for bit, discount, also in self._discounts:
            closed = discount.shut or next((gate for gate, mask in zip(SHUT, masks, strict=True) if not mask & bit), None)
            if closed is None and also and not masks[-1] & also:
                closed = "other-goods-missing"
            if closed is None:
                met.append((bit, discount))
            else:
                silent.append(discount.refusals[closed])
        return Met(tuple(met), tuple(silent))


def unmet(discount: CompiledDiscount, places: Sequence[int], purchase: Purchase, visit: Visit) -> NotTaken | None:
    """Say what else a discount asks for that is missing: money in all, pieces of its goods, and of whoever buys."""
    wanted, lines = discount.wanted, purchase.lines
    if wanted.minimum is not None and sum([line.paid_amount for line in lines]) < wanted.minimum:
        return discount.refusals["below-minimum"]
    if wanted.quantity is not None and sum([lines[place].quantity for place in places]) < wanted.quantity:
        return discount.refusals["too-few-items"]
    if wanted.pieces and sum([lines[place].quantity // _PIECE for place in places]) < wanted.pieces:
        return discount.refusals["too-few-items"]
    if wanted.first_purchase and (visit.state.purchases or not visit.known):
        return discount.refusals["not-first-purchase"]
    if not wanted.demands:
        return None
    asked = Asked(visit.state.profile, visit.local.date(), None, purchase.payments, visit.coupons)
    refusal = next((refusal for demand in wanted.demands if (refusal := demand(discount.id, asked)) is not None), None)
    return None if refusal is None else NotTaken(*refusal)
