"""Holds of a quote: everything that it counts on is reserved together, used by the purchase that names the hold, or given back."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from accrual.schedule import JOBS

from .builders import ANAS_CARD, BORIS_CARD, MEMBER_ANA, a_purchase, linked
from .conftest import Caller
from .test_checks import audit

SHOP = "tool-shop"
#: A code for two carts in all, and twenty points to be given by a campaign.
CLUB = """
programme: club
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [tool-shop]
points: {name: {en: bolts}, worth: 1.00}
earning:
  - {id: base, give: {points: 1, per: 1.00}}
campaigns:
  - id: gift
    budget: {points: 20}
    earning: [{id: twenty, give: {fixed: 20}, when: {minimum: 60.00}}]
coupons:
  - {id: spring, code: SPRING, uses: 2}
discounts:
  - {id: spring, when: {coupon: spring}, amount: 5.00}
spending: {share: 50%}
"""
CART = {"merchant": SHOP, "currency": "RUB", "lines": [{"line_id": "1", "sku": "drill", "paid_amount": 70_00}], "coupons": ["SPRING"]}


@pytest.fixture
async def club(caller: Caller) -> Caller:
    """Ana and Boris have fifty bolts each."""
    await caller.service.publish(CLUB)
    for number, holder in enumerate((ANAS_CARD, BORIS_CARD)):
        await caller.service.hear(a_purchase(f"before-{number}", holder=holder, merchant=SHOP, kopecks=50_00, zone="UTC"))
    return caller


async def quoted(club: Caller, holder: str = ANAS_CARD) -> dict[str, Any]:
    found: dict[str, Any] = (await club.post("/v1/quotes", {"holder": holder, "purchase": CART})).json()
    return found


async def held(club: Caller, quote: dict[str, Any], purchase_id: str, *, holder: str = ANAS_CARD, **more: Any) -> httpx.Response:
    body = {"holder": holder, "merchant": SHOP, "purchase_id": purchase_id, "points": 10, "quote_id": quote["quote_id"], **more}
    return await club.post("/v1/holds", body, **{"idempotency-key": f"hold-{purchase_id}"})


async def counted(club: Caller) -> dict[str, int]:
    """What is counted for all members together, by what is counted."""
    return {f"{rule}/{period}": value for rule, period, value in await club.service.fetch("select rule, period, value from shared_counter where value <> 0")}


async def the_clock(club: Caller, *, minutes: int = 0) -> None:
    club.service.clock.advance(minutes=minutes)
    for name in ("holds", "reservations"):
        (run,) = [job.run for job in JOBS if job.name == name]
        async with club.service.pool.acquire() as connection, connection.transaction():
            await run(connection, club.service.clock())


async def test_a_hold_of_a_quote_reserves_the_coupon_and_the_budget_with_the_points(club: Caller):
    one, other = await quoted(club), await quoted(club, BORIS_CARD)
    assert (one["discount_amount"], one["points"], other["points"]) == (5_00, 85, 85)
    assert (await held(club, one, "1")).status_code == 201
    assert sorted((await counted(club)).values()) == [1, 20]
    late = await quoted(club, BORIS_CARD)
    assert (late["discount_amount"], late["points"]) == (5_00, 65)  # the budget is reserved, one use of the code is left
    assert (await held(club, late, "2", holder=BORIS_CARD)).status_code == 201
    assert (await quoted(club))["coupons"][0]["reason"] == "coupon-used-up"
    assert await audit(club.service) == []


async def test_the_purchase_that_names_the_hold_uses_what_was_reserved_once(club: Caller):
    quote = await quoted(club)
    hold = (await held(club, quote, "1")).json()
    lines = a_purchase(kopecks=65_00).data.lines
    bought = a_purchase("1", merchant=SHOP, lines=lines, zone="UTC", coupons=("SPRING",), hold_id=hold["hold_id"])
    assert await club.service.hear(bought) == ["granted"]
    assert sorted((await counted(club)).values()) == [1, 20]
    assert await club.service.fetch("select from reservation") == []
    shown = await club.get("/v1/purchases", merchant=SHOP, purchase_id="1")
    assert shown["revisions"][0]["explanation"]["points"] == quote["points"] == 85
    assert (await club.get(f"/v1/holds/{hold['hold_id']}"))["state"] == "captured"
    assert await audit(club.service) == []


async def test_what_was_reserved_is_there_again_when_its_purchase_is_refused(club: Caller):
    """The till's clock is an hour ahead."""
    hold = (await held(club, await quoted(club), "1")).json()
    at = club.service.clock() + timedelta(hours=1)
    bought = a_purchase("1", merchant=SHOP, kopecks=65_00, zone="UTC", coupons=("SPRING",), hold_id=hold["hold_id"], at=at)
    assert await club.service.hear(bought) == ["refused in-the-future"]
    assert await counted(club) == {}
    assert await audit(club.service) == []


async def test_what_was_reserved_is_there_again_when_the_hold_is_released_or_its_time_is_over(club: Caller):
    hold = (await held(club, await quoted(club), "1")).json()
    await club.post(f"/v1/holds/{hold['hold_id']}/release", {}, **{"idempotency-key": "release"})
    await the_clock(club)
    assert await counted(club) == {}
    assert (await held(club, await quoted(club), "2", expires_in_seconds=60)).status_code == 201
    await the_clock(club, minutes=2)
    assert await counted(club) == {}
    assert (await quoted(club))["points"] == 85
    assert await audit(club.service) == []


async def test_what_was_reserved_is_there_again_when_the_purchase_of_a_captured_hold_never_comes(club: Caller):
    """The till took the points by a call, and was lost. Should its purchase come after all, it uses what there is then."""
    hold = (await held(club, await quoted(club), "1")).json()
    await club.post(f"/v1/holds/{hold['hold_id']}/capture", {}, **{"idempotency-key": "capture"})
    await the_clock(club, minutes=30 * 24 * 60 - 1)
    assert sorted((await counted(club)).values()) == [1, 20]
    await the_clock(club, minutes=1)
    assert (await counted(club), await club.service.fetch("select from reservation")) == ({}, [])
    bought = a_purchase("1", merchant=SHOP, kopecks=65_00, zone="UTC", coupons=("SPRING",), hold_id=hold["hold_id"])
    assert await club.service.hear(bought) == ["granted"]
    assert sorted((await counted(club)).values()) == [1, 20]
    assert await audit(club.service) == []


async def test_the_share_is_that_of_the_price_after_discounts(club: Caller):
    quote = await quoted(club)
    assert quote["spendable"]["points"] == 32  # half of 65.00
    assert (await held(club, quote, "1", points=33)).json()["code"] == "over-share"
    assert await counted(club) == {}
    assert (await held(club, quote, "2", points=33, partly=True)).json()["points"] == 32


async def test_a_quote_that_no_longer_holds_reserves_nothing(club: Caller):
    quote, others = await quoted(club), [await quoted(club, BORIS_CARD) for _ in range(2)]
    for number, each in enumerate(others):
        assert (await held(club, each, f"b-{number}", holder=BORIS_CARD)).status_code == 201
    refused = await held(club, quote, "1")
    assert (refused.status_code, refused.json()["code"]) == (422, "quote-changed")


@pytest.mark.parametrize("kind", ["code: SPRING, uses: 5", "unique: true"])
async def test_carts_held_side_by_side_use_a_coupon_no_more_often_than_its_member_may(caller: Caller, kind: str):
    await caller.service.publish(CLUB.replace("code: SPRING, uses: 2", f"{kind}, per_member: 1"))
    await caller.service.hear(a_purchase("before", merchant=SHOP, kopecks=50_00, zone="UTC"))
    codes = ["SPRING", "spring"]
    if "unique" in kind:
        codes = (await caller.post("/v1/coupons", {"programme": "club", "coupon": "spring", "count": 2}, **{"idempotency-key": "o"})).json()["codes"]
    one, other = [(await caller.post("/v1/quotes", {"holder": ANAS_CARD, "purchase": CART | {"coupons": [code]}})).json() for code in codes]
    assert one["discount_amount"] == other["discount_amount"] == 5_00
    hold = (await held(caller, one, "1")).json()
    assert (await held(caller, other, "2")).json()["code"] == "quote-changed"
    await caller.post(f"/v1/holds/{hold['hold_id']}/release", {}, **{"idempotency-key": "release"})
    assert (await held(caller, other, "3")).status_code == 201


async def test_what_a_guest_reserved_counts_for_the_member_who_claims_the_card(caller: Caller):
    await caller.service.publish(CLUB.replace("uses: 2", "uses: 5, per_member: 1"))
    await caller.service.hear(a_purchase("before", merchant=SHOP, kopecks=50_00, zone="UTC"))
    assert (await held(caller, await quoted(caller), "1")).status_code == 201
    await caller.service.hear(linked())
    late = await held(caller, await quoted(caller, MEMBER_ANA), "2", holder=MEMBER_ANA)
    assert late.json().get("code") == "quote-changed"


async def test_a_quote_is_its_holders_its_merchants_and_lives_ten_minutes(club: Caller):
    quote = await quoted(club)
    assert (await held(club, quote, "1", holder=BORIS_CARD)).json()["code"] == "quote-mismatch"
    assert (await held(club, quote, "2", merchant="corner-bakery")).json()["code"] == "quote-mismatch"
    club.service.clock.advance(minutes=10)
    late = await held(club, quote, "3")
    assert (late.status_code, late.json()["code"]) == (404, "unknown-quote")


async def test_however_many_reserve_at_once_no_more_is_reserved_than_there_is(club: Caller):
    quotes = [(holder, await quoted(club, holder)) for _ in range(6) for holder in (ANAS_CARD, BORIS_CARD)]
    asked = (held(club, quote, str(number), holder=holder, points=1) for number, (holder, quote) in enumerate(quotes))
    answers = [(answer.status_code, answer.json().get("code")) for answer in await asyncio.gather(*asked)]
    assert answers.count((201, None)) == 2
    assert answers.count((422, "quote-changed")) == 10
    assert sorted((await counted(club)).values()) == [2, 20]
    assert await audit(club.service) == []
