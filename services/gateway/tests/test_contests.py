from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

from gateway.api.contest_examples import ACTION_ID, ACTIONS, APPROVED, MY_STANDINGS, REJECTED, REJECTION, STANDINGS
from gateway.api.examples import ANA

from .builders import Owner, problem

Bearer = Callable[..., dict[str, str]]
KEY = {"idempotency-key": "desk-2/78"}
PATH = f"/v1/social-actions/{ACTION_ID}"


async def test_an_operator_decides_by_their_own_token(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    olga = bearer("social:read", "social:approve", subject="olga")
    assert (await gateway.get("/v1/social-actions", params={"state": "waiting"}, headers=olga)).json() == ACTIONS
    assert (await gateway.get(PATH, headers=olga)).json() == APPROVED
    assert (await gateway.post(f"{PATH}/approve", headers=olga | KEY)).json() == APPROVED
    assert (await gateway.post(f"{PATH}/reject", json=REJECTION, headers=olga | KEY)).json() == REJECTED
    assert accrual.asked[0].query_params["state"] == "waiting"
    assert orjson.loads(accrual.bodies[-1]) == REJECTION
    assert {(each.headers["authorization"], each.headers["idempotency-key"]) for each in accrual.asked[2:]} == {(olga["authorization"], "desk-2/78")}
    accrual.answers[f"POST {PATH}/approve"] = problem(409, "already-decided")
    assert (await gateway.post(f"{PATH}/approve", headers=olga | KEY)).json()["code"] == "already-decided"


@pytest.mark.parametrize(("what", "body"), [("approve", None), ("reject", REJECTION)])
async def test_whoever_may_look_may_not_decide_by_that(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner, what: str, body: Any):
    answer = await gateway.post(f"{PATH}/{what}", json=body, headers=bearer("social:read") | KEY)
    assert (answer.status_code, answer.json()["code"], accrual.asked) == (403, "scope-missing", [])
    assert (await gateway.post(f"{PATH}/{what}", json=body, headers=bearer("social:approve"))).json()["code"] == "key-missing"


async def test_nothing_is_rejected_without_a_reason(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    answer = await gateway.post(f"{PATH}/reject", json={"reason": ""}, headers=bearer("social:approve") | KEY)
    assert (answer.status_code, answer.json()["code"], accrual.asked) == (422, "invalid-request", [])


async def test_a_member_sees_their_own_place_and_a_site_nobodys(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    answer = await gateway.get("/v1/me/contests/coffee-bonus/spring", params={"holder": "m:other"}, headers=bearer("member", subject=ANA))
    assert answer.json() == MY_STANDINGS
    everybodys = await gateway.get("/v1/contests/coffee-bonus/spring", params={"first": 3}, headers=bearer("accounts:read"))
    assert everybodys.json() == STANDINGS
    assert [each.url.path for each in accrual.asked] == [f"/v1/accounts/m:{ANA}/contests/coffee-bonus/spring", "/v1/contests/coffee-bonus/spring"]
    assert [dict(each.query_params) for each in accrual.asked] == [{"first": "10"}, {"first": "3"}]
    assert (await gateway.get("/v1/contests/coffee-bonus/spring", params={"first": 101}, headers=bearer("accounts:read"))).status_code == 422
