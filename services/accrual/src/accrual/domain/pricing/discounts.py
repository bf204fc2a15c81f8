"""Compiled discounts, and what they do to a cart. Whole numbers only: money in minor units, quantities in thousandths."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from accrual.domain.amounts import Rounding
from accrual.domain.demands import Demand
from accrual.domain.rules import Conditions


class Stair(NamedTuple):
    """From so much money on: a fraction of it, or an amount."""

    first: int
    numerator: int
    denominator: int
    amount: int | None


class Free(NamedTuple):
    """So many pieces free for so many bought, the cheapest; `numerator / denominator` of their price."""

    every: int
    pieces: int
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a discount asks for beside goods, place, day and hour."""

    minimum: int | None
    quantity: int | None
    pieces: int  #: whole ones, where so many make others free or bring a gift
    also: Conditions | None  #: goods that must be there too
    first_purchase: bool
    demands: tuple[Demand, ...]  #: level, segment, coupon


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledDiscount:
    """One discount in one currency. Exactly one of `stairs`, `free` and `gift` says how much; a plain percentage or amount is one stair from 0."""

    id: str
    names: Mapping[str, str]
    shut: str | None  #: the reason why it never applies: switched off, or another currency's
    conditions: Conditions
    wanted: Wanted
    stairs: tuple[Stair, ...]  #: in rising order
    free: Free | None
    gift: tuple[str, int, int] | None  #: a SKU, so many pieces, for every so many bought (0: once)
    by_line: bool
    most: int | None
    tax: str
    rounding: Rounding
    coin: int  #: discounts are multiples of so many minor units
    exclusive: bool
    group: str | None
    refusals: Mapping[str, "NotTaken"]  #: ready answers, by reason
    digits: int  #: of the currency
    campaign: Conditions | None = None  #: when its campaign is on, if it has one


class Taken(NamedTuple):
    """What one discount takes off: in all, and of which lines."""

    discount: str
    names: Mapping[str, str]
    amount: int
    lines: tuple[tuple[str, int], ...]  #: line id and amount, by line id; together they are the amount
    say: tuple[Any, ...]  #: a function of `wording`, and its arguments

    @property
    def text(self) -> str:
        """The same in words: `10% of 120.00`."""
        words: str = self.say[0](*self.say[1:])
        return words


class NotTaken(NamedTuple):
    """A discount that takes nothing off, and why: a stable code and the same in words."""

    discount: str
    reason: str
    text: str


class Gift(NamedTuple):
    """Pieces of a SKU that are handed over on top, for nothing."""

    discount: str
    names: Mapping[str, str]
    sku: str
    pieces: int


class PricedLine(NamedTuple):
    """A line of the cart: its price before, what came off, and what is left with the tax in it."""

    line_id: str
    price_amount: int
    discount_amount: int
    paid_amount: int
    tax_amount: int


class Priced(NamedTuple):
    """A cart after all discounts."""

    lines: tuple[PricedLine, ...]
    taken: tuple[Taken, ...] = ()
    gifts: tuple[Gift, ...] = ()
    not_taken: tuple[NotTaken, ...] = ()

    @property
    def discount_amount(self) -> int:
        """What came off in all."""
        return sum(taken.amount for taken in self.taken)

    @property
    def total_amount(self) -> int:
        """What all lines cost now, without delivery."""
        return sum(line.paid_amount for line in self.lines)
