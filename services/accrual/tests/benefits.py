"""A café that gives more than points, and what callers ask of it."""

from typing import Any

import asyncpg

from accrual.handlers.lapsing import Lapsing
from accrual.handlers.raffling import close_one
from accrual.store.checks import CHECKS
from contracts.envelope import decode

from .builders import ANAS_CARD
from .conftest import Caller, Service

#: A point a rouble; every purchase of 500 roubles is drawn, as the chance is as good as certain.
CAFE = """
programme: cafe
version: 1
effective_from: 2024-01-01
zone: Europe/Moscow
currency: RUB
merchants: [cafe]
points: {name: {en: beans}, worth: 1.00}
earning:
  - {id: base, give: {points: 1, per: 1.00}}
  - {id: third-cup, when: {category: cup, every: 3, unit: item}, give: {reward: mug}}
  - {id: friend, on: activity, when: {activity: friend-came}, give: {reward: thanks}}
  - {id: newsletter, on: activity, when: {activity: newsletter}, give: {reward: sticker}}
rewards:
  - {id: mug, kind: gift}
  - {id: less, name: {en: A fifth less}, kind: discount, percent: 20, valid: 14 days}
  - {id: ticket, kind: ticket, cost: 10}
  - {id: drink, name: {en: A drink}, kind: gift, cost: 250, stock: 3, per_member: {times: 2, per: month}, valid: 30 days}
  - {id: cake, kind: gift, stock: 1}
  - {id: thanks, choice: [cake, drink], default: cake, within: 14 days}
  - {id: lounge, kind: service, cost: 10, tier: [gold]}
  - {id: visits, kind: service, cost: 100, uses: 10, valid: 1 year}
  - {id: back, kind: cashback, amount: 50.00, cost: 50}
  - {id: sticker, kind: gift, stock: 2, per_member: {times: 1, per: day}}
privileges:
  - {id: sauna, name: {en: Sauna}, tier: [gold], uses: 2, per: month}
tiers: {by: purchases, window: forever, levels: [{id: friend, from: 0}, {id: gold, from: 3}]}
raffles:
  id: spring
  ticket: ticket
  closes: 2025-04-01
  beacon: {source: the first closing price of April, at: 2025-04-01T18:45:00+03:00}
  prizes: [{reward: mug}, {reward: drink, count: 2}]
offers: {id: again, reward: less, bought_often: {times: 3, within: 90 days}, budget: 2}
surprises: {id: lucky, reward: sticker, chance: 99.9999%, minimum: 500.00}
"""

LIVE = "select reward, state, used from entitlement order by issued_at, reward, id"


async def ask(caller: Caller, path: str, key: str = "k", **body: Any) -> tuple[int, dict[str, Any]]:
    """Say something to accrual, and return status and answer."""
    response = await caller.post(path, body, **{"idempotency-key": key})
    return response.status_code, response.json()


async def redeem(caller: Caller, reward: str, key: str = "k", **body: Any) -> tuple[int, dict[str, Any]]:
    return await ask(caller, "/v1/rewards/redeem", key, **{"holder": ANAS_CARD, "programme": "cafe", "reward": reward, **body})


async def told(service: Service) -> list[str]:
    """What was said of entitlements, in order: `issued drink 1`."""
    events = [decode(record) for record in await service.said()]
    return [f"{e.type.split('.')[2]} {e.data.reward} {e.data.step}" for e in events if ".entitlement." in e.type]


async def lapse(service: Service) -> int:
    """Let the clock do with entitlements what is due now."""
    lapsing, total = Lapsing(service.catalogue), 0
    while True:
        async with service.pool.acquire() as connection, connection.transaction():
            done = await lapsing.turn(connection, service.clock())
        if not done:
            return total
        total += done


async def close(service: Service) -> int:
    """Let the clock close the tickets of all raffles whose time has come, and return how many."""
    total = 0
    while True:
        async with service.pool.acquire() as connection, connection.transaction():
            done = await close_one(connection, service.clock())
        if not done:
            return total
        total += done


async def audited(service: Service) -> list[tuple[str, str]]:
    """Ask every question of the audit, as its own role, and return what contradicts: table and what was found."""
    connection = await asyncpg.connect(service.database.urls.verify)
    try:
        return [(violation.table, violation.found) for check in CHECKS async for violation in check.run(connection)]
    finally:
        await connection.close()
