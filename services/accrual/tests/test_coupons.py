"""Coupons whose codes are issued one by one, and what is used of budgets, as they are asked for by HTTP."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from contracts.envelope import Event

from .builders import ANAS_CARD, BORIS_CARD, JAM, JAM_SHOP, MEMBER_ANA, NOON, a_purchase, linked, returned
from .conftest import Caller, Service
from .test_checks import audit

ORDER = {"programme": "jam", "coupon": "birthday", "count": 2}


@pytest.fixture
async def jam(service: Service) -> Service:
    await service.publish(JAM)
    return service


def bought(purchase_id: str, *codes: str, **fields: Any) -> Event[Any]:
    return a_purchase(purchase_id, merchant=JAM_SHOP, coupons=codes, **fields)


async def issued(caller: Caller, key: str = "batch-1", **order: Any) -> list[str]:
    answer = await caller.post("/v1/coupons", ORDER | order, **{"idempotency-key": key})
    assert answer.status_code == 201, answer.text
    return list(answer.json()["codes"])


async def state(caller: Caller, code: str) -> tuple[bool, bool]:
    found = await caller.get(f"/v1/coupons/{code}", programme="jam")
    return found["used"], found["usable"]


async def test_codes_are_issued_once_for_a_key_and_used_once_each(jam: Service, caller: Caller):
    codes = await issued(caller)
    assert len({*codes}) == 2
    assert await issued(caller) == codes
    assert {*await issued(caller, "batch-2")}.isdisjoint(codes)
    assert await state(caller, codes[0]) == (False, True)
    await jam.hear(bought("1", codes[0].lower()), bought("2", codes[0], holder=BORIS_CARD))
    assert await jam.balances() == {(ANAS_CARD, "jam"): (0, 47), (BORIS_CARD, "jam"): (0, 17)}
    assert await state(caller, codes[0]) == (True, False)
    assert await state(caller, codes[1]) == (False, True)
    assert await audit(jam) == []


async def test_one_code_shown_by_many_at_once_is_used_by_one(jam: Service, caller: Caller):
    (code, _) = await issued(caller)
    purchases = [bought(str(number), code, holder=f"h1:{number:043d}") for number in range(12)]
    await asyncio.gather(*(jam.hear(*purchases[number::4], partition=number) for number in range(4)))
    assert sorted(available for _, available in (await jam.balances()).values()) == [17] * 11 + [47]
    assert await audit(jam) == []


async def test_a_code_is_usable_again_when_everything_comes_back(jam: Service, caller: Caller):
    (code, _) = await issued(caller)
    await jam.hear(bought("1", code))
    await jam.hear(returned("1", merchant=JAM_SHOP))
    assert await state(caller, code) == (False, True)
    await jam.hear(bought("2", code, holder=BORIS_CARD))
    assert await state(caller, code) == (True, False)
    assert await audit(jam) == []


async def test_a_code_lives_as_long_as_the_document_says_by_the_purchases_time(jam: Service, caller: Caller):
    (code, other) = await issued(caller)
    jam.clock.now = NOON + timedelta(days=31)
    assert await state(caller, code) == (False, False)
    await jam.hear(bought("late", code, at=jam.clock.now), bought("in time, told late", other, at=NOON + timedelta(days=29), holder=BORIS_CARD))
    assert {holder: available for (holder, _), (_, available) in (await jam.balances()).items()} == {ANAS_CARD: 17, BORIS_CARD: 47}


async def test_a_personal_code_is_of_use_to_nobody_else(jam: Service, caller: Caller):
    (code, other) = await issued(caller, holder=MEMBER_ANA, valid_until="2025-12-31T00:00:00Z")
    await jam.hear(bought("1", code, holder=BORIS_CARD), bought("2", code), linked(), bought("3", other))
    assert {holder: available for (holder, _), (_, available) in (await jam.balances()).items()} == {BORIS_CARD: 17, MEMBER_ANA: 17 + 47}


async def test_a_code_nobody_issued_is_counted_nowhere(jam: Service):
    await jam.hear(bought("1", "NEVER1SSUED"))
    assert await jam.fetch("select from shared_counter where period like 'code/%'") == []


@pytest.mark.parametrize(
    ("order", "status", "code"),
    [
        ({"programme": "nobodys"}, 404, "unknown-programme"),
        ({"coupon": "hello"}, 404, "unknown-coupon"),
        ({"valid_until": "2025-03-10T11:59:59Z"}, 422, "not-in-future"),
        ({"count": 1001}, 422, "invalid"),
        ({"sum": 1}, 422, "invalid"),
    ],
)
@pytest.mark.usefixtures("jam")
async def test_what_cannot_be_issued_is_refused(caller: Caller, order: dict[str, Any], status: int, code: str):
    answer = await caller.post("/v1/coupons", ORDER | order, **{"idempotency-key": "k"})
    assert answer.status_code == status, answer.text
    if status == 404 or code == "not-in-future":
        assert answer.json()["code"] == code


@pytest.mark.usefixtures("jam")
async def test_a_key_is_needed_and_belongs_to_one_order(caller: Caller):
    assert (await caller.post("/v1/coupons", ORDER)).json()["code"] == "key-missing"
    await issued(caller)
    assert (await caller.post("/v1/coupons", ORDER | {"count": 3}, **{"idempotency-key": "batch-1"})).status_code == 422
    assert await caller.refused("/v1/coupons/NEVER1SSUED", programme="jam") == (404, "unknown-code")


async def test_budgets_and_uses_are_shown_as_they_are(jam: Service, caller: Caller):
    await jam.hear(bought("1", "hello", "keep"), bought("2", holder=BORIS_CARD))
    found = await caller.get("/v1/programmes/jam/budgets")
    assert [(each["id"], each["what"], each["limit"], each["used"], each["left"]) for each in found["items"]] == [
        ("spring", "points", 1000, 14, 986),
        ("hello", "uses", 3, 1, 2),
        ("keepsake", "uses", 5, 1, 4),
    ]
    assert await caller.refused("/v1/programmes/nobodys/budgets") == (404, "unknown-programme")


async def test_a_quote_sees_what_is_left_and_uses_nothing(jam: Service, caller: Caller):
    cart = {"merchant": JAM_SHOP, "currency": "RUB", "coupons": ["hello"], "lines": [{"line_id": "1", "sku": "jam", "paid_amount": 10000}]}
    asked = {"holder": ANAS_CARD, "purchase": cart}
    for expected in (67, 67):
        assert (await caller.post("/v1/quotes", asked)).json()["points"] == expected
    await jam.hear(bought("1", "hello"))
    assert (await caller.post("/v1/quotes", asked)).json()["points"] == 17
