from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

from gateway.api.adjustment_examples import ADJUSTMENT_ID, ADJUSTMENT_REQUEST, BOOKED, REQUESTED, TRANSFER, TRANSFER_REQUEST, WAITING

from .builders import Owner, problem

Bearer = Callable[..., dict[str, str]]
KEY = {"idempotency-key": "desk-2/77"}
APPROVE = f"/v1/adjustments/{ADJUSTMENT_ID}/approve"


async def test_one_operator_asks_and_another_approves_each_by_their_own_token(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    olga, pavel = bearer("adjustments:write", subject="olga"), bearer("adjustments:approve", subject="pavel")
    asked = await gateway.post("/v1/adjustments", json=ADJUSTMENT_REQUEST, headers=olga | KEY)
    assert (asked.status_code, asked.json()) == (201, REQUESTED)
    assert orjson.loads(accrual.bodies[0]) == ADJUSTMENT_REQUEST
    assert (await gateway.get("/v1/adjustments", headers=bearer("adjustments:read"))).json() == WAITING
    assert (await gateway.post(APPROVE, headers=pavel | KEY)).json() == BOOKED
    assert (await gateway.get(f"/v1/adjustments/{ADJUSTMENT_ID}", headers=bearer("adjustments:read"))).json() == BOOKED
    first, _, approval, _ = accrual.asked
    assert [(each.headers["authorization"], each.headers["idempotency-key"]) for each in (first, approval)] == [
        (who["authorization"], "desk-2/77") for who in (olga, pavel)
    ]


async def test_whoever_may_ask_may_not_approve_by_that(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    answer = await gateway.post(APPROVE, headers=bearer("adjustments:write", "adjustments:read") | KEY)
    assert (answer.status_code, answer.json()["code"], accrual.asked) == (403, "scope-missing", [])


async def test_points_are_handed_on(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    done = await gateway.post("/v1/transfers", json=TRANSFER_REQUEST, headers=bearer("transfers:write") | KEY)
    assert (done.status_code, done.json(), orjson.loads(accrual.bodies[0])) == (201, TRANSFER, TRANSFER_REQUEST)
    assert accrual.asked[0].headers["idempotency-key"] == "desk-2/77"


@pytest.mark.parametrize(
    ("path", "scope", "body"),
    [
        ("/v1/adjustments", "adjustments:write", {**ADJUSTMENT_REQUEST, "points": 0}),
        ("/v1/adjustments", "adjustments:write", {**ADJUSTMENT_REQUEST, "forfeit": True}),
        ("/v1/adjustments", "adjustments:write", {**ADJUSTMENT_REQUEST, "approved_by": "olga"}),
        ("/v1/transfers", "transfers:write", {**TRANSFER_REQUEST, "points": -60}),
        ("/v1/adjustments/1/approve", "adjustments:approve", None),
    ],
)
async def test_what_is_no_such_command_reaches_nobody(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner, path: str, scope: str, body: Any):
    answer = await gateway.post(path, json=body, headers=bearer(scope) | KEY)
    assert (answer.status_code, answer.json()["code"], accrual.asked) == (422, "invalid-request", [])


@pytest.mark.parametrize(
    ("path", "scope", "body"),
    [
        ("/v1/adjustments", "adjustments:write", ADJUSTMENT_REQUEST),
        (APPROVE, "adjustments:approve", None),
        ("/v1/transfers", "transfers:write", TRANSFER_REQUEST),
    ],
)
async def test_each_command_needs_a_key_and_a_refusal_is_passed_on(
    gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner, path: str, scope: str, body: Any
):
    without = await gateway.post(path, json=body, headers=bearer(scope))
    assert (without.status_code, without.json()["code"], accrual.asked) == (400, "key-missing", [])
    accrual.answers[f"POST {path}"] = problem(422, "insufficient-points", missing=7)
    refused = await gateway.post(path, json=body, headers=bearer(scope) | KEY)
    assert (refused.status_code, refused.json()["code"], refused.json()["missing"]) == (422, "insufficient-points", 7)
