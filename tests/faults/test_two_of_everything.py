"""Two processes of each service at once: they join, freeze, wake and die with work in hand, and every event counts once."""

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack
from itertools import accumulate
from typing import Any

import httpx
import pytest

from contracts.envelope import Event
from contracts.purchases import Line, PurchaseReturned, ReturnedLine
from e2e.builders import Cast
from e2e.system import eventually
from faults.people import Joining
from faults.place import Place, Second
from shared.kafka import read_topic

OWNED = 'loyalty_consumer_partitions{topic="loyalty.purchases.v1"}'
#: So many people that every partition has some.
PEOPLE = 48
#: Whose session holds the lock that makes a process the keeper of the schedule ("schd" as a number).
_KEEPERS = """
    select client_port from pg_locks join pg_stat_activity using (pid)
    where locktype = 'advisory' and classid = 1935894628 and granted and datname = current_database()
"""
ACCEPTED, STILL_RUNNING = 202, 409
REGISTERED = b"loyalty.member.registered.v1"


@pytest.fixture
async def second(place: Place) -> Second:
    """A second process of accrual that has its share of the partitions: the one of the test before, if it lives."""
    process = next((each for each in place.seconds if each.service == "accrual" and each.alive), None) or place.start("accrual")
    await eventually(lambda: _works(place, process))
    return process


async def _works(place: Place, process: Second) -> bool:
    return bool(process.said("partitions assigned")) and await place.metric(process, OWNED) > 0


def one_each(cast: Cast, name: str) -> list[Event[Any]]:
    """A purchase of one euro by each of many people."""
    return [cast.a_purchase(cast.holder(f"{name}{number}"), total_cents=1_00) for number in range(PEOPLE)]


async def everybody_has(place: Place, cast: Cast, name: str, *, points: int) -> bool:
    """Tell whether each of those people has so many points."""
    return {await place.system.available(cast.email(f"{name}{number}")) for number in range(PEOPLE)} == {points}


async def test_a_frozen_process_is_replaced_and_changes_nothing_when_it_wakes(place: Place, cast: Cast, second: Second):
    waves = [one_each(cast, "ana") for _ in range(4)]
    await place.system.publish(*waves[0])
    await place.all_granted(waves[0])
    joined = len(second.said("partitions assigned"))
    async with AsyncExitStack() as lasting:
        async with place.nobody_may_book():
            await place.system.publish(*waves[1])
            await eventually(lambda: place.sessions(second, "wait_event_type = 'Lock'"))
            lasting.enter_context(second.frozen())
        await eventually(lambda: place.sessions(second, "state = 'idle in transaction'"))  # a batch in hand, its locks held
        with place.took("a frozen process is replaced"):
            await place.system.publish(*waves[2])
            await place.all_granted(waves[1] + waves[2])
    await eventually(lambda: len(second.said("partitions assigned")) > joined)
    await eventually(lambda: _works(place, second))
    await place.system.publish(*waves[3])
    await place.all_granted([event for wave in waves for event in wave])
    await eventually(lambda: everybody_has(place, cast, "ana", points=len(waves)))
    assert second.alive


async def test_two_hundred_events_at_once_on_one_member_are_booked_one_by_one(place: Place, cast: Cast, second: Second):
    """By eight addresses, so in as many partitions and in two processes; the cap on cake is met to the point."""
    names = tuple(f"bea{number}" for number in range(8))
    await place.system.publish(Joining(cast, names, f"{cast.token}-bea").event())
    holder = await eventually(lambda: _linked(place, [cast.holder(name) for name in names]))
    cake = (Line(line_id="1", sku="cake", category="cake", paid_amount=2_00),)
    events = [cast.a_purchase(cast.holder(names[number % len(names)]), lines=cake) for number in range(200)]
    await asyncio.gather(*(place.system.publish(*events[start::20]) for start in range(20)))
    await place.all_granted(events)
    assert {await place.system.available(cast.email(name)) for name in names} == {200 * 2 + 300}
    booked = sorted(await eventually(lambda: _rewards(place, holder, wanted=200)), key=lambda reward: reward["account_version"])
    assert [reward["account_version"] for reward in booked] == [*range(1, 201)]
    assert [reward["balance"]["available"] for reward in booked] == [*accumulate(reward["points"] for reward in booked)]
    assert second.alive


async def _linked(place: Place, identifiers: list[str]) -> str | None:
    async with place.asking("accrual") as connection:
        found = await connection.fetch("select distinct member_id from identifier where identifier = any($1) and member_id is not null", identifiers)
        count = await connection.fetchval("select count(*) from identifier where identifier = any($1) and member_id is not null", identifiers)
    return f"m:{found[0][0]}" if (len(found), count) == (1, len(identifiers)) else None


async def _rewards(place: Place, holder: str, *, wanted: int) -> list[dict[str, Any]] | None:
    found = [body for _, body in await place.system.rewards(holder)]
    return found if len(found) >= wanted else None


async def test_purchases_and_their_returns_in_two_partitions_at_once_end_at_what_is_kept(place: Place, cast: Cast, second: Second):
    """A purchase travels by its buyer, its return by its number, and once more by the buyer: three partitions, any order."""
    purchases = [cast.a_purchase(cast.holder(f"flo{number}"), total_cents=12_00) for number in range(PEOPLE)]
    returned = [_some_back(cast, purchase, at_the_till=False) for purchase in purchases]
    again = [_some_back(cast, purchase, at_the_till=True) for purchase in purchases]
    await asyncio.gather(*(place.system.publish(*events[start::4]) for start in range(4) for events in (purchases, returned, again)))
    await place.all_granted(purchases)
    expected = Counter(reversed=PEOPLE, duplicate=PEOPLE)
    await eventually(lambda: _became(place, returned + again, expected))
    await eventually(lambda: everybody_has(place, cast, "flo", points=7))
    assert second.alive


def _some_back(cast: Cast, purchase: Event[Any], *, at_the_till: bool) -> Event[Any]:
    """Five of twelve euros are given back; the till and the office both say so."""
    data = PurchaseReturned(
        merchant=purchase.data.merchant,
        purchase_id=purchase.data.purchase_id,
        holder=purchase.data.holder if at_the_till else None,
        return_id=f"{purchase.data.purchase_id}-back",
        lines=(ReturnedLine(line_id="1", quantity=500, amount=5_00),),
        currency="EUR",
        occurred_at=cast.now,
    )
    return Event(id=f"{purchase.id}-back-{at_the_till}", source=purchase.source, type=PurchaseReturned.type, time=cast.now, data=data)


async def _became(place: Place, events: list[Event[Any]], expected: Counter[str]) -> bool:
    return await place.decided(events) == expected


async def test_one_registration_at_two_gateways_and_two_processes_of_members_makes_one_member(place: Place, cast: Cast):
    members = place.start("members")
    await eventually(lambda: members.said("listening"))
    gateway = place.start("gateway", MEMBERS_URL=members.url)
    await eventually(lambda: members.said("started") and gateway.said("started"))
    same = [Joining(cast, ("cleo",), f"{cast.token}-cleo")] * 10
    others = [Joining(cast, ("cleo",), f"{cast.token}-cleo{number}") for number in range(10)]
    async with httpx.AsyncClient(base_url=gateway.url, headers=place.system.client.headers, trust_env=False, timeout=30) as there:
        doors = (place.system.client, there)
        asked = [_register(doors[number % 2], joining) for number, joining in enumerate(same + others)]
        events = [joining.event() for joining in (same[0], *others)]
        answers, _ = await asyncio.gather(asyncio.gather(*asked), place.system.publish(*events))
        assert len(set(answers[: len(same)])) == 1  # the same key has the same answer at either door
        await eventually(lambda: _heard(place, events))
        found = [(await door.post("/v1/members/look-up", json={"kind": "email", "value": cast.email("cleo")})).json()["member"] for door in doors]
    assert found[0] is not None
    assert found[0] == found[1]
    async with place.asking("members") as connection:
        assert await connection.fetchval("select count(distinct member_id) from link where identifier = $1", cast.holder("cleo")) == 1
    registered = [record async for record in read_topic(place.system.bootstrap_servers, "loyalty.members.v1") if dict(record.headers)["ce_type"] == REGISTERED]
    assert len([record for record in registered if json.loads(record.value or b"")["member_id"] == found[0]["member_id"]]) == 1
    assert (members.alive, gateway.alive) == (True, True)


async def _heard(place: Place, events: list[Event[Any]]) -> bool:
    return sum((await place.decided(events, by="members")).values()) == len(events)


async def _register(door: httpx.AsyncClient, joining: Joining) -> str:
    """Ask until there is an answer: while the other door is at it, the same key is told to wait."""

    async def answer() -> httpx.Response | None:
        response = await door.post(**joining.request())
        return None if response.status_code == STILL_RUNNING else response

    response = await eventually(answer)
    assert response.status_code == ACCEPTED, response.text
    return response.text


async def test_one_of_two_keeps_the_schedule_and_another_when_it_is_killed(place: Place, cast: Cast, second: Second):
    (keeper,) = await eventually(lambda: _keepers(place))
    before = one_each(cast, "dora")
    await place.system.publish(*before)
    if keeper in second.ports:
        second.process.kill()
    else:
        place.supervised("accrual").kill()
        place.restarts["accrual"] += 1
    with place.took("the work of a killed process goes on"):
        await place.all_granted(before)
    with place.took("… and its schedule"):
        (successor,) = await eventually(lambda: _keepers(place))
    assert successor != keeper
    await eventually(lambda: everybody_has(place, cast, "dora", points=1))


async def _keepers(place: Place) -> list[int] | None:
    async with place.asking("accrual", superuser=True) as connection:
        ports = [row[0] for row in await connection.fetch(_KEEPERS)]
    assert len(ports) <= 1
    return ports or None


async def test_a_process_that_leaves_with_a_batch_in_hand_leaves_it_to_the_other(place: Place, cast: Cast, second: Second):
    events = one_each(cast, "eve")
    async with place.nobody_may_book():
        await place.system.publish(*events)
        await eventually(lambda: place.sessions(second, "wait_event_type = 'Lock'"))
        with place.took("a process leaves whose batch cannot go on"):
            second.process.terminate()
            await eventually(lambda: not second.alive)
    with place.took("… and the other does its work"):
        await place.all_granted(events)
    assert second.process.returncode == 0
    await eventually(lambda: everybody_has(place, cast, "eve", points=1))
