"""Guests and members: nothing earned before registering is lost, whichever comes first."""

import asyncio
from collections.abc import Awaitable, Callable

from e2e.builders import PROGRAMME, Cast
from e2e.system import System, eventually


async def test_a_guest_sees_what_waits_then_registers_and_has_it(system: System, cast: Cast):
    await system.publish(cast.a_purchase(cast.holder("dan"), total_cents=20_00), cast.a_purchase(cast.holder("dan"), total_cents=5_00))

    async def waiting() -> int:
        guest = {"programme": PROGRAMME, "holder": cast.holder("dan")}  # an address anybody can type: what waits is told for its hash only
        answer = await system.client.post("/v1/guests/waiting", json=guest)
        points: int = answer.json()["points"]["available"]
        return points

    await eventually(lambda: _reaches(waiting, 25))
    assert (await system.look_up(cast.email("dan")))["member"] is None
    await system.publish(cast.a_registration("dan"))
    member_id = await eventually(lambda: _member(system, cast, "dan"))
    await eventually(lambda: _owned(system, member_id, 25))
    await eventually(lambda: _reaches(waiting, 0))


async def test_a_member_earns_with_the_identifier_from_the_start(system: System, cast: Cast):
    await system.publish(cast.a_registration("eva"))
    member_id = await eventually(lambda: _member(system, cast, "eva"))
    await system.publish(cast.a_purchase(cast.holder("eva"), total_cents=9_00))
    await eventually(lambda: _owned(system, member_id, 9))


async def test_link_and_purchases_at_once_strand_nothing(system: System, cast: Cast):
    """Twenty people buy, register and buy in the same moment, in either order; every point ends with its member."""
    names = [f"guest{number}" for number in range(20)]

    async def one(number: int, name: str) -> None:
        first, second = cast.a_purchase(cast.holder(name), total_cents=3_00), cast.a_purchase(cast.holder(name), total_cents=4_00)
        registration = cast.a_registration(name)
        order = ([first, registration, second], [registration, first, second], [first, second, registration])[number % 3]
        await asyncio.gather(*(system.publish(event) for event in order))

    await asyncio.gather(*(one(number, name) for number, name in enumerate(names)))
    for name in names:
        member_id = await eventually(lambda name=name: _member(system, cast, name))
        await eventually(lambda member_id=member_id: _owned(system, member_id, 7))


async def test_registering_twice_makes_one_member(system: System, cast: Cast):
    first, second = cast.a_registration("finn"), cast.a_registration("finn")
    await system.publish(first, first, second)
    member_id = await eventually(lambda: _member(system, cast, "finn"))
    await system.publish(cast.a_purchase(cast.holder("finn"), total_cents=2_00))
    await eventually(lambda: _owned(system, member_id, 2))
    assert await _member(system, cast, "finn") == member_id


async def _member(system: System, cast: Cast, name: str) -> str | None:
    member = (await system.look_up(cast.email(name)))["member"]
    return member["member_id"] if member else None


async def _owned(system: System, member_id: str, points: int) -> bool:
    answer = await system.client.get(f"/v1/members/{member_id}/balance")
    if answer.status_code != 200:
        return False
    return sum(account["balance"]["available"] for account in answer.json()["accounts"]) == points


async def _reaches(count: Callable[[], Awaitable[int]], wanted: int) -> bool:
    return await count() == wanted
