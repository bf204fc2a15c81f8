"""A catalogue of rewards, and entitlements of it, that tests are made of."""

from typing import Any
from uuid import UUID

from accrual.domain.document.reading import read
from accrual.domain.rewards.catalogue import Issue, Rewards
from accrual.domain.rewards.entitlements import Entitlement, Way

from .builders import FRIDAY_NOON, a_document

BASE = "- {id: base, give: {points: 1, per: 1.00}}"
CATALOGUE = """
tiers: {by: purchases, window: forever, levels: [{id: friend, from: 0}, {id: gold, from: 3}]}
rewards:
  - {id: free-drink, kind: gift, cost: 250, stock: 3, per_member: {times: 2, per: month}, valid: 30 days}
  - {id: free-cake, kind: gift, stock: 1}
  - {id: thanks, choice: [free-cake, free-drink], default: free-drink, within: 14 days}
  - {id: lounge-day, kind: service, tier: [gold], uses: 3}
  - {id: five-off, kind: discount, amount: 5.00, on: {category: coffee}}
  - {id: ticket, kind: ticket}
privileges:
  - {id: sauna, tier: [gold], uses: 4, per: month}
"""


def a_catalogue(rewards: str = CATALOGUE, **sections: str) -> Rewards:
    return Rewards(read(a_document(BASE, **sections) + rewards))


def an_entitlement(reward: str = "free-drink", **changes: Any) -> Entitlement:
    catalogue = a_catalogue()
    found = catalogue.get(reward)
    assert found is not None
    made = catalogue.issue(found, Issue(UUID(int=7), UUID(int=1), Way.RULE, "tenth-cup", FRIDAY_NOON, b"key"))
    return made._replace(**changes)
