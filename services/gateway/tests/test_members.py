from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import orjson
import pytest

from gateway.api import examples
from shared.auth import Verifier
from shared.local.keys import LocalKeys

from .builders import Owner, nobody_listens, problem, says, silence

Bearer = Callable[..., dict[str, str]]
Start = Callable[..., Awaitable[httpx.AsyncClient]]

TILL = ("members:read", "accounts:read")


async def look_up(gateway: httpx.AsyncClient, bearer: Bearer) -> httpx.Response:
    return await gateway.post("/v1/members/look-up", json=examples.ANAS_CARD, headers=bearer(*TILL))


async def test_a_card_finds_the_member_and_the_points(gateway: httpx.AsyncClient, bearer: Bearer):
    answer = await look_up(gateway, bearer)
    assert answer.status_code == 200
    assert answer.json() == examples.LOOK_UP


async def test_the_gateway_resolves_in_its_own_name_and_asks_for_the_parts_in_the_callers(
    gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner, members: Owner, keys: LocalKeys
):
    verifier = Verifier.from_file(keys.jwt_public, "loyalty")
    await look_up(gateway, bearer)
    resolve, member = (verifier.verify(request.headers["authorization"].removeprefix("Bearer ")) for request in members.asked)
    assert (resolve.subject, resolve.scopes) == ("gateway", {"identifiers:resolve"})
    assert (member.subject, member.scopes) == ("till-7", set(TILL))
    assert verifier.verify(accrual.asked[0].headers["authorization"].removeprefix("Bearer ")).subject == "till-7"


async def test_a_guests_card_finds_the_points_that_wait(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner, members: Owner):
    members.answers["POST /v1/identifiers/resolve"] = {"identifier": examples.ANAS_CARD_HASH, "member_id": None}
    accrual.answers[f"GET /v1/accounts/{examples.ANAS_CARD_HASH}"] = {**examples.BALANCE, "holder": examples.ANAS_CARD_HASH, "unclaimed": True}
    found = (await look_up(gateway, bearer)).json()
    assert (found["member"], found["accounts"], found["unavailable"]) == (None, [examples.ACCOUNT], [])


async def test_a_card_that_nobody_has_used_has_no_accounts_and_nothing_is_missing(gateway: httpx.AsyncClient, bearer: Bearer, members: Owner):
    members.answers["POST /v1/identifiers/resolve"] = {"identifier": "h1:" + "A" * 43, "member_id": None}
    found = (await look_up(gateway, bearer)).json()
    assert (found["member"], found["accounts"], found["unavailable"]) == (None, [], [])


@pytest.mark.parametrize("answer", [silence, problem(500, "internal-error"), {"holder": "?"}], ids=["late", "failed", "wrong"])
async def test_a_look_up_says_that_accounts_are_missing_and_still_shows_the_member(gateway_with: Start, bearer: Bearer, accrual: Owner, answer: Any):
    accrual.answers[f"GET /v1/accounts/m:{examples.ANA}"] = answer
    found = await look_up(await gateway_with(GATEWAY_QUERY_SECONDS="1" if answer is silence else "10"), bearer)
    assert found.status_code == 200
    assert found.json() == {**examples.LOOK_UP, "accounts": None, "unavailable": ["accounts"]}


async def test_a_look_up_is_answered_while_accrual_is_down(gateway_with: Start, bearer: Bearer):
    found = await look_up(await gateway_with(ACCRUAL_URL=await nobody_listens()), bearer)
    assert found.json() == {**examples.LOOK_UP, "accounts": None, "unavailable": ["accounts"]}


async def test_a_look_up_says_that_the_member_is_missing_and_still_shows_the_points(gateway: httpx.AsyncClient, bearer: Bearer, members: Owner):
    members.answers[f"GET /v1/members/{examples.ANA}"] = problem(503, "unavailable")
    assert (await look_up(gateway, bearer)).json() == {**examples.LOOK_UP, "member": None, "unavailable": ["member"]}


async def test_a_member_who_is_gone_since_is_no_member(gateway: httpx.AsyncClient, bearer: Bearer, members: Owner):
    members.answers[f"GET /v1/members/{examples.ANA}"] = problem(404, "unknown-member")
    assert (await look_up(gateway, bearer)).json() == {**examples.LOOK_UP, "member": None}


async def test_nothing_can_be_looked_up_while_nobody_can_resolve(gateway_with: Start, bearer: Bearer):
    answer = await look_up(await gateway_with(MEMBERS_URL=await nobody_listens()), bearer)
    assert (answer.status_code, answer.json()["code"]) == (503, "service-unavailable")


async def test_what_is_sent_on_is_what_was_checked(gateway: httpx.AsyncClient, bearer: Bearer, members: Owner):
    await look_up(gateway, bearer)
    assert orjson.loads(members.bodies[0]) == examples.ANAS_CARD
    assert b"4000" not in b"".join(request.url.path.encode() + request.url.query.encode() for request in members.asked)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (f"/v1/members/{examples.ANA}/history?limit=7&programme=coffee-bonus&cursor=Mg", {"limit": "7", "programme": "coffee-bonus", "cursor": "Mg"}),
        (f"/v1/members/{examples.ANA}/history", {"limit": "50"}),
    ],
)
async def test_a_page_of_history_is_asked_as_the_caller_asked(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner, path: str, asked: dict[str, str]):
    answer = await gateway.get(path, headers=bearer("accounts:read"))
    assert answer.json() == examples.HISTORY
    assert dict(accrual.asked[0].query_params) == asked


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=many", "cursor=" + "x" * 501, "page=2"])
async def test_a_page_that_does_not_exist_is_refused_before_anybody_is_asked(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner, query: str):
    answer = await gateway.get(f"/v1/members/{examples.ANA}/history?{query}", headers=bearer("accounts:read"))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert accrual.asked == []


async def test_an_owner_may_say_more_than_the_gateway_shows(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    more: Any = {**examples.BALANCE, "shard": 3, "accounts": [{**examples.ACCOUNT, "account_id": "inside"}]}
    accrual.answers[f"GET /v1/accounts/m:{examples.ANA}"] = says(200, orjson.dumps(more))
    answer = await gateway.get(f"/v1/members/{examples.ANA}/balance", headers=bearer("accounts:read"))
    assert answer.json() == examples.BALANCE
    assert answer.headers["cache-control"] == "no-store"
