"""What is on the counter: the lines of a receipt before it is one. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from contracts.purchases import Line
from contracts.quotes import Quote
from loyalty.till.goods import Good
from loyalty_client.identifiers import Kind

PIECE = 1000
"""Quantities are thousandths."""


@dataclass(frozen=True, slots=True)
class Basket:
    """Goods on the counter, who buys them, and what was reserved for them."""

    lines: tuple[Line, ...] = ()
    holder: str | None = None
    shown: tuple[Kind, str] | None = None  #: what the customer showed, to be asked about
    coupons: tuple[str, ...] = ()
    rewards: tuple[str, ...] = ()  #: codes; once they are priced, those that the quote takes
    discounts: Mapping[str, int] = field(default_factory=dict)  #: by line, as the quote said
    quote_id: str | None = None
    hold_id: str | None = None
    held_points: int = 0
    held_worth: int = 0  #: what the points pay, in minor units
    exchanged: str | None = None  #: the purchase that this one is given for

    def scanned(self, good: Good, *, pieces: int) -> "Basket":
        """Return the basket with goods added: to the line they have already, or as a new one."""
        held = next((line for line in self.lines if line.sku == good.sku), None)
        if held is not None:
            pieces += held.quantity // PIECE
            return replace(self, lines=tuple(_line(line.line_id, good, pieces) if line is held else line for line in self.lines)).unpriced()
        number = max((int(line.line_id) for line in self.lines), default=0) + 1
        return replace(self, lines=(*self.lines, _line(str(number), good, pieces))).unpriced()

    def without(self, line_id: str) -> "Basket":
        """Return the basket without one line; the same basket, if there is no such line."""
        return replace(self, lines=tuple(line for line in self.lines if line.line_id != line_id)).unpriced()

    def priced(self) -> tuple[Line, ...]:
        """Return the lines with the discounts of the last quote taken off."""
        return tuple(
            line.model_copy(update={"discount_amount": off, "paid_amount": line.paid_amount - off}) if (off := self.discounts.get(line.line_id)) else line
            for line in self.lines
        )

    def quoted(self, quote: Quote) -> "Basket":
        """Return the basket as a quote prices it, with the rewards that are good for something."""
        discounts, rewards = {line.line_id: line.discount_amount for line in quote.lines}, tuple(each.entitlement for each in quote.entitlements if each.valid)
        return replace(self, discounts=discounts, rewards=rewards, quote_id=str(quote.quote_id))

    def unpriced(self) -> "Basket":
        """Return the basket without what the last quote said of it: it was said of something else."""
        return replace(self, discounts={}, quote_id=None)

    def unheld(self) -> "Basket":
        """Return the basket without points put aside for it."""
        return replace(self, hold_id=None, held_points=0, held_worth=0)

    @property
    def total(self) -> int:
        """What is to be paid, in minor units."""
        return total_of(self.priced())


def total_of(lines: Sequence[Line]) -> int:
    """Return the sum of what lines cost, in minor units."""
    return sum(line.paid_amount for line in lines)


def _line(line_id: str, good: Good, pieces: int) -> Line:
    price = good.price * pieces
    return Line(
        line_id=line_id,
        sku=good.sku,
        name=good.name,
        category=good.category,
        brand=good.brand,
        labels=good.labels,
        quantity=pieces * PIECE,
        list_amount=price,
        paid_amount=price,
    )
