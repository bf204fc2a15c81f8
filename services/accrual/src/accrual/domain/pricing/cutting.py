"""How much one discount takes off the lines it is about, before stacking: never more than they cost."""

from collections.abc import Sequence
from math import lcm
from typing import Any, NamedTuple

from accrual.domain.amounts import rounded
from accrual.domain.pricing import wording
from accrual.domain.pricing.baskets import Basket
from accrual.domain.pricing.discounts import CompiledDiscount, Free, Stair
from accrual.domain.pricing.distribution import distribute

_PIECE = 1000


class Cut(NamedTuple):
    """What comes off each of some lines, in their order, and how that is said. Taken from prices as `Basket.bases` gives them."""

    parts: list[int]
    say: tuple[Any, ...] = ()

    @property
    def total(self) -> int:
        """What comes off in all."""
        return sum(self.parts)


NOTHING = Cut([])


def cut(discount: CompiledDiscount, basket: Basket, places: Sequence[int]) -> Cut:
    """Work out what a discount takes off the lines at some places. All parts 0: nothing."""
    bases = basket.bases(places, discount.tax)
    found = _priced(discount, bases, basket, places) if discount.free is None else _freed(discount, discount.free, basket, places, bases)
    if discount.most is not None and found.total > discount.most:
        return Cut(distribute(discount.most, found.parts, basket.names(places)), found.say)
    return found


def free_pieces(bought: int, *, every: int, pieces: int) -> int:
    """Return how many of the pieces in a cart are free: for so many bought so many more, as far as they are there."""
    full, rest = divmod(bought, every + pieces)
    return full * pieces + max(rest - every, 0)


def _priced(discount: CompiledDiscount, bases: Sequence[int], basket: Basket, places: Sequence[int]) -> Cut:
    """Take a percentage or an amount: off each line by itself, or off all together and then divided."""
    total = sum(bases)
    reached = [stair for stair in discount.stairs if stair.first <= total]
    if not reached:
        return Cut([0] * len(bases))
    stair, each = reached[-1], discount.by_line
    parts = [_off(discount, stair, base) for base in bases] if each else distribute(_off(discount, stair, total), bases, basket.names(places))
    if stair.amount is not None:
        return Cut(parts, (wording.amount, stair.amount, discount.digits, discount.most))
    return Cut(parts, (wording.share, stair.numerator, stair.denominator, total, discount.digits, discount.most))


def _off(discount: CompiledDiscount, stair: Stair, base: int) -> int:
    return min(base, stair.amount) if stair.amount is not None else _rounded(discount, base * stair.numerator, stair.denominator, base)


def _freed(discount: CompiledDiscount, free: Free, basket: Basket, places: Sequence[int], bases: Sequence[int]) -> Cut:
    """Give pieces free: the cheapest first, whole ones only."""
    quantities = [basket.lines[place].quantity for place in places]
    pieces, parts = [quantity // _PIECE for quantity in quantities], [0] * len(bases)
    left = count = free_pieces(sum(pieces), every=free.every, pieces=free.pieces)
    common = lcm(*quantities)
    prices = [(base * (common // quantity), name) for base, quantity, name in zip(bases, quantities, basket.names(places), strict=True)]
    for number in sorted(range(len(bases)), key=prices.__getitem__):
        taken = min(left, pieces[number])
        left -= taken
        parts[number] = _rounded(discount, bases[number] * taken * _PIECE * free.numerator, quantities[number] * free.denominator, bases[number])
    return Cut(parts, (wording.pieces, count, free.numerator, free.denominator))


def _rounded(discount: CompiledDiscount, numerator: int, denominator: int, base: int) -> int:
    """Round to the discount's coin, and take no more than there is."""
    return min(base, discount.coin * rounded(numerator, denominator * discount.coin, discount.rounding))
