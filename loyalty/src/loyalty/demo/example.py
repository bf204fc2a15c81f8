"""Finds one member whose history is worth reading: purchases before and after registering, and several rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from loyalty.demo.people import Joining, Person
from loyalty.demo.story import Story
from loyalty.member.gateway import Gateway
from loyalty.member.reference import Identifier

#: Long enough to tell something, short enough to read.
FEWEST_PURCHASES, MOST_PURCHASES = 4, 9
MOST_LOOKED_AT = 12
HISTORY_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Example:
    """A member, and what the gateway says of them."""

    who: Person
    purchases: int
    member_id: UUID
    accounts: list[dict[str, Any]]
    history: list[dict[str, Any]]

    @property
    def rules(self) -> set[str]:
        """List the rules that gave points."""
        return {step["rule"] for item in self.history if item["explanation"] for step in item["explanation"]["steps"]}

    @property
    def claimed(self) -> bool:
        """Points waited for this member and were brought in."""
        return any(item["movement"] == "moved-in" for item in self.history)


def find_example(story: Story, gateway: Gateway) -> Example | None:
    """Ask the gateway about a few promising members and keep the one with most to show."""
    found = [example for who, count in _promising(story) if (example := _look(who, count, gateway)) is not None]
    return max(found, key=lambda example: (example.claimed, len(example.rules)), default=None)


def _promising(story: Story) -> Iterable[tuple[Person, int]]:
    """Choose guests who registered late with an ordinary number of purchases; if there are none, anybody who registered."""
    count = {who.customer: 0 for who in story.people}
    for sale in story.sales:
        count[sale.customer] += 1
    late = [(who, count[who.customer]) for who in story.joining(Joining.LATE)]
    ordinary = [(who, purchases) for who, purchases in late if FEWEST_PURCHASES <= purchases <= MOST_PURCHASES]
    return (ordinary or late or [(who, count[who.customer]) for who in story.joining(Joining.EARLY)])[:MOST_LOOKED_AT]


def _look(who: Person, purchases: int, gateway: Gateway) -> Example | None:
    found = gateway.look_up(Identifier(*who.identifiers[0]))
    if found["member"] is None:
        return None
    member_id = UUID(found["member"]["member_id"])
    return Example(who, purchases, member_id, found["accounts"] or [], gateway.history(member_id, limit=HISTORY_LIMIT))
