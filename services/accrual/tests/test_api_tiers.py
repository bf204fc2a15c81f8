"""Levels by HTTP: what a balance and a quote show, and what an operator sets by hand."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from .builders import ANAS_CARD, MEMBER_ANA, linked, registered
from .conftest import Caller, NewService, Service
from .test_checks import audit
from .test_tiers import a_climb, a_ladder, levels_told

GOLD = {"programme": "ladder", "tier": "gold", "until": "2025-03-20", "reason": "won the cup"}


@pytest.fixture
async def service(new_service: NewService) -> Service:
    made = await new_service()
    await made.publish(a_ladder())
    await made.hear(registered(programme="ladder"), linked(), a_climb("1", 120))
    return made


async def tier_of(caller: Caller, holder: str = MEMBER_ANA) -> dict[str, Any]:
    found: dict[str, Any] = (await caller.get(f"/v1/accounts/{holder}"))["accounts"][0]["tier"]
    return found


async def set_tier(caller: Caller, body: dict[str, Any], *, key: str = "k-1", holder: str = MEMBER_ANA) -> httpx.Response:
    headers = caller.headers(("tiers:write",)) | {"idempotency-key": key}
    return await caller.client.post(f"/v1/accounts/{holder}/tier", json=body, headers=headers)


async def test_a_balance_shows_the_level_and_what_is_ahead(caller: Caller):
    assert await tier_of(caller, ANAS_CARD) == {
        "level": "silver",
        "name": {},
        "until": None,
        "by_hand": False,
        "privileges": ["lounge"],
        "progress": {"money_spent": 120_00},
        "next": "gold",
        "to_next": {"money_spent": 880_00},
        "to_keep": {"money_spent": 100_00},
        "projected": "bronze",
        "changes_on": "2025-06-11",
    }
    caller.service.clock.advance(days=93)  # whether or not the clockwork was on time
    assert (await tier_of(caller))["level"] == "bronze"


async def test_a_quote_counts_with_the_level(caller: Caller):
    line = {"line_id": "1", "sku": "rope", "paid_amount": 20_00}
    cart = {"merchant": "climbing-hall", "currency": "RUB", "zone": "Europe/Moscow", "lines": [line]}
    answers = [await caller.post("/v1/quotes", {"holder": holder, "purchase": cart}) for holder in (MEMBER_ANA, "h1:" + "Z" * 43)]
    assert [answer.json()["points"] for answer in answers] == [10, 2]


async def test_an_operator_sets_a_floor_with_an_end(caller: Caller, service: Service):
    answer = await set_tier(caller, GOLD)
    assert (answer.status_code, answer.json()["level"], answer.json()["by_hand"], answer.json()["until"]) == (200, "gold", True, "2025-03-20")
    assert (await set_tier(caller, GOLD)).json() == answer.json()
    assert (await set_tier(caller, GOLD | {"tier": "silver"})).status_code == 422
    assert (await levels_told(service))[1:] == [("gold", "silver", "command", MEMBER_ANA)]
    assert await service.fetch("select number, level, operator, reason from tier_assignment") == [(1, "gold", "till-7", "won the cup")]
    service.clock.advance(days=11)
    assert await service.turn() == 1
    assert (await levels_told(service))[2:] == [("silver", "gold", "schedule", MEMBER_ANA)]
    assert await audit(service) == []


async def test_what_was_set_by_hand_is_taken_back_by_hand(caller: Caller, service: Service):
    await set_tier(caller, GOLD | {"until": None})
    service.clock.now += timedelta(hours=1)
    answer = await set_tier(caller, GOLD | {"tier": None, "until": None, "reason": "lost the cup"}, key="k-2")
    assert (answer.json()["level"], answer.json()["by_hand"]) == ("silver", False)


@pytest.mark.parametrize(
    ("change", "holder", "code"),
    [
        ({"tier": "platinum"}, MEMBER_ANA, "unknown-tier"),
        ({"until": "2025-03-09"}, MEMBER_ANA, "not-in-future"),
        ({}, "h1:" + "Z" * 43, "unknown-holder"),
    ],
)
async def test_what_cannot_be_set_is_refused_by_name(caller: Caller, service: Service, change: dict[str, Any], holder: str, code: str):
    answer = await set_tier(caller, GOLD | change, holder=holder)
    assert answer.json()["code"] == code
    assert await service.fetch("select from tier_assignment") == []


async def test_only_who_may_sets_levels(caller: Caller):
    response = await caller.client.post(f"/v1/accounts/{MEMBER_ANA}/tier", json=GOLD, headers=caller.headers() | {"idempotency-key": "k"})
    assert (response.status_code, response.json()["code"]) == (403, "scope-missing")
