"""A return as it was asked for, and which lines of which purchase it takes back. Refused by name where that cannot be.

What came back of a purchase is always the sum of all its returns, so it does not matter how many there were.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from accrual.domain.amounts import minor_digits, written
from accrual.domain.decisions import Reason, Refusal
from accrual.domain.facts import Purchase
from accrual.domain.programme import Programme
from accrual.domain.programmes import FUTURE_TOLERANCE


class AskedLine(NamedTuple):
    """What somebody brings back: a quantity in thousandths, and the amount given back for it in minor units.

    The line id says of which line; where there is none, the SKU says of which goods.
    """

    quantity: int
    amount: int
    line_id: str | None = None
    sku: str | None = None


class AskedReturn(NamedTuple):
    """What is to be taken back. Without lines: everything that is left of the purchase, delivery included."""

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
    if asked.lines or asked.currency != purchase.currency:
        found = _taken([(purchase, before)], asked)
        return found if isinstance(found, Refusal) else found[0]
    left = left_of(purchase, before)
    if asked.delivery_amount > left.delivery_amount:
        return _too_much(asked.delivery_amount - left.delivery_amount, "the delivery", asked)
    return _ALREADY if is_empty(left) else left


def spread(candidates: Sequence[tuple[Purchase, Returned]], asked: AskedReturn) -> list[Returned] | Refusal:
    """Say what a return that names no purchase takes back of several, of the first ones first. All of it, or nothing.

    Goods are found by their SKU, for ids of lines mean nothing without a purchase. Delivery is taken from the purchases of which goods come back.
    """
    if not asked.lines or any(line.sku is None for line in asked.lines):
        return Refusal(Reason.PURCHASE_NOT_NAMED, "without a purchase, every line must name a SKU")
    return _taken(candidates, asked._replace(lines=tuple(AskedLine(line.quantity, line.amount, sku=line.sku) for line in asked.lines)))


def timely(programme: Programme, at: datetime, *, now: datetime) -> Refusal | None:
    """Refuse a return that comes too late or from the future, by the same limits as purchases."""
    if at > now + FUTURE_TOLERANCE:
        return Refusal(Reason.IN_THE_FUTURE, f"happened at {at.isoformat()}, later than now, {now.isoformat()}")
    if at < now - timedelta(days=programme.terms.late_days):
        return Refusal(Reason.TOO_OLD, f"happened at {at.isoformat()}, more than {programme.terms.late_days} days ago")
    return None


def _taken(candidates: Sequence[tuple[Purchase, Returned]], asked: AskedReturn) -> list[Returned] | Refusal:
    shelf = [_Slot.of(place, purchase, before) for place, (purchase, before) in enumerate(candidates) if purchase.currency == asked.currency]
    if candidates and not shelf:
        return Refusal(Reason.OTHER_CURRENCY, f"bought in {candidates[0][0].currency}, given back in {asked.currency}")
    if len(candidates) == 1 and is_empty(left_of(*candidates[0])):
        return _ALREADY
    slots = [slot for found in shelf for slot in found]
    taken = [Returned()] * len(candidates)
    for line in asked.lines:
        missing = _take(slots, line, taken)
        if missing is not None:
            return missing
    delivery = asked.delivery_amount
    for place, (purchase, before) in enumerate(candidates):
        if taken[place].lines or len(candidates) == 1:
            part = min(delivery, left_of(purchase, before).delivery_amount)
            taken[place] = taken[place].plus(Returned({}, part))
            delivery -= part
    if delivery:
        return _too_much(delivery, "the delivery", asked)
    return taken


def _too_much(amount: int, what: str, asked: AskedReturn) -> Refusal:
    return Refusal(Reason.OVER_RETURNED, f"{written(amount, minor_digits(asked.currency))} {asked.currency} more than is left of {what}")


_ALREADY = Refusal(Reason.ALREADY_RETURNED, "nothing is left of the purchase: all of it came back before")


@dataclass(slots=True)
class _Slot:
    """What is left of one line of one candidate."""

    place: int
    line_id: str
    sku: str
    quantity: int
    amount: int

    @classmethod
    def of(cls, place: int, purchase: Purchase, before: Returned) -> "list[_Slot]":
        left = left_of(purchase, before).lines
        return [cls(place, line.line_id, line.sku, *left.get(line.line_id, _NOTHING)) for line in purchase.lines]

    def share(self, quantity: int) -> int:
        """Return how much of the amount left belongs to a part of the quantity left."""
        return self.amount * quantity // self.quantity

    def costs(self, asked: AskedLine) -> bool:
        """Tell whether the asked price is the price of these goods."""
        return self.amount * asked.quantity == asked.amount * self.quantity


def _take(slots: Iterable[_Slot], asked: AskedLine, taken: list[Returned]) -> Refusal | None:
    """Take one asked line out of the slots, or say why it is not there: goods at the price asked first, then in order."""
    named = [slot for slot in slots if slot.line_id == asked.line_id] if asked.line_id is not None else list(slots)
    matching = [slot for slot in named if asked.sku in (None, slot.sku)]
    if not matching:
        return Refusal(Reason.UNKNOWN_LINE, f"no line {asked.line_id} of {asked.sku or 'any goods'}" if asked.line_id else f"no line of {asked.sku}")
    quantity, amount = asked.quantity, asked.amount
    parts: list[tuple[_Slot, int, int]] = []
    for slot in sorted((slot for slot in matching if slot.quantity), key=lambda slot: (slot.place, not slot.costs(asked))):  # stable: else in order
        part = min(quantity, slot.quantity)
        if part:
            share = min(amount, slot.share(part))
            parts.append((slot, part, share))
            quantity, amount = quantity - part, amount - share
    for slot, part, share in parts:  # what is paid back beyond the price of the goods, as far as they cost so much together
        more = min(amount, slot.amount - share)
        amount -= more
        slot.quantity -= part
        slot.amount -= share + more
        taken[slot.place] = taken[slot.place].plus(Returned({slot.line_id: Back(part, share + more)}))
    if quantity or amount:
        what = f"{quantity} thousandths" if quantity else f"{amount} minor units"
        return Refusal(Reason.OVER_RETURNED, f"{what} more than is left of {asked.line_id or asked.sku}")
    return None
