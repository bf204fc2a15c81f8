"""The lines of one event with the money counted and the rules met, line by line."""

from collections.abc import Sequence

from accrual.domain.facts import Line
from accrual.domain.matching import Matcher
from accrual.domain.rules import Arithmetic, Event, Share

_OF_THE_RECEIPT = frozenset({"once", "steps", "table", "bands", "volume"})


class Basket:
    """What an event counts: amounts by line, and for each line the rules whose conditions on goods it meets."""

    __slots__ = ("_beyond", "_delivery", "amounts", "lines", "masks", "money_digits", "total")

    def __init__(self, event: Event, matcher: Matcher, arithmetic: Arithmetic) -> None:
        """Work out amounts as the programme's basis says."""
        self.lines = event.lines
        self.masks = matcher.line_masks(event.lines)
        self.amounts = counted(event.lines, arithmetic)
        self.money_digits = arithmetic.money_digits
        self._beyond = matcher.beyond_goods
        self._delivery = event.delivery_amount
        self.total = sum(self.amounts) + self._delivery

    def amount(self, bit: int) -> int:
        """Return the money that counts for a rule. Delivery counts for rules that do not ask for certain goods."""
        total = self._delivery if self._beyond & bit else 0
        for mask, amount in zip(self.masks, self.amounts, strict=True):
            if mask & bit:
                total += amount
        return total

    def quantity(self, bit: int) -> int:
        """Return the quantity that counts for a rule, in thousandths."""
        return sum(line.quantity for mask, line in zip(self.masks, self.lines, strict=True) if mask & bit)

    def line_ids(self, bit: int) -> tuple[str, ...]:
        """Return the ids of the lines that count for a rule."""
        return tuple([line.line_id for mask, line in zip(self.masks, self.lines, strict=True) if mask & bit])

    def parts(self, share: Share) -> list[list[int]]:
        """Divide what a base rule gives among what it counted: [rules met there, the rule, numerator, denominator] each."""
        rule, step = share
        bit = rule.bit
        if rule.counts in _OF_THE_RECEIPT:  # they belong to the receipt, not to its lines
            return [[self._beyond, bit, step.numerator, step.denominator]]
        if rule.counts == "quantity":
            counted, delivery = [line.quantity for line in self.lines], 0
        else:
            counted, delivery = self.amounts, self._delivery if self._beyond & bit else 0
        numerator, denominator = rule.numerator, rule.denominator
        parts = [[mask, bit, amount * numerator, denominator] for mask, amount in zip(self.masks, counted, strict=True) if mask & bit and amount]
        if delivery:
            parts.append([self._beyond, bit, delivery * numerator, denominator])
        return parts


def counted(lines: Sequence[Line], arithmetic: Arithmetic) -> list[int]:
    """Return the money of each line that counts, as the programme's basis says."""
    if arithmetic.before_discounts:
        amounts = [line.paid_amount if line.list_amount is None else line.list_amount for line in lines]
    else:
        amounts = [line.paid_amount for line in lines]
    if arithmetic.without_tax:
        amounts = [max(amount - line.tax_amount, 0) for amount, line in zip(amounts, lines, strict=True)]
    return amounts
