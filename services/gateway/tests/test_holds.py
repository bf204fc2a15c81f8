from collections.abc import Callable
from typing import Any

import httpx
import orjson

from gateway.api import examples
from gateway.api.hold_examples import CAPTURED, HOLD, HOLD_ID, HOLD_REQUEST, RELEASED

from .builders import Owner, problem

Bearer = Callable[..., dict[str, str]]
KEY = {"idempotency-key": "till-7/1"}


async def post(gateway: httpx.AsyncClient, bearer: Bearer, path: str, body: Any = None) -> httpx.Response:
    return await gateway.post(f"/v1/holds{path}", json=body, headers=bearer("holds:write") | KEY)


async def test_a_hold_is_made_captured_released_and_shown(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    made = await post(gateway, bearer, "", HOLD_REQUEST)
    assert (made.status_code, made.json()) == (201, HOLD)
    assert (accrual.asked[0].headers["idempotency-key"], orjson.loads(accrual.bodies[0])) == ("till-7/1", HOLD_REQUEST)
    assert (await post(gateway, bearer, f"/{HOLD_ID}/capture", {"points": 50})).json() == CAPTURED
    assert (await post(gateway, bearer, f"/{HOLD_ID}/release")).json() == RELEASED
    assert (await gateway.get(f"/v1/holds/{HOLD_ID}", headers=bearer("holds:read"))).json() == CAPTURED


async def test_whoever_shows_an_identifier_is_found_before_points_are_put_aside(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    shown = {key: value for key, value in HOLD_REQUEST.items() if key != "holder"} | {"identifier": examples.ANAS_CARD}
    assert (await post(gateway, bearer, "", shown)).status_code == 201
    assert orjson.loads(accrual.bodies[0]) == HOLD_REQUEST


async def test_a_command_without_a_key_and_a_hold_that_is_none_reach_nobody(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    without = await gateway.post("/v1/holds", json=HOLD_REQUEST, headers=bearer("holds:write"))
    assert (without.status_code, without.json()["code"]) == (400, "key-missing")
    for wrong in ({**HOLD_REQUEST, "points": 0}, {**HOLD_REQUEST, "colour": "red"}, {"merchant": "shop"}):
        assert (await post(gateway, bearer, "", wrong)).json()["code"] == "invalid-request"
    assert accrual.asked == []


async def test_what_became_of_a_hold_before_is_passed_on(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    accrual.answers[f"POST /v1/holds/{HOLD_ID}/release"] = problem(409, "hold-captured", hold=CAPTURED, inside="secret")
    answer = await post(gateway, bearer, f"/{HOLD_ID}/release")
    assert (answer.status_code, answer.json()["code"], answer.json()["hold"]) == (409, "hold-captured", CAPTURED)
    assert "secret" not in answer.text
