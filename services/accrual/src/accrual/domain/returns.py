"""A return as it was asked for, and which lines of which purchase it takes back. Refused by name where that cannot be.

What came back of a purchase is always the sum of all its returns, so it does not matter how many there were.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple

from accrual.domain.amounts import minor_digits, written, written_exactly
from accrual.domain.decisions import Reason, Refusal
from accrual.domain.facts import Purchase


class AskedLine(NamedTuple):
    """What somebody brings back: a quantity in thousandths, and the amount given back for it in minor units.

    The line id says of which line; where there is none, the SKU says of which goods.
    """

    quantity: int
    amount: int
    line_id: str | None = None
    sku: str | None = None


class AskedReturn(NamedTuple):
    """What is to be taken back. Without lines: the delivery alone where an amount is given back for it, else everything left, delivery too."""

    currency: str
    lines: tuple[AskedLine, ...] = ()
    delivery_amount: int = 0


class Back(NamedTuple):
    """What came back of one line."""

    quantity: int  #: in thousandths
    amount: int  #: given back for it, in minor units


class Returned(NamedTuple):
    """What came back of a purchase: by one return, or by all so far."""

    lines: Mapping[str, Back] = MappingProxyType({})
    delivery_amount: int = 0

    def plus(self, other: "Returned") -> "Returned":
        """Return what came back by both."""
        lines = dict(self.lines)
        for line_id, (quantity, amount) in other.lines.items():
            before = lines.get(line_id, _NOTHING)
            lines[line_id] = Back(before.quantity + quantity, before.amount + amount)
        return Returned(lines, self.delivery_amount + other.delivery_amount)


_NOTHING = Back(0, 0)


def is_empty(returned: Returned) -> bool:
    """Tell whether nothing came back."""
    return not returned.lines and not returned.delivery_amount


def left_of(purchase: Purchase, before: Returned) -> Returned:
    """Return what the customer still has: lines with some quantity left, and delivery that was not given back.

    What came back of lines that the purchase does not have (any more) is left out of account.
    """
    lines = {}
    for line in purchase.lines:
        back = before.lines.get(line.line_id, _NOTHING)
        if line.quantity > back.quantity:
            lines[line.line_id] = Back(line.quantity - back.quantity, max(line.paid_amount - back.amount, 0))
    return Returned(lines, max(purchase.delivery_amount - before.delivery_amount, 0))


def resolve(purchase: Purchase, before: Returned, asked: AskedReturn) -> Returned | Refusal:
    """Say what a return takes back of the purchase it names, after other returns."""
    if asked.lines or asked.delivery_amount or asked.currency != purchase.currency:
        found = _taken([(purchase, before)], asked)
        return found if isinstance(found, Refusal) else found[0]
    left = left_of(purchase, before)
    return _ALREADY if is_empty(left) else left


def spread(candidates: Sequence[tuple[Purchase, Returned]], asked: AskedReturn) -> list[Returned] | Refusal:
    """Say what a return that names no purchase takes back of several, of the first ones first. All of it, or nothing.

    Goods are found by their SKU, for ids of lines mean nothing without a purchase. Delivery is taken from the purchases of which goods come back.
    """
    if not asked.lines or any(line.sku is None for line in asked.lines):
        return Refusal(Reason.PURCHASE_NOT_NAMED, "without a purchase, every line must name a SKU")
    return _taken(candidates, asked._replace(lines=tuple(AskedLine(line.quantity, line.amount, sku=line.sku) for line in asked.lines)))


def _taken(candidates: Sequence[tuple[Purchase, Returned]], asked: AskedReturn) -> list[Returned] | Refusal:
    if candidates and all(purchase.currency != asked.currency for purchase, _ in candidates):
        return Refusal(Reason.OTHER_CURRENCY, f"bought in {candidates[0][0].currency}, given back in {asked.currency}")
    left = [left_of(purchase, before) if purchase.currency == asked.currency else Returned() for purchase, before in candidates]
    if len(left) == 1 and is_empty(left[0]):
        return _ALREADY
    shelf = _Shelf([purchase for purchase, _ in candidates], left)
    for line in asked.lines:
        missing = shelf.take(line)
        if missing is not None:
            return missing
    taken, delivery = shelf.taken(), asked.delivery_amount
    for place, lines in enumerate(taken):
        if lines or len(taken) == 1:
            part = min(delivery, left[place].delivery_amount)
            delivery -= part
            left[place] = Returned(lines, part)
        else:
            left[place] = Returned()
    return _too_much(delivery, "the delivery", asked) if delivery else left


def _too_much(amount: int, what: str, asked: AskedReturn) -> Refusal:
    return Refusal(Reason.OVER_RETURNED, f"{written(amount, minor_digits(asked.currency))} {asked.currency} more than is left of {what}")


_ALREADY = Refusal(Reason.ALREADY_RETURNED, "nothing is left of the purchase: all of it came back before")


@dataclass(slots=True)
class _Slot:
    """What is left of one line of one purchase, and what was taken of it."""

    place: int
    line_id: str
    quantity: int
    amount: int
    back: Back = _NOTHING

    def share(self, quantity: int) -> int:
        """Return how much of the amount left belongs to a part of the quantity left."""
        return self.amount * quantity // self.quantity

    def take(self, quantity: int, amount: int) -> None:
        """Take so much of it."""
        self.quantity -= quantity
        self.amount -= amount
        self.back = Back(self.back.quantity + quantity, self.back.amount + amount)


class _Shelf:
    """The lines of some purchases, in order, found by goods or by line."""

    def __init__(self, purchases: Sequence[Purchase], left: Sequence[Returned]) -> None:
        self._places = len(purchases)
        self._found: dict[tuple[str | None, str | None], list[_Slot]] = {}
        for place, purchase in enumerate(purchases):
            for line in purchase.lines:
                slot = _Slot(place, line.line_id, *left[place].lines.get(line.line_id, _NOTHING))
                for name in ((line.line_id, None), (None, line.sku), (line.line_id, line.sku)):
                    self._found.setdefault(name, []).append(slot)

    def take(self, asked: AskedLine) -> Refusal | None:
        """Take one asked line out, or say why it is not there: of the first purchases first, goods at the price asked before others."""
        slots = self._found.get((asked.line_id, asked.sku))
        if slots is None:
            named = [f"{kind} {word}" for kind, word in (("line", asked.line_id), ("goods", asked.sku)) if word is not None]
            return Refusal(Reason.UNKNOWN_LINE, f"the purchase has no {' of '.join(named)}")
        quantity, amount = asked.quantity, asked.amount
        parts: list[tuple[_Slot, int, int]] = []
        for slot in _in_order(slots, asked):
            part = min(quantity, slot.quantity)
            share = min(amount, slot.share(part))
            parts.append((slot, part, share))
            quantity, amount = quantity - part, amount - share
            if quantity == 0:
                break
        for slot, part, share in parts:  # what is paid back beyond the price of the goods, as far as they cost so much together
            more = min(amount, slot.amount - share)
            amount -= more
            slot.take(part, share + more)
        if quantity or amount:
            what = f"{written_exactly(quantity, 1000, 0)} pieces" if quantity else f"{amount} minor units"
            return Refusal(Reason.OVER_RETURNED, f"{what} more than is left of {asked.line_id or asked.sku}")
        return None

    def taken(self) -> list[dict[str, Back]]:
        """Return what was taken of each purchase."""
        taken: list[dict[str, Back]] = [{} for _ in range(self._places)]
        for (_, sku), slots in self._found.items():
            for slot in slots if sku is None else ():
                if slot.back.quantity:
                    taken[slot.place][slot.line_id] = slot.back
        return taken


def _in_order(slots: Sequence[_Slot], asked: AskedLine) -> Iterator[_Slot]:
    """Yield slots with something left, purchase by purchase, those at the asked price first."""
    for _, found in groupby((slot for slot in slots if slot.quantity), key=lambda slot: slot.place):
        yield from sorted(found, key=lambda slot: slot.amount * asked.quantity != asked.amount * slot.quantity)
