"""The lines of one event with the money counted and the rules met, line by line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from accrual.domain.facts import Line
from accrual.domain.matching import Matcher
from accrual.domain.rules import Arithmetic, Share


@dataclass(frozen=True, slots=True)
class Event:
    """What rules look at, the same for every kind of fact; activities and registrations have no lines."""

    lines: Sequence[Line]
    delivery_amount: int  #: as far as the programme counts it
    store: str | None
    channel: str
    local: datetime  #: the event's time where it happened


class Basket:
    """What an event counts: amounts by line, and for each line the rules whose conditions on goods it meets."""

    __slots__ = ("_beyond", "_delivery", "amounts", "lines", "masks", "money_digits", "total")

    def __init__(self, event: Event, matcher: Matcher, arithmetic: Arithmetic) -> None:
        """Work out amounts as the programme's basis says."""
        self.lines = event.lines
        self.masks = matcher.line_masks(event.lines)
        self.amounts = _amounts(event.lines, arithmetic)
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

    def parts(self, share: Share) -> Iterator[tuple[int, int, int]]:
        """Yield what a base rule gives, divided among what it counted: rules met there, numerator, denominator."""
        rule = share.rule
        if rule.counts == "once":
            yield self._beyond, share.numerator, share.denominator
            return
        if rule.counts == "quantity":
            counted, beyond = [line.quantity for line in self.lines], 0
        else:
            counted, beyond = self.amounts, self._delivery if self._beyond & rule.bit else 0
        numerator, denominator = rule.numerator, rule.denominator
        if rule.counts == "steps":  # full steps belong to the receipt: each line has its part of them
            numerator, denominator = share.numerator, share.denominator * (share.basis or 1)
        if beyond:
            yield self._beyond, beyond * numerator, denominator
        for mask, amount in zip(self.masks, counted, strict=True):
            if mask & rule.bit and amount:
                yield mask, amount * numerator, denominator


def _amounts(lines: Sequence[Line], arithmetic: Arithmetic) -> list[int]:
    if arithmetic.before_discounts:
        amounts = [line.paid_amount if line.list_amount is None else line.list_amount for line in lines]
    else:
        amounts = [line.paid_amount for line in lines]
    if arithmetic.without_tax:
        amounts = [max(amount - line.tax_amount, 0) for amount, line in zip(amounts, lines, strict=True)]
    return amounts
