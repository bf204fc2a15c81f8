"""Customers by how lately, how often and how much they bought (RFM), in fifths and in segments with names."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from loyalty.history.events import Bought, Brought, History

FIFTHS = 5
_HIGH, _MIDDLE = 4, 3

#: Every segment, best first, with what it means.
SEGMENTS: Mapping[str, str] = {
    "Champions": "bought lately, often and much",
    "Loyal": "buy often and much, not in the last weeks",
    "Slipping away": "used to buy often and much, and stopped coming",
    "Growing": "bought lately, now and then",
    "New or rare": "bought lately, little so far",
    "Wavering": "neither lately nor long ago, little",
    "Asleep": "bought now and then, long ago",
    "Lost": "bought once or little, long ago",
}


@dataclass(slots=True)
class Customer:
    """What one customer did. Money is in minor units, less what came back."""

    days: list[date] = field(default_factory=list)  #: one for each purchase, in order
    revenue: int = 0

    @property
    def purchases(self) -> int:
        """How many purchases there are."""
        return len(self.days)


class Scored(NamedTuple):
    """A customer in fifths: 5 is the latest, most frequent, most paying fifth."""

    recency: int
    frequency: int
    money: int

    @property
    def segment(self) -> str:
        """The segment's name."""
        worth = (self.frequency + self.money + 1) // 2
        if worth >= _HIGH:
            return "Champions" if self.recency >= _HIGH else "Loyal" if self.recency == _MIDDLE else "Slipping away"
        if self.recency >= _HIGH:
            return "Growing" if worth > 1 else "New or rare"
        if self.recency == _MIDDLE:
            return "Wavering"
        return "Asleep" if worth > 1 else "Lost"


def customers_of(history: History) -> dict[str, Customer]:
    """Return every identified customer who bought something."""
    found: dict[str, Customer] = {}
    for event in history.events:
        if isinstance(event, Bought) and event.customer is not None:
            customer = found.get(event.customer) or found.setdefault(event.customer, Customer())
            customer.days.append(event.occurred_at.date())
            customer.revenue += event.amount
        elif isinstance(event, Brought) and (known := found.get(event.customer or "")) is not None:
            known.revenue -= event.amount
    return found


def scored(customers: Mapping[str, Customer]) -> dict[str, Scored]:
    """Put each customer into fifths. Equal customers are in the same fifth, whatever their order."""
    last = [customer.days[-1].toordinal() for customer in customers.values()]
    often = [customer.purchases for customer in customers.values()]
    much = [customer.revenue for customer in customers.values()]
    fifths = (_fifths(last), _fifths(often), _fifths(much))
    return {name: Scored(*(fifth[place] for fifth in fifths)) for place, name in enumerate(customers)}


def _fifths(values: Sequence[int]) -> list[int]:
    """Return for each value how many fifths of all values it reaches, 1 to 5."""
    order = sorted(values)
    return [1 + bisect_left(order, value) * FIFTHS // len(order) for value in values]
