from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

from gateway.api.draft_examples import DOCUMENT, DRAFT, DRAFT_ID, DRAW, PUBLISHED, REVIEWED, WAITING
from gateway.api.reward_examples import RAFFLE

from .builders import Owner, problem

Bearer = Callable[..., dict[str, str]]
KEY = {"idempotency-key": "spring/1"}
PATH = "/v1/programme-drafts"
YAML = "programme: coffee-bonus  # as somebody wrote it\nversion: 4\n"


async def test_a_version_is_proposed_by_one_and_approved_by_another(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    mara, theo = bearer("programmes:write", subject="mara"), bearer("programmes:approve", subject="theo")
    asked = await gateway.post(PATH, content=YAML, headers=mara | KEY | {"content-type": "application/yaml; charset=utf-8"})
    assert (asked.status_code, asked.json()) == (201, DRAFT)
    assert (accrual.bodies[0].decode(), accrual.asked[0].headers["content-type"]) == (YAML, "application/yaml")
    assert (await gateway.get(PATH, headers=bearer("programmes:read"))).json() == WAITING
    assert (await gateway.get(f"{PATH}/{DRAFT_ID}", headers=bearer("programmes:read"))).json() == REVIEWED
    assert (await gateway.post(f"{PATH}/{DRAFT_ID}/approve", headers=theo | KEY)).json() == PUBLISHED
    first, _, _, approval = accrual.asked
    assert [(each.headers["authorization"], each.headers["idempotency-key"]) for each in (first, approval)] == [
        (who["authorization"], "spring/1") for who in (mara, theo)
    ]


async def test_json_is_taken_too_and_nothing_else(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    writer = bearer("programmes:write") | KEY
    assert (await gateway.post(PATH, json=DOCUMENT, headers=writer)).json() == DRAFT
    assert (orjson.loads(accrual.bodies[0]), accrual.asked[0].headers["content-type"]) == (DOCUMENT, "application/json")
    refused = await gateway.post(PATH, content=YAML, headers=writer | {"content-type": "text/plain"})
    assert (refused.status_code, refused.json()["code"], len(accrual.asked)) == (415, "unsupported-media-type", 1)


async def test_a_refused_document_names_its_faults(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    errors = [{"line": 2, "path": "version", "message": "version 4 is published already", "advice": "write version: 5"}]
    accrual.answers[f"POST {PATH}"] = problem(422, "invalid-document", errors=errors)
    refused = await gateway.post(PATH, json=DOCUMENT, headers=bearer("programmes:write") | KEY)
    assert (refused.status_code, refused.json()["code"], refused.json()["errors"]) == (422, "invalid-document", errors)


async def test_whoever_may_propose_may_not_approve_by_that(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    answer = await gateway.post(f"{PATH}/{DRAFT_ID}/approve", headers=bearer("programmes:write", "programmes:read") | KEY)
    assert (answer.status_code, answer.json()["code"], accrual.asked) == (403, "scope-missing", [])


async def test_a_draw_is_promised_and_drawn_by_whoever_may(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    path, drawer = "/v1/raffles/coffee-bonus/spring", bearer("raffles:draw") | KEY
    assert (await gateway.post(f"{path}/commitment", headers=drawer)).json() == RAFFLE
    assert (await gateway.post(f"{path}/draw", json=DRAW, headers=drawer)).json() == RAFFLE
    assert [orjson.loads(body) for body in accrual.bodies] == [{}, DRAW]
    accrual.answers[f"POST {path}/draw"] = problem(409, "already-drawn")
    assert (await gateway.post(f"{path}/draw", json=DRAW, headers=drawer)).json()["code"] == "already-drawn"


@pytest.mark.parametrize(
    ("path", "scope", "body"),
    [
        (PATH, "programmes:write", DOCUMENT),
        (f"{PATH}/{DRAFT_ID}/approve", "programmes:approve", None),
        ("/v1/raffles/coffee-bonus/spring/commitment", "raffles:draw", None),
        ("/v1/raffles/coffee-bonus/spring/draw", "raffles:draw", DRAW),
    ],
)
async def test_each_command_needs_its_scope_and_a_key(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner, path: str, scope: str, body: Any):
    assert (await gateway.post(path, json=body, headers=bearer(scope))).json()["code"] == "key-missing"
    assert (await gateway.post(path, json=body, headers=bearer("accounts:read") | KEY)).json()["code"] == "scope-missing"
    assert accrual.asked == []
