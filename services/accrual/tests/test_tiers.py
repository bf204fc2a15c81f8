"""Levels through real events: what a purchase finds and reaches, what takes a level away, and who is told."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import asyncpg
import pytest

from contracts.envelope import decode
from contracts.tiers import TierChanged

from .builders import ANAS_CARD, BORIS, BORIS_CARD, MEMBER_ANA, NOON, a_purchase, back, linked, registered, returned
from .conftest import NewService, Service
from .test_checks import audit

#: A point for each 10 roubles; silver earns half as much again.
LADDER = """
programme: ladder
version: {version}
effective_from: {since}
zone: Europe/Moscow
currency: RUB
merchants: [climbing-hall]
points: {{name: {{en: holds}}, worth: 0.50}}
earning:
  - {{id: base, give: {{points: 1, per: 10.00}}}}
  - {{id: silver-rope, when: {{tier: silver}}, give: {{fixed: 7}}}}
tiers: {tiers}
"""
METALS = "[{id: bronze, from: 0}, {id: silver, from: 100, multiply: 1.5, privileges: lounge}, {id: gold, from: 1000}]"
MONEY = f"{{by: money_spent, window: 3 months, levels: {METALS}}}"


def a_ladder(tiers: str = MONEY, *, version: int = 1, since: str = "2024-01-01") -> str:
    return LADDER.format(version=version, since=since, tiers=tiers)


def a_climb(purchase_id: str, roubles: int, **fields: Any) -> Any:
    return a_purchase(purchase_id, kopecks=roubles * 100, merchant="climbing-hall", **fields)


async def levels_told(service: Service) -> list[tuple[str | None, str | None, str, str]]:
    """Every change of a level that was told: to which, from which, why, and to whom."""
    told = [decode(record).data for record in await service.said() if record.topic == "loyalty.rewards.v1"]
    return [(each.tier, each.previous, each.cause.kind, each.holder) for each in told if isinstance(each, TierChanged)]


async def points(service: Service) -> list[int]:
    return [row[0] for row in await service.fetch("select amount from lot order by version, amount")]


@pytest.fixture
async def hall(new_service: NewService) -> Service:
    made = await new_service()
    await made.publish(a_ladder())
    return made


async def test_a_purchase_finds_the_level_before_it_and_the_next_one_what_it_reached(hall: Service):
    assert await hall.hear(a_climb("1", 120), a_climb("2", 20), a_climb("3", 20)) == ["granted"] * 3
    assert await points(hall) == [12, 10, 10]  # 2 points, half as much again, and 7 for being silver
    assert await levels_told(hall) == [("silver", "bronze", "purchase", ANAS_CARD)]
    assert await audit(hall) == []


async def test_what_came_back_was_never_spent(hall: Service):
    await hall.hear(a_climb("1", 120), a_climb("2", 20))
    assert await hall.hear(returned("1", back(60_00, thousandths=500), merchant="climbing-hall")) == ["reversed"]
    assert [told[:3] for told in await levels_told(hall)] == [("silver", "bronze", "purchase"), ("bronze", "silver", "purchase")]
    assert await hall.hear(a_climb("2", 90, revision=2)) == ["reversed"]  # no longer at silver's rate, and no longer with silver's rope
    assert (await levels_told(hall))[-1][:2] == ("silver", "bronze")
    assert await hall.fetch("select points, money, purchases from tier_progress") == [(6 + 9, 150_00, 2)]
    assert await audit(hall) == []


async def test_what_a_guest_did_counts_for_the_member(hall: Service):
    await hall.hear(a_climb("1", 60), registered(programme="ladder"), a_climb("2", 60, holder=MEMBER_ANA))
    assert await levels_told(hall) == []
    assert await hall.hear(linked()) == ["applied"]
    assert await levels_told(hall) == [("silver", "bronze", "link", MEMBER_ANA)]
    assert await hall.fetch("select points, money, purchases from tier_progress") == [(12, 120_00, 2)]
    assert await audit(hall) == []


async def test_a_guest_who_did_nothing_brings_nothing(hall: Service):
    await hall.hear(a_climb("1", 120, currency="USD"), registered(BORIS, programme="ladder"), linked(member=BORIS))
    assert await levels_told(hall) == []
    assert await audit(hall) == []


async def test_the_calendar_takes_a_level_and_says_so_once(hall: Service):
    await hall.hear(a_climb("1", 120))
    hall.clock.now = datetime(2025, 6, 10, 20, 59, tzinfo=UTC)
    assert await hall.turn() == 0
    hall.clock.now = datetime(2025, 6, 10, 21, 0, tzinfo=UTC)  # midnight in Moscow
    assert await hall.turn() == 1
    assert await hall.turn() == 0
    assert (await levels_told(hall))[1:] == [("bronze", "silver", "schedule", ANAS_CARD)]
    assert await audit(hall) == []


async def test_whoever_buys_after_the_level_has_ended_does_not_wait_for_the_clock(hall: Service):
    await hall.hear(a_climb("1", 120))
    hall.clock.advance(days=100)
    await hall.hear(a_climb("2", 20, at=hall.clock()))
    assert await points(hall) == [12, 2]
    assert [told[:3] for told in await levels_told(hall)] == [("silver", "bronze", "purchase"), ("bronze", "silver", "purchase")]
    assert await hall.turn() == 0


async def test_a_late_purchase_counts_on_its_day_and_meets_the_level_of_that_day(hall: Service):
    hall.clock.now = NOON + timedelta(days=60)
    await hall.hear(a_climb("1", 120, at=NOON + timedelta(days=30)), a_climb("2", 20, at=NOON), a_climb("3", 20, at=NOON + timedelta(days=31)))
    assert await points(hall) == [12, 2, 10]


async def test_a_version_with_other_levels_is_looked_at_by_the_clock(hall: Service):
    await hall.hear(a_climb("1", 120))
    hall.clock.advance(days=1)
    await hall.publish(a_ladder(MONEY.replace("from: 100,", "from: 200,"), version=2, since="2025-03-13"))
    assert await hall.turn() == 1
    assert len(await levels_told(hall)) == 1
    hall.clock.advance(days=1, hours=12)
    assert await hall.turn() == 1
    assert (await levels_told(hall))[1:] == [("bronze", "silver", "schedule", ANAS_CARD)]


async def test_whatever_comes_first_the_level_in_the_end_is_the_same(hall: Service):
    """Two purchases, a return and a turn of the clock, in every order, each for somebody else."""
    hall.clock.now = NOON + timedelta(days=95)
    orders = list(permutations(("early", "late", "back", "turn")))
    for number, order in enumerate(orders):
        holder = "h1:" + f"{number:A>43}"
        for step in order:
            if step == "turn":
                await hall.turn()
            elif step == "back":
                given = {"merchant": "climbing-hall", "holder": holder, "return_id": f"r-{number}", "occurred_at": hall.clock()}
                await hall.hear(returned(f"late-{number}", back(30_00, thousandths=300), **given))
            else:
                at = NOON + timedelta(days=0 if step == "early" else 40)
                await hall.hear(a_climb(f"{step}-{number}", 110, holder=holder, at=at))
    standings = await hall.fetch("select level, turns_on, count(*) from tier_standing group by 1, 2")
    assert standings == [("bronze", None, len(orders))]
    assert await hall.fetch("select day - date '2025-03-10', money, purchases, count(*) from tier_progress group by 1, 2, 3 order by 1") == [
        (0, 110_00, 1, len(orders)),
        (40, 80_00, 1, len(orders)),
    ]
    told = Counter(holder for *_, holder in await levels_told(hall))
    assert all(changes % 2 == 0 for changes in told.values())  # whoever was told of silver was told of bronze again
    assert await audit(hall) == []


async def test_the_audit_counts_progress_and_levels_anew(service: Service, administrator: asyncpg.Connection):
    await service.publish(a_ladder())
    await service.hear(a_climb("1", 120), a_climb("2", 20, holder=BORIS_CARD), registered(programme="ladder"))
    assert await audit(service) == []
    await administrator.execute("update tier_progress set money = money + 1 where money = 2000")
    await administrator.execute("update tier_standing set level = 'gold' where level = 'silver'")
    assert [(each.invariant, each.expected, each.found) for each in await audit(service)] == [
        ("T1", "2 points, 2000 spent, 1 purchases", "2 points, 2001 spent, 1 purchases"),
        ("T2", "silver", "gold"),
    ]


async def test_the_year_decides_the_level_before_its_points_are_gone_case_t_72(new_service: NewService):
    """Points end with the year; who had 30 of them last year and has 5, 10 or 30 now goes to the lowest level, to the next, or stays."""
    service, cards = await new_service(), {ANAS_CARD: 50, BORIS_CARD: 100, "h1:" + "C" * 43: 300}
    levels = "[{id: l0, from: 0}, {id: l1, from: 10}, {id: l2, from: 30}, {id: l3, from: 100}]"
    tiers = f"{{by: points_earned, window: calendar_year, enter: next_period, levels: {levels}}}"
    await service.publish(a_ladder(tiers).replace("{tier: silver}", "{tier: l3}") + "expiry: {on: 12-31}\n")
    for number, (card, roubles) in enumerate(cards.items()):
        await service.hear(a_climb(f"old-{number}", 300, holder=card, at=NOON - timedelta(days=100)))
        await service.hear(a_climb(f"new-{number}", roubles, holder=card))
    service.clock.now = datetime(2025, 12, 31, 21, tzinfo=UTC)
    await service.turn()
    standing = {holder: tier for tier, _, _, holder in await levels_told(service)}
    assert [standing[card] for card in cards] == ["l0", "l1", "l2"]
    assert await service.balances() == {}
    assert await audit(service) == []
