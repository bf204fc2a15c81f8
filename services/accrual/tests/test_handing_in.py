"""Rewards used at a till: quoted, reserved by a hold with points or without, used by the purchase that names it, or free again."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.envelope import Event, decode
from contracts.purchases import Line
from contracts.rewards import RewardRefused

from .benefits import LIVE, ask, audited, lapse, told
from .builders import ANAS_CARD, BORIS_CARD, MEMBER_ANA, a_purchase, linked
from .conftest import Caller
from .test_reserving import counted, the_clock

SHOP = """
programme: cafe
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [cafe]
points: {name: {en: beans}, worth: 1.00}
earning:
  - {id: base, give: {points: 1, per: 1.00}}
coupons:
  - {id: spring, code: SPRING, uses: 1}
discounts:
  - {id: spring, when: {coupon: spring}, amount: 5.00}
spending: {share: 50%}
rewards:
  - {id: fifth, name: {en: A fifth less}, kind: discount, percent: 20, cost: 10, valid: 3 days}
  - {id: five, kind: discount, amount: 5.00, on: {category: [cup]}, cost: 10}
  - {id: mug, kind: gift, cost: 10}
  - {id: ticket, kind: ticket, cost: 10}
"""
LINE = {"line_id": "1", "sku": "drill", "category": "tool", "paid_amount": 100_00}


@pytest.fixture
async def cafe(caller: Caller) -> Caller:
    """Ana has a hundred beans, and Boris too."""
    await caller.service.publish(SHOP)
    for number, holder in enumerate((ANAS_CARD, BORIS_CARD)):
        await caller.service.hear(a_purchase(f"before-{number}", holder=holder, merchant="cafe", kopecks=100_00, zone="UTC"))
    return caller


async def given(cafe: Caller, reward: str, key: str = "", holder: str = ANAS_CARD) -> dict[str, Any]:
    """Give somebody a reward for ten beans."""
    status, reply = await ask(cafe, "/v1/rewards/redeem", key or reward, holder=holder, programme="cafe", reward=reward)
    assert status == 201, reply
    return reply


async def quoted(cafe: Caller, *names: str, holder: str | None = ANAS_CARD, **cart: Any) -> dict[str, Any]:
    asked = {"holder": holder, "entitlements": names, "purchase": {"merchant": "cafe", "currency": "RUB", "lines": [LINE], **cart}}
    found: dict[str, Any] = (await cafe.post("/v1/quotes", asked)).json()
    return found


async def held(cafe: Caller, quote: dict[str, Any], purchase_id: str = "p-1", **more: Any) -> httpx.Response:
    body = {"holder": ANAS_CARD, "merchant": "cafe", "purchase_id": purchase_id, "points": 0, "quote_id": quote["quote_id"], **more}
    return await cafe.post("/v1/holds", body, **{"idempotency-key": f"hold-{purchase_id}"})


async def on_hold(cafe: Caller, *rewards: str, **more: Any) -> str:
    """Reserve new rewards by a hold, and return its id."""
    names = [(await given(cafe, reward))["code"] for reward in rewards]
    answer = await held(cafe, await quoted(cafe, *names), **more)
    assert answer.status_code == 201, answer.text
    hold_id: str = answer.json()["hold_id"]
    return hold_id


async def resolved(cafe: Caller, hold_id: str, how: str, key: str = "k") -> tuple[int, dict[str, Any]]:
    return await ask(cafe, f"/v1/holds/{hold_id}/{how}", key)


def bought(hold_id: str, purchase_id: str = "p-1", *, kopecks: int = 80_00, **fields: Any) -> Event[Any]:
    lines = (Line(line_id="1", sku="drill", category="tool", paid_amount=kopecks),)
    return a_purchase(purchase_id, merchant="cafe", zone="UTC", lines=lines, hold_id=hold_id, **fields)


async def test_a_quote_takes_rewards_off_by_code_or_id_and_says_why_others_do_nothing(cafe: Caller):
    fifth, five, ticket = [await given(cafe, reward) for reward in ("fifth", "five", "ticket")]
    theirs = await given(cafe, "mug", "boris", holder=BORIS_CARD)
    names = (fifth["code"].lower(), five["entitlement_id"], ticket["code"], theirs["code"], "nonsense", fifth["entitlement_id"])
    quote = await quoted(cafe, *names)
    assert [(each["valid"], each["amount"], each["reason"]) for each in quote["entitlements"]] == [
        (True, 20_00, None), (False, 0, "no-such-goods"), (False, 0, "not-for-a-cart"), (False, 0, "unknown-entitlement"), (False, 0, "unknown-entitlement"),
    ]  # fmt: skip
    assert (quote["total_amount"], quote["discount_amount"], quote["points"]) == (80_00, 20_00, 80)
    assert "A fifth less: -20.00" in quote["receipt"]
    assert (await quoted(cafe, fifth["code"], holder=None))["entitlements"][0]["reason"] == "unknown-entitlement"


async def test_the_purchase_that_names_the_hold_uses_what_it_reserved(cafe: Caller):
    hold_id = await on_hold(cafe, "fifth", "mug", points=5)
    assert [state for _, state, _ in await cafe.service.fetch(LIVE)] == ["reserved", "reserved"]
    assert await audited(cafe.service) == []
    assert await cafe.service.hear(bought(hold_id), bought(hold_id, event_id="again")) == ["granted", "duplicate"]
    assert await cafe.service.fetch(LIVE) == [("fifth", "used", 1), ("mug", "used", 1)]
    assert await told(cafe.service) == [
        "issued fifth 1", "issued mug 1", "reserved fifth 2", "reserved mug 2", "used fifth 3", "used mug 3",
    ]  # fmt: skip
    assert await cafe.service.fetch("select distinct merchant, purchase_id from entitlement_step where step = 'used'") == [("cafe", "p-1")]
    assert (await cafe.get(f"/v1/holds/{hold_id}"))["captured"] == 5
    assert await audited(cafe.service) == []


async def test_rewards_are_reserved_without_any_points_and_so_are_coupons(cafe: Caller):
    hold_id = await on_hold(cafe, "fifth")
    answer = await held(cafe, await quoted(cafe, coupons=["SPRING"]), "p-2")
    assert (answer.status_code, answer.json()["points"], answer.json()["worth"]) == (201, 0, {"amount": 0, "currency": "RUB"})
    assert await counted(cafe) == {"coupon/spring/uses": 1}
    assert (await held(cafe, await quoted(cafe), "p-3")).json()["code"] == "nothing-to-reserve"
    assert (await cafe.post("/v1/holds", {"holder": ANAS_CARD, "merchant": "cafe", "purchase_id": "p", "points": 0}, key="k")).status_code == 422
    assert (await resolved(cafe, hold_id, "capture"))[1]["state"] == "captured"
    assert (await resolved(cafe, hold_id, "capture", "other"))[1]["code"] == "hold-captured"
    assert (await resolved(cafe, answer.json()["hold_id"], "release", "third"))[1]["state"] == "released"
    await the_clock(cafe)
    assert (await counted(cafe), await cafe.service.fetch(LIVE)) == ({}, [("fifth", "used", 1)])
    assert await audited(cafe.service) == []


@pytest.mark.parametrize("how", ["release", "the clock of holds", "the clock of rewards"])
async def test_what_was_reserved_is_free_again_when_its_hold_is_over(cafe: Caller, how: str):
    hold_id = await on_hold(cafe, "fifth", points=5, expires_in_seconds=60)
    if how == "release":
        await resolved(cafe, hold_id, "release")
    else:
        cafe.service.clock.advance(seconds=60)
        await (lapse(cafe.service) if how == "the clock of rewards" else the_clock(cafe))
        await the_clock(cafe)
    assert await cafe.service.fetch(LIVE) == [("fifth", "issued", 0)]
    assert (await told(cafe.service))[-1] == "released fifth 3"
    assert await audited(cafe.service) == []


async def test_a_late_purchase_still_uses_what_is_to_be_had_and_is_told_what_is_not(cafe: Caller):
    """Once: the same purchase said again uses nothing more."""
    hold_id = await on_hold(cafe, "fifth", "mug", expires_in_seconds=60)
    await the_clock(cafe, minutes=1)
    mug = (await cafe.service.fetch("select code from entitlement where reward = 'mug'"))[0][0]
    assert (await ask(cafe, "/v1/entitlements/use", "elsewhere", code=mug))[0] == 200
    assert await cafe.service.hear(bought(hold_id), bought(hold_id, event_id="again")) == ["granted", "duplicate"]
    assert await cafe.service.fetch(LIVE) == [("fifth", "used", 1), ("mug", "used", 1)]
    said = [decode(record).data for record in await cafe.service.said()]
    assert [each.reason for each in said if isinstance(each, RewardRefused)] == ["already-used"]
    assert (await resolved(cafe, hold_id, "capture"))[1]["code"] == "hold-captured"
    assert await audited(cafe.service) == []


async def test_twelve_tills_at_once_reserve_one_reward_once(cafe: Caller):
    code = (await given(cafe, "fifth"))["code"]
    quotes = [await quoted(cafe, code) for _ in range(12)]
    answers = await asyncio.gather(*(held(cafe, quote, f"p-{number}") for number, quote in enumerate(quotes)))
    assert sorted(answer.json().get("code", "held") for answer in answers) == ["held"] + ["quote-changed"] * 11
    assert (await quoted(cafe, code))["entitlements"][0]["reason"] == "reserved"
    assert await audited(cafe.service) == []


async def test_a_reward_whose_last_day_is_over_is_neither_quoted_nor_reserved(cafe: Caller):
    code = (await given(cafe, "fifth"))["code"]
    cafe.service.clock.now = cafe.service.clock().replace(hour=23, minute=55) + timedelta(days=3)
    quote = await quoted(cafe, code)
    assert quote["entitlements"][0]["valid"]
    cafe.service.clock.advance(minutes=5)
    assert (await held(cafe, quote)).json()["code"] == "quote-changed"
    assert (await quoted(cafe, code))["entitlements"][0]["reason"] == "expired"


@pytest.mark.parametrize("how", ["capture", "purchase", "nobody"])
async def test_a_reward_that_was_reserved_on_its_last_day_is_used_after_midnight_as_long_as_its_hold_lasts(cafe: Caller, how: str):
    code = (await given(cafe, "fifth"))["code"]
    cafe.service.clock.now = cafe.service.clock().replace(hour=23, minute=55) + timedelta(days=3)
    hold_id = (await held(cafe, await quoted(cafe, code))).json()["hold_id"]
    cafe.service.clock.advance(minutes=10)
    assert await lapse(cafe.service) == 0
    if how == "capture":
        await resolved(cafe, hold_id, "capture")
    elif how == "purchase":
        await cafe.service.hear(bought(hold_id))
    else:
        await the_clock(cafe, minutes=30)
        await lapse(cafe.service)
    assert await cafe.service.fetch(LIVE) == [("fifth", "expired", 0) if how == "nobody" else ("fifth", "used", 1)]
    assert await audited(cafe.service) == []


async def test_what_a_guest_reserved_the_member_uses(cafe: Caller):
    hold_id = await on_hold(cafe, "fifth", points=5)
    await cafe.service.hear(linked(), bought(hold_id, holder=MEMBER_ANA))
    assert await cafe.service.fetch(LIVE) == [("fifth", "used", 1)]
    assert await audited(cafe.service) == []


async def test_points_pay_for_a_share_of_the_price_after_rewards(cafe: Caller):
    quote = await quoted(cafe, (await given(cafe, "fifth"))["code"])
    assert quote["spendable"]["points"] == 40
    assert (await held(cafe, quote, points=41)).json()["code"] == "over-share"
    assert await cafe.service.fetch(LIVE) == [("fifth", "issued", 0)]
