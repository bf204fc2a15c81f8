from collections.abc import Callable

import httpx
import orjson

from gateway.api.coupon_examples import CODE, CODES, LIMITS, ORDER, STATE

from .builders import Owner, problem

Bearer = Callable[..., dict[str, str]]
KEY = {"idempotency-key": "spring/1"}


async def test_codes_are_issued_and_looked_up(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    made = await gateway.post("/v1/coupons", json=ORDER, headers=bearer("coupons:write") | KEY)
    assert (made.status_code, made.json()) == (201, CODES)
    assert (accrual.asked[0].headers["idempotency-key"], orjson.loads(accrual.bodies[0])) == ("spring/1", ORDER)
    found = await gateway.get(f"/v1/coupons/{CODE}", params={"programme": "coffee-bonus"}, headers=bearer("coupons:read"))
    assert found.json() == STATE
    assert accrual.asked[1].query_params["programme"] == "coffee-bonus"


async def test_what_cannot_be_issued_reaches_nobody_or_is_passed_on(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    for wrong in (ORDER | {"count": 0}, ORDER | {"count": 1001}, ORDER | {"colour": "red"}, {}):
        assert (await gateway.post("/v1/coupons", json=wrong, headers=bearer("coupons:write") | KEY)).json()["code"] == "invalid-request"
    assert (await gateway.post("/v1/coupons", json=ORDER, headers=bearer("coupons:write"))).json()["code"] == "key-missing"
    assert accrual.asked == []
    accrual.answers["POST /v1/coupons"] = problem(404, "unknown-coupon")
    assert (await gateway.post("/v1/coupons", json=ORDER, headers=bearer("coupons:write") | KEY)).json()["code"] == "unknown-coupon"


async def test_what_is_left_of_budgets_is_asked_each_time(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    for _ in range(2):
        assert (await gateway.get("/v1/programmes/coffee-bonus/budgets", headers=bearer("programmes:read"))).json() == LIMITS
    assert len(accrual.asked) == 2
