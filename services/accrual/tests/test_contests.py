"""Who scores most: what returns take off, ties, standings that name nobody, and prizes that the clock gives once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from accrual.handlers.settling import Settling
from contracts.envelope import decode
from contracts.identifiers import member_holder

from .builders import ANA, ANAS_CARD, BORIS, MEMBER_ANA, MEMBER_BORIS, a_purchase, an_activity, back, cancelled, linked, registered, returned
from .conftest import Caller, Service
from .test_checks import audit

RACE = """
programme: race
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [track]
points: {name: {en: laps}, worth: 1.00}
expiry: {after: 12 months}
earning:
  - {id: base, give: {points: 1, per: 100.00}}
rewards: [{id: mug, kind: gift, stock: 1, per_member: {times: 1}}]
contests:
  - id: march
    name: {en: The march}
    from: 2025-03-01
    until: 2025-03-31
    score: [{score: 1, per: 10.00}, {score: 50, on: activity, activity: ran}]
    prizes: [{places: 1, reward: mug}, {places: 2-3, points: 500}]
"""
SETTLES = datetime(2025, 4, 4, tzinfo=UTC)
STANDINGS = "/v1/contests/race/march"


def bought(purchase_id: str, roubles: int, holder: str = MEMBER_ANA, **fields: Any) -> Any:
    return a_purchase(purchase_id, kopecks=roubles * 100, holder=holder, merchant="track", **fields)


@pytest.fixture
async def race(service: Service) -> Service:
    await service.publish(RACE)
    await service.hear(registered(programme="race"), registered(BORIS, programme="race"))
    return service


async def settle(service: Service, *, at: datetime = SETTLES) -> int:
    service.clock.now = at
    async with service.pool.acquire() as connection, connection.transaction():
        return await Settling(service.catalogue).turn(connection, service.clock())


def of(holder: str) -> str:
    return STANDINGS.replace("/v1/", f"/v1/accounts/{holder}/")


async def places(caller: Caller, holder: str | None = None) -> list[tuple[int, int, bool]]:
    standings = await caller.get(STANDINGS if holder is None else of(holder))
    return [(each["place"], each["score"], each["own"]) for each in standings["first"]]


async def prizes(service: Service) -> list[tuple[Any, ...]]:
    won = """
        select place, score, grant_id is not null, entitlement_id is not null, withheld
        from contest_prize join contest_place using (programme, contest, account_id) order by place, score desc, reached_at
    """
    return await service.fetch(won)


async def test_purchases_and_activities_score_and_what_comes_back_is_taken_off(caller: Caller, race: Service):
    await race.hear(bought("1", 100), bought("2", 55), bought("3", 300, MEMBER_BORIS), an_activity(holder=MEMBER_ANA, kind="ran", programme="race"))
    assert await places(caller, holder=MEMBER_ANA) == [(1, 65, True), (2, 30, False)]
    at = race.clock()
    await race.hear(returned("1", back(40_00, thousandths=400), merchant="track", holder=MEMBER_ANA, occurred_at=at))
    await race.hear(bought("3", 900, MEMBER_BORIS, revision=2), cancelled("2", merchant="track", holder=MEMBER_ANA, occurred_at=at))
    assert await places(caller) == [(1, 90, False), (2, 56, False)]
    assert await audit(race) == []


async def test_what_waited_for_its_purchase_is_taken_off_with_it(caller: Caller, race: Service):
    await race.hear(returned("1", back(100_00), merchant="track", holder=MEMBER_ANA), bought("1", 100), bought("2", 20, MEMBER_BORIS))
    assert await places(caller, holder=MEMBER_ANA) == [(1, 2, False)]
    assert (await caller.get(of(MEMBER_ANA)))["own"] is None
    assert await audit(race) == []


async def test_prizes_are_given_once_when_places_are_final(caller: Caller, race: Service):
    await race.hear(bought("1", 100), bought("2", 300, MEMBER_BORIS))
    assert (await caller.get(STANDINGS))["state"] == "open"
    assert await settle(race, at=SETTLES - timedelta(seconds=1)) == 0
    assert (await caller.get(STANDINGS))["state"] == "closed"
    assert [await settle(race), await settle(race)] == [1, 0]
    assert await prizes(race) == [(1, 30, False, True, None), (2, 10, True, False, None)]
    assert await race.balances() == {(MEMBER_ANA, "race"): (0, 1 + 500), (MEMBER_BORIS, "race"): (0, 3)}
    said = {type(event).__name__: event for event in (decode(record).data for record in await race.said())}
    settled, granted, issued = said["ContestSettled"], said["RewardGranted"], said["EntitlementIssued"]
    assert (settled.place, settled.score, settled.participants, settled.grant_id) == (2, 10, 2, granted.grant_id)
    assert [step.text for step in granted.explanation.steps] == ["place 2 with a score of 10"]
    assert (granted.cause.kind, issued.holder, issued.way) == ("schedule", MEMBER_BORIS, "prize")
    shown = await caller.get(f"/v1/grants/{granted.grant_id}")
    assert (shown["points"], shown["explanation"]["steps"][0]["rule"], shown["lot"]["expires_at"]) == (500, "march", "2026-04-05T00:00:00Z")
    assert (await caller.get(STANDINGS))["settled_at"] == "2025-04-04T00:00:00Z"
    assert await audit(race) == []


async def test_what_comes_back_after_the_settlement_changes_no_place(caller: Caller, race: Service):
    await race.hear(bought("1", 100), bought("2", 300, MEMBER_BORIS))
    await settle(race)
    await race.hear(returned("2", merchant="track", holder=MEMBER_BORIS, occurred_at=race.clock()), bought("3", 900, at=SETTLES - timedelta(days=5)))
    assert await settle(race) == 0
    assert [each[:2] for each in await prizes(race)] == [(1, 30), (2, 10)]
    assert await places(caller, holder=MEMBER_BORIS) == [(1, 30, True), (2, 10, False)]
    assert await audit(race) == []


async def test_of_equal_scores_the_one_that_stood_first_counts_more(caller: Caller, race: Service):
    start = datetime(2025, 3, 1, tzinfo=UTC)
    await race.hear(bought("1", 100, at=start + timedelta(hours=2)), bought("2", 100, MEMBER_BORIS, at=start + timedelta(hours=1)))
    await settle(race)
    assert await places(caller, holder=MEMBER_BORIS) == [(1, 10, True), (2, 10, False)]
    assert await prizes(race) == [(1, 10, False, True, None), (2, 10, True, False, None)]


async def test_a_shared_place_brings_each_its_prize_as_far_as_there_is_enough(service: Service):
    await service.publish(RACE.replace("prizes:", "ties: shared\n    prizes:"))
    await service.hear(registered(programme="race"), registered(BORIS, programme="race"), bought("1", 100), bought("2", 100, MEMBER_BORIS))
    await settle(service)
    assert await prizes(service) == [(1, 10, False, True, None), (1, 10, False, False, "out-of-stock")]
    assert [decode(record).data.withheld for record in await service.said() if "contest" in record.topic + str(record.headers)] == [None, "out-of-stock"]
    assert await audit(service) == []


async def test_guests_take_part_only_where_they_may_and_with_all_they_did_once_they_are_members(caller: Caller, race: Service):
    await race.hear(bought("1", 500, ANAS_CARD), bought("2", 100, MEMBER_BORIS))
    assert await places(caller) == [(1, 10, False)]
    await race.hear(linked())
    assert await places(caller, holder=ANAS_CARD) == [(1, 50, True), (2, 10, False)]
    await race.hear(returned("1", back(450_00), merchant="track", holder=MEMBER_ANA, occurred_at=race.clock()))
    assert await places(caller, holder=MEMBER_ANA) == [(1, 10, False)]
    assert await audit(race) == []


async def test_everybody_may_take_part_where_the_contest_says_so(caller: Caller, service: Service):
    await service.publish(RACE.replace("until: 2025-03-31", "until: 2025-03-31\n    who: everybody"))
    await service.hear(bought("1", 100, ANAS_CARD))
    assert await places(caller) == [(1, 10, False)]
    await settle(service)
    assert await prizes(service) == [(1, 10, False, True, None)]


async def test_standings_name_nobody_and_show_so_many_as_are_asked_for(caller: Caller, race: Service):
    await race.hear(bought("1", 100), bought("2", 300, MEMBER_BORIS))
    standings = await caller.get(of(MEMBER_ANA), first=1)
    assert ([each["place"] for each in standings["first"]], standings["own"]["place"], standings["participants"]) == ([1], 2, 2)
    for secret in (str(ANA), str(BORIS), *(str(row[0]) for row in await race.fetch("select id from account"))):
        assert secret not in str(standings)
    assert standings["own"]["name"] == (await caller.get(of(MEMBER_ANA)))["own"]["name"]
    assert await caller.refused("/v1/contests/race/june") == (404, "unknown-contest")
    assert await caller.refused(STANDINGS, first=1000) == (422, "invalid-request")


async def test_whoever_asks_sees_their_own_place_however_many_share_it(caller: Caller, service: Service):
    await service.publish(RACE.replace("prizes:", "ties: shared\n    prizes:"))
    people = [UUID(int=0x100 + number, version=4) for number in range(4)]
    await service.hear(*(registered(person, programme="race") for person in people))
    await service.hear(*(bought(f"{number}", 100, member_holder(person)) for number, person in enumerate(people)))
    for _ in ("open", "settled"):
        for person in people:
            standings = await caller.get(of(member_holder(person)), first=1)
            assert (len(standings["first"]), standings["own"]["place"], standings["own"]["own"]) == (1, 1, True)
        await settle(service)


async def test_the_version_in_force_at_the_end_settles_and_a_contest_it_left_out_is_never_settled(race: Service):
    await race.hear(bought("1", 100))
    race.clock.now = datetime(2025, 3, 20, tzinfo=UTC)
    later = RACE.replace("version: 1", "version: 2").replace("2024-01-01", "2025-03-21")
    await race.publish(later[: later.index("contests:")])
    assert await settle(race) == 0
    assert await race.fetch("select from contest_result") == []


async def test_two_clocks_at_once_settle_once(race: Service):
    await race.hear(bought("1", 100), bought("2", 300, MEMBER_BORIS))
    assert sorted(await asyncio.gather(settle(race), settle(race))) == [0, 1]
    assert len(await prizes(race)) == 2
    assert await audit(race) == []


async def test_the_audit_finds_a_score_that_no_purchase_gives(race: Service):
    await race.hear(bought("1", 100))
    await race.pool.execute("update contest_score set score = 11")
    assert [(each.invariant, each.expected, each.found) for each in await audit(race)] == [("K1", "10", "11")]
