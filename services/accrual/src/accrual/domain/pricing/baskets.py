"""A cart while it is being priced: what each line costs so far, and how much of that is tax."""

from collections.abc import Sequence

from accrual.domain.amounts import Rounding, rounded
from accrual.domain.facts import Line
from accrual.domain.pricing.discounts import PricedLine


class Basket:
    """Lines with their prices. Discounts change the prices; nothing else of a line."""

    __slots__ = ("amounts", "lines", "taxes")

    def __init__(self, lines: Sequence[Line]) -> None:
        """Begin with the prices as they are before any discount of the programme."""
        self.lines = lines
        self.amounts = [line.paid_amount for line in lines]
        self.taxes = [min(line.tax_amount, line.paid_amount) for line in lines]

    def names(self, places: Sequence[int]) -> list[str]:
        """Return the ids of some lines."""
        return [self.lines[place].line_id for place in places]

    def bases(self, places: Sequence[int], tax: str) -> list[int]:
        """Return the prices of some lines from which a discount is taken: with their tax or without."""
        amounts = self.amounts
        if tax == "with":
            return [amounts[place] for place in places]
        return [amounts[place] - self.taxes[place] for place in places]

    def take(self, place: int, off: int, tax: str) -> int:
        """Take something off a line's price with or without tax, as `bases` gave it, and return by how much the price with tax falls."""
        amount, included = self.amounts[place], self.taxes[place]
        falls = off
        if tax == "without" and off:
            falls = rounded(off * amount, amount - included, Rounding.HALF_UP)
        if tax != "kept" and included:
            self.taxes[place] = rounded(included * (amount - falls), amount, Rounding.HALF_UP)
        self.amounts[place] = amount - falls
        return falls

    def priced(self) -> tuple[PricedLine, ...]:
        """Return the lines as they are now."""
        return tuple(
            [
                PricedLine(line.line_id, line.paid_amount, line.paid_amount - amount, amount, tax)
                for line, amount, tax in zip(self.lines, self.amounts, self.taxes, strict=True)
            ]
        )


def undiscounted(lines: Sequence[Line]) -> tuple[PricedLine, ...]:
    """Return lines from which nothing comes off."""
    return tuple([PricedLine(line.line_id, line.paid_amount, 0, line.paid_amount, min(line.tax_amount, line.paid_amount)) for line in lines])
