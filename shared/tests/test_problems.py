"""How HTTP says no."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter
from pydantic import BaseModel

from shared.problems import BodyGuard, Problem
from shared.service import build_api
from shared.service.api import Observed

JSON = {"content-type": "application/json"}


class Order(BaseModel):
    amount: int
    note: object = None


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    router = APIRouter(prefix="/v1")

    @router.post("/orders")
    async def order(order: Order) -> int:
        if order.amount == 12:
            raise Problem(409, "twelve", "No dozens", "Take one more.", most=11)
        if order.amount == 13:
            raise RuntimeError("canary")
        return order.amount

    app = Observed(build_api("test", [router]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def refused(client: httpx.AsyncClient, content: bytes, status: int, code: str) -> dict[str, object]:
    answer = await client.post("/v1/orders", content=content, headers=JSON)
    document: dict[str, object] = answer.json()
    assert (answer.status_code, document["status"], document["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == document["request_id"]
    return document


async def test_a_problem_has_a_code_a_request_id_and_its_extras(client: httpx.AsyncClient):
    document = await refused(client, b'{"amount":12}', 409, "twelve")
    assert (document["title"], document["detail"], document["most"]) == ("No dozens", "Take one more.", 11)
    assert document["type"] == "urn:loyalty:problem:twelve"


async def test_the_caller_may_name_the_request(client: httpx.AsyncClient):
    answer = await client.get("/v1/nowhere", headers={"x-request-id": "till-7-000042"})
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "till-7-000042"
    answer = await client.get("/v1/nowhere", headers={"x-request-id": "x\ninjected: 1"})
    assert "injected" not in answer.headers["x-request-id"]


async def test_an_invalid_request_says_where_and_why_and_not_what(client: httpx.AsyncClient):
    document = await refused(client, b'{"amount":"canary"}', 422, "invalid-request")
    assert [error["path"] for error in document["errors"]] == ["body.amount"]  # type: ignore[index, attr-defined]
    assert "canary" not in json.dumps(document)


async def test_what_nobody_foresaw_tells_nothing_from_inside(client: httpx.AsyncClient):
    document = await refused(client, b'{"amount":13}', 500, "internal-error")
    assert "canary" not in json.dumps(document)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b'{"amount":NaN}', "not-json"),
        (b'{"amount":1,"amount":2}', "duplicate-key"),
        (b'{"amount":1,"note":"\xff"}', "bad-utf8"),
        (b'{"amount":1,"note":"\\u0000"}', "nul-character"),
        (b'{"amount":1,"note":' + b"[" * 17 + b"]" * 17 + b"}", "too-deep"),
        (b'{"amount":1', "not-json"),
    ],
)
async def test_a_body_that_could_mean_two_things_is_malformed(content: bytes, fault: str, client: httpx.AsyncClient):
    assert (await refused(client, content, 400, "malformed"))["fault"] == fault


async def test_a_large_body_is_refused_with_and_without_its_length(client: httpx.AsyncClient):
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1024

    await refused(client, b"x" * 70_000, 413, "too-large")
    answer = await client.post("/v1/orders", content=stream(), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_a_path_may_take_larger_bodies_than_the_others():
    router = APIRouter()
    for path in ("/small", "/large"):
        router.post(path)(lambda order: order)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(build_api("test", [router], max_body_bytes=10, body_limits={"/large": 950_000})), base_url="http://test"
    ) as client:
        found = [(await client.post(path, content=b" " * size, headers=JSON)).json()["code"] for path, size in (("/small", 11), ("/large", 950_001))]
        assert found == ["too-large", "too-large"]
        assert (await client.post("/large", content=b"1".ljust(950_000), headers=JSON)).status_code == 422


async def test_a_body_that_never_ends_is_not_waited_for():
    sent: list[dict[str, object]] = []

    async def never() -> dict[str, object]:
        await asyncio.Event().wait()
        return {}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    guard = BodyGuard(pytest.fail, body_seconds=0.05)  # type: ignore[arg-type]
    await guard({"type": "http", "headers": []}, never, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 408


async def test_unknown_routes_and_methods_are_problems_too(client: httpx.AsyncClient):
    assert (await client.get("/v1/nowhere")).json()["code"] == "not-found"
    answer = await client.delete("/v1/orders")
    assert (answer.json()["code"], answer.headers["allow"]) == ("method-not-allowed", "POST")


async def test_a_sound_body_arrives_unchanged(client: httpx.AsyncClient):
    assert (await client.post("/v1/orders", content=b'{"amount":7, "note": {"a": [1.5]}}', headers=JSON)).json() == 7
