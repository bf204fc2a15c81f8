from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

from gateway.api.migration_examples import ANNOUNCED, ANNOUNCEMENT, DONE, LIVE, LOADED, OPENINGS

from .builders import Owner, problem

Bearer = Callable[..., dict[str, str]]
KEY = {"idempotency-key": "old-cards/1"}
PATH = "/v1/migrations/coffee-bonus/old-cards"


async def test_one_announces_and_another_loads_and_lets_it_count(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    mara, theo = (bearer("migrations:write", subject=who) for who in ("mara", "theo"))
    announced = await gateway.post(PATH, json=ANNOUNCEMENT, headers=mara | KEY)
    assert (announced.status_code, announced.json()) == (201, ANNOUNCED)
    assert (await gateway.post(f"{PATH}/openings", json=OPENINGS, headers=theo | KEY)).json() == DONE
    assert (await gateway.get(PATH, headers=theo)).json() == LOADED
    assert (await gateway.post(f"{PATH}/undo", headers=theo | KEY)).json() == DONE
    assert (await gateway.post(f"{PATH}/live", headers=theo | KEY)).json() == LIVE
    assert [orjson.loads(body) for body in accrual.bodies if body] == [ANNOUNCEMENT, OPENINGS, {}, {}]
    assert [each.headers["authorization"] for each in accrual.asked] == [mara["authorization"], *[theo["authorization"]] * 4]


@pytest.mark.parametrize(
    "row",
    [
        {"name": "1", "holder": "m:x", "points": 1},
        {"name": "1", "holder": OPENINGS["rows"][0]["holder"]},
        {**OPENINGS["rows"][0], "level_until": "2026-12-31"},
        {**OPENINGS["rows"][0], "points": -1},
        {**OPENINGS["rows"][0], "colour": "red"},
    ],
)
async def test_a_row_that_brings_nothing_reaches_nobody(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner, row: dict[str, Any]):
    refused = await gateway.post(f"{PATH}/openings", json={"rows": [row]}, headers=bearer("migrations:write") | KEY)
    assert (refused.status_code, refused.json()["code"], accrual.asked) == (422, "invalid-request", [])


@pytest.mark.parametrize(("step", "body"), [("", ANNOUNCEMENT), ("/openings", OPENINGS), ("/undo", None), ("/live", None)])
async def test_each_step_needs_its_scope_and_a_key_and_a_refusal_is_passed_on(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner, step: str, body: Any):
    assert (await gateway.post(PATH + step, json=body, headers=bearer("migrations:write"))).json()["code"] == "key-missing"
    assert (await gateway.post(PATH + step, json=body, headers=bearer("programmes:write") | KEY)).json()["code"] == "scope-missing"
    assert accrual.asked == []
    accrual.answers[f"POST {PATH}{step}"] = problem(403, "second-person")
    assert (await gateway.post(PATH + step, json=body, headers=bearer("migrations:write") | KEY)).json()["code"] == "second-person"
