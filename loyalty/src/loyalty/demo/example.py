"""Finds one member whose history is worth reading: purchases before and after registering, and several rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from loyalty.demo.people import Joining, Person
from loyalty.demo.purchases import MERCHANT
from loyalty.demo.story import Story
from loyalty.member.gateway import Gateway
from loyalty.member.reference import Bought, Identifier

#: Long enough to tell something, short enough to read.
FEWEST_PURCHASES, MOST_PURCHASES = 4, 9
MOST_LOOKED_AT = 10
HISTORY_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Example:
    """A member, what the gateway says of them, and the purchase that most rules gave something for."""

    who: Person
    purchases: int
    accounts: list[dict[str, Any]]
    history: list[dict[str, Any]]
    purchase: dict[str, Any] | None

    @property
    def claimed(self) -> bool:
        """Points waited for this member and were brought in."""
        return any(item["movement"] == "moved-in" for item in self.history)


def rules_of(explanation: dict[str, Any] | None) -> set[str]:
    """List the rules that gave points."""
    return {step["rule"] for step in explanation["steps"]} if explanation else set()


def find_example(story: Story, gateway: Gateway) -> Example | None:
    """Ask the gateway about a few promising members and keep the one with most to show."""
    found = [example for who, purchases in _promising(story) if (example := _look(who, purchases, gateway)) is not None]
    return max(found, key=lambda example: (example.claimed, len(rules_of(_explanation(example.purchase)))), default=None)


def _promising(story: Story) -> Iterable[tuple[Person, list[str]]]:
    """Choose guests who registered late with an ordinary number of purchases, those first who went on buying; if there are none, anybody."""
    bought: dict[int, list[str]] = {who.customer: [] for who in story.people}
    for sale in sorted(story.sales, key=lambda sale: sale.day):
        bought[sale.customer].append(sale.purchase_id)
    late = [(who, bought[who.customer]) for who in story.joining(Joining.LATE)]
    ordinary = [(who, purchases) for who, purchases in late if FEWEST_PURCHASES <= len(purchases) <= MOST_PURCHASES]
    chosen = ordinary or late or [(who, bought[who.customer]) for who in story.joining(Joining.EARLY)]
    return sorted(chosen, key=lambda pair: pair[1][-1] not in story.recent_purchases)[:MOST_LOOKED_AT]


def _look(who: Person, purchases: list[str], gateway: Gateway) -> Example | None:
    found = gateway.look_up(Identifier(*who.identifiers[0]))
    if found["member"] is None:
        return None
    history = gateway.history(UUID(found["member"]["member_id"]), limit=HISTORY_LIMIT)
    decisions = [gateway.purchase(Bought(MERCHANT, purchase_id)) for purchase_id in purchases]
    richest = max(decisions, key=lambda decision: len(rules_of(_explanation(decision))))
    return Example(who, len(purchases), found["accounts"] or [], history, richest)


def _explanation(purchase: dict[str, Any] | None) -> dict[str, Any] | None:
    return purchase["revisions"][-1]["explanation"] if purchase else None
