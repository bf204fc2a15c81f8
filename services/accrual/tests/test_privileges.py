"""Privileges of a level: used so often in a period, whoever asks, and however many at once."""

import asyncio
from datetime import timedelta

import pytest

from .benefits import CAFE, ask, audited, redeem
from .builders import ANAS_CARD, MEMBER_ANA, a_purchase, linked, returned
from .conftest import Caller, Service
from .test_entitlements import visit

pytestmark = pytest.mark.usefixtures("cafe")


@pytest.fixture
async def cafe(service: Service) -> None:
    await service.publish(CAFE)


async def test_a_privilege_of_a_level_is_used_so_often_a_month(service: Service, caller: Caller):
    async def sauna(key: str) -> tuple[int, str | int]:
        status, answer = await ask(caller, "/v1/privileges/use", key, holder=ANAS_CARD, programme="cafe", privilege="sauna", place="hall-1")
        return status, answer.get("uses_left", answer.get("code"))

    await visit(service)
    assert await sauna("a") == (409, "tier-needed")
    assert (await caller.get(f"/v1/accounts/{ANAS_CARD}/rewards"))["programmes"][0]["privileges"] == []
    await visit(service, "p-2")
    await visit(service, "p-3")
    assert [await sauna(key) for key in "bccd"] == [(200, 1), (200, 0), (200, 0), (409, "already-used")]
    (shown,) = (await caller.get(f"/v1/accounts/{ANAS_CARD}/rewards"))["programmes"][0]["privileges"]
    assert (shown["name"], shown["uses"], shown["uses_left"]) == ({"en": "Sauna"}, 2, 0)
    service.clock.now += timedelta(days=31)
    assert await sauna("e") == (200, 1)
    assert (await redeem(caller, "lounge"))[0] == 201


async def test_what_is_left_of_a_privilege_goes_with_the_level(service: Service, caller: Caller):
    for number in range(3):
        await visit(service, f"p-{number}")
    body = {"holder": ANAS_CARD, "programme": "cafe", "privilege": "sauna"}
    _, opened = await ask(caller, "/v1/privileges/use", "a", **body)
    assert opened["uses_left"] == 1
    await service.hear(returned("p-2", merchant="cafe"))
    named = {"code": opened["code"]}
    assert [(await ask(caller, f"/v1/{path}/use", path, **said))[1]["code"] for path, said in (("privileges", body), ("entitlements", named))] == [
        "tier-needed"
    ] * 2
    await visit(service, "p-4")
    assert (await ask(caller, "/v1/entitlements/use", "b", **named))[1]["state"] == "used"


@pytest.mark.parametrize("member_was_there", [False, True])
async def test_what_a_guest_used_of_a_privilege_the_member_cannot_use_again(service: Service, caller: Caller, member_was_there: bool):  # noqa: FBT001  pytest
    """Two of the month: one on the card, one by the member, before the card is claimed or after."""
    for holder in (ANAS_CARD, MEMBER_ANA):
        await service.hear(*(a_purchase(f"{holder}-{number}", merchant="cafe", holder=holder) for number in range(3)))

    async def sauna(key: str, holder: str) -> int:
        return (await ask(caller, "/v1/privileges/use", key, holder=holder, programme="cafe", privilege="sauna"))[0]

    assert await sauna("guest", ANAS_CARD) == 200
    if member_was_there:
        assert await sauna("member", MEMBER_ANA) == 200
    await service.hear(linked())
    assert member_was_there or await sauna("member", MEMBER_ANA) == 200
    assert await sauna("once-more", MEMBER_ANA) == 409
    (shown,) = (await caller.get(f"/v1/accounts/{MEMBER_ANA}/rewards"))["programmes"][0]["privileges"]
    assert shown["uses_left"] == 0
    for (code,) in await service.fetch("select code from entitlement where way = 'privilege'"):
        assert (await ask(caller, "/v1/entitlements/use", code, code=code))[1]["code"] == "already-used"
    assert await audited(service) == []


async def test_many_uses_of_a_privilege_at_once_are_no_more_than_there_are(service: Service, caller: Caller):
    for number in range(3):
        await visit(service, f"p-{number}")
    body = {"holder": ANAS_CARD, "programme": "cafe", "privilege": "sauna"}
    answers = await asyncio.gather(*(ask(caller, "/v1/privileges/use", f"k-{number}", **body) for number in range(20)))
    assert sorted(status for status, _ in answers) == [200] * 2 + [409] * 18
