"""The operators' routes of every service."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY

from shared import operations
from shared.auth import Verifier, issue, read_private_key
from shared.batches.breaker import MOST_IN_A_ROW, TOO_MANY_IN_A_ROW
from shared.deadletters import gauge
from shared.ids import event_key
from shared.local.keys import LocalKeys, make_keys
from shared.service import build_api
from shared.testing import NewDatabase, eventually

from .toy_service import MIGRATIONS, SOURCE, Toy, an_event, broken, in_order
from .wire import behind_a_wire

LETTERS, REDRIVE, DISCARD = "/v1/dead-letters", "/v1/dead-letters/redrive", "/v1/dead-letters/discard"
CONSUMERS, RESUME = "/v1/consumers", "/v1/consumers/resume"
WHOLE: dict[str, Any] = {"filter": {}}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> LocalKeys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@dataclass
class Desk:
    """A toy's operators' routes, and a client with every scope."""

    toy: Toy
    client: httpx.AsyncClient
    keys: LocalKeys
    nudge: asyncio.Event
    asked: int = 0

    def token(self, *scopes: str) -> dict[str, str]:
        signed = issue(read_private_key(self.keys.jwt_private), subject="ana", scopes=scopes, audience="toy", now=self.toy.clock())
        return {"authorization": f"Bearer {signed}"}

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: dict[str, Any], *, key: str | None = None, status: int = 200) -> Any:
        self.asked += 1
        answer = await self.client.post(path, json=body, headers={"Idempotency-Key": key or f"k-{self.asked}"})
        assert answer.status_code == status, answer.text
        return answer.json()


@contextlib.asynccontextmanager
async def opened(toy: Toy, keys: LocalKeys) -> AsyncIterator[Desk]:
    verifier = Verifier.from_file(keys.jwt_public, "toy", clock=toy.clock)
    nudge = asyncio.Event()
    router = operations.routes(operations.Desk(pool=toy.pool, clock=toy.clock, verifier=verifier, nudge=nudge))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(build_api("toy", [router])), base_url="http://toy") as client:
        desk = Desk(toy, client, keys, nudge)
        client.headers.update(desk.token("operations:read", "operations:write"))
        yield desk


@pytest.fixture
async def desk(database: NewDatabase, keys: LocalKeys) -> AsyncIterator[Desk]:
    toy = Toy((await database(MIGRATIONS)).pool)
    async with opened(toy, keys) as each:
        yield each


async def test_every_route_says_its_scope_and_asks_for_it(desk: Desk):
    document = await desk.get("/openapi.json")
    told = {(method.upper(), path): said["x-access"] for path, item in document["paths"].items() for method, said in item.items()}
    assert told == {
        ("GET", LETTERS): "operations:read",
        ("GET", LETTERS + "/{key}"): "operations:read",
        ("POST", REDRIVE): "operations:write",
        ("POST", DISCARD): "operations:write",
        ("GET", CONSUMERS): "operations:read",
        ("POST", RESUME): "operations:write",
    }
    others = {"operations:read": "operations:write", "operations:write": "operations:read"}
    for (method, path), scope in told.items():
        for headers, status in ((desk.token(others[scope]), 403), ({"authorization": "Bearer no"}, 401)):
            answer = await desk.client.request(method, path.format(key="0" * 32), headers=headers, json=WHOLE if method == "POST" else None)
            assert answer.status_code == status, path


async def test_dead_letters_are_listed_newest_first_page_by_page(desk: Desk):
    for number in range(7):
        await desk.toy.settle([an_event(f"p{number}", kind="crash" if number % 2 else "poison", offset=number)])
        desk.toy.clock.advance(minutes=1)
    seen, cursor = [], None
    while True:
        page = await desk.get(LETTERS, limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"p{number}" for number in reversed(range(7))]
    first = (await desk.get(LETTERS, limit=1))["items"][0]
    assert first["reason"] == "it tastes bad"
    assert "value" not in first
    for asked, number in (
        ({"code": "bad-taste"}, 4),
        ({"code": "internal-error", "topic": "toy", "source": SOURCE, "type": "loyalty.activity.recorded.v1"}, 3),
        ({"state": "redriven"}, 0),
        ({"since": first["failed_at"]}, 1),
        ({"until": "2025-03-10T12:02:00Z"}, 3),
    ):
        assert len((await desk.get(LETTERS, **asked))["items"]) == number, asked


async def test_one_is_shown_with_its_headers_and_its_value_as_text_or_bytes(desk: Desk):
    raw = broken(value=b"\xff\xfe", headers=(("a", b"b"), ("ce_id", b"q"), ("ce_source", SOURCE.encode())))
    await desk.toy.settle(in_order([an_event("p", kind="poison"), raw]))
    text = await desk.get(f"{LETTERS}/{event_key(SOURCE, 'p').hex()}")
    assert text["value"]["encoding"] == "utf-8"
    assert json.loads(text["value"]["content"])["activity_id"] == "p"
    assert {"name": "ce_id", "value": {"encoding": "utf-8", "content": "p"}} in text["headers"]
    odd = await desk.get(f"{LETTERS}/{event_key(SOURCE, 'q').hex()}")
    assert (odd["value"], odd["state"], odd["size"] > 0) == ({"encoding": "base64", "content": "//4="}, "waiting", True)
    await desk.post(DISCARD, {"keys": [odd["key"]]})
    gone = await desk.get(f"{LETTERS}/{odd['key']}")
    assert (gone["value"], gone["headers"], gone["record_key"], gone["size"], gone["changed_by"]) == (None, [], None, 0, "ana")


async def test_the_same_command_twice_is_done_once_and_answered_alike(desk: Desk):
    await desk.toy.settle(in_order([an_event(str(number), kind="poison") for number in range(3)]))
    first = await desk.post(REDRIVE, {**WHOLE, "limit": 2}, key="once")
    assert desk.nudge.is_set()
    assert (first["count"], first["by_code"], first["matching"]) == (2, {"bad-taste": 2}, {"bad-taste": 3})
    assert await desk.post(REDRIVE, {**WHOLE, "limit": 2}, key="once") == first
    assert len(await desk.toy.sent()) == 2
    assert (await desk.post(REDRIVE, {**WHOLE, "limit": 1}, key="once", status=422))["code"] == "conflict"
    refused = await desk.client.post(REDRIVE, json=WHOLE)
    assert (refused.status_code, refused.json()["code"]) == (400, "key-missing")
    dry = await desk.client.post(REDRIVE, json={**WHOLE, "dry_run": True})
    assert (dry.json()["count"], dry.json()["dry_run"]) == (1, True)
    assert await desk.toy.sent() == []


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_a_redrive_whose_commit_got_lost_is_done_once(database: NewDatabase, keys: LocalKeys, cut: str):
    async with behind_a_wire((await database(MIGRATIONS)).url) as (pool, wire), opened(Toy(pool), keys) as desk:
        await desk.toy.settle(in_order([an_event("p", kind="poison")]))
        wire.cut = cut
        assert (await desk.post(REDRIVE, WHOLE))["count"] == 1
        assert len(await desk.toy.sent()) == 1


BODIES: list[tuple[str, dict[str, Any]]] = [
    (REDRIVE, {}),
    (REDRIVE, {"filter": {}, "keys": ["0" * 32]}),
    (REDRIVE, {"keys": ["xyz"]}),
    (REDRIVE, {"keys": []}),
    (REDRIVE, {"filter": {"colour": "red"}}),
    (REDRIVE, {"filter": {"since": "0001-01-01T00:00:00+14:00"}}),
    (DISCARD, {"filter": {"state": "gone"}}),
    (DISCARD, {"filter": {}, "limit": 501}),
    (RESUME, {}),
    (RESUME, {"partition": 1}),
    (RESUME, {"all": True, "topic": "toy"}),
    (RESUME, {"topic": "toy", "partition": 2**31}),
]
LISTS: list[dict[str, Any]] = [{"cursor": "x"}, {"cursor": "MDAwMS0wMS0wMQ=="}, {"topic": "a\0b"}, {"limit": 0}, {"state": "gone"}, {"colour": "red"}]


async def test_what_does_not_say_what_it_means_is_refused(desk: Desk):
    for path, body in BODIES:
        await desk.post(path, body, status=422)
    for asked in LISTS:
        assert (await desk.client.get(LETTERS, params=asked)).status_code == 422, asked


async def test_a_key_of_nothing_is_not_found(desk: Desk):
    answer = await desk.client.get(f"{LETTERS}/{'0' * 32}")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-dead-letter")


async def test_a_stopped_partition_is_shown_and_goes_on_with_a_fresh_window(desk: Desk):
    await desk.toy.settle_all(in_order([an_event(str(number), kind="crash") for number in range(MOST_IN_A_ROW)]))
    (shown,) = (await desk.get(CONSUMERS))["items"]
    assert (shown["topic"], shown["partition"], shown["next"], shown["pause_reason"]) == ("toy", 0, MOST_IN_A_ROW - 1, TOO_MANY_IN_A_ROW)
    assert shown["verdicts"]["dead-lettered"] == MOST_IN_A_ROW - 1
    assert (await desk.post(RESUME, {"topic": "toy", "partition": 1}))["resumed"] == []
    resumed = await desk.post(RESUME, {"topic": "toy"}, key="go")
    assert resumed == {"resumed": [{"topic": "toy", "partition": 0, "next": MOST_IN_A_ROW - 1, "reason": TOO_MANY_IN_A_ROW}]}
    assert await desk.post(RESUME, {"topic": "toy"}, key="go") == resumed
    (shown,) = (await desk.get(CONSUMERS))["items"]
    assert shown["paused_at"] is None
    row = await desk.toy.pool.fetchrow("select recent_dead, dead_in_a_row from consumer_offset")
    assert tuple(row) == ([], 0)
    assert (await desk.post(RESUME, {"all": True}))["resumed"] == []


async def test_the_gauge_tells_what_waits_and_starts_at_nothing(desk: Desk):
    def told(code: str) -> float | None:
        return REGISTRY.get_sample_value("loyalty_dead_letters_waiting", {"topic": "toy", "reason": code})

    stop = asyncio.Event()
    telling = asyncio.create_task(gauge.tell_waiting(desk.toy.pool, ["toy"], stop))
    await eventually(lambda: told("not-json") == 0)
    stop.set()
    await telling
    await desk.toy.settle(in_order([an_event("p", kind="poison"), an_event("q", kind="crash")]))
    await gauge.tell_once(desk.toy.pool, set())
    assert (told("bad-taste"), told("internal-error")) == (1, 1)
    await desk.post(DISCARD, {"filter": {"code": "bad-taste"}})
    await gauge.tell_once(desk.toy.pool, {("toy", "bad-taste")})
    assert (told("bad-taste"), told("internal-error")) == (0, 1)
