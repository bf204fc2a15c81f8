"""What the gateway makes of owners that are down, late, confused or hostile, and what it hands on of what they say."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import orjson
import pytest

from gateway.api import examples

from .builders import JSON, Owner, flood, nobody_listens, problem, says, silence

Bearer = Callable[..., dict[str, str]]
Start = Callable[..., Awaitable[httpx.AsyncClient]]

BALANCE = f"/v1/members/{examples.ANA}/balance"
ASKED = f"GET /v1/accounts/m:{examples.ANA}"


async def hang_up(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"500")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
    raise ConnectionAbortedError


FAULTS: dict[str, Any] = {
    "answers without end": flood,
    "hangs up": hang_up,
    "fails": problem(500, "internal-error", detail="Traceback: password=hunter2"),
    "is starting": problem(503, "unavailable"),
    "answers another shape": says(200, b'{"holder": 1}'),
    "answers no JSON": says(200, b"<html>hunter2</html>"),
    "answers nothing": says(200, b""),
    "answers an empty success": says(204, b""),
    "sends elsewhere": says(307, b""),
    "refuses in another language": says(404, b"<html>hunter2</html>", "text/html"),
    "refuses without a code": says(404, b'{"title": "hunter2"}', "application/problem+json"),
    "does not believe the token": problem(401, "token-invalid", detail="hunter2"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_owner_that_gives_no_answer_is_a_503_that_says_when_to_ask_again(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner, fault: str):
    accrual.answers[ASKED] = FAULTS[fault]
    answer = await gateway.get(BALANCE, headers=bearer("accounts:read"))
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "service-unavailable", "1")
    assert "hunter2" not in answer.text


async def test_an_owner_that_never_answers_is_waited_for_no_longer_than_the_deadline(gateway_with: Start, bearer: Bearer, accrual: Owner):
    accrual.answers[ASKED] = silence
    gateway = await gateway_with(GATEWAY_QUERY_SECONDS="0.3")
    async with asyncio.timeout(10):
        answer = await gateway.get(BALANCE, headers=bearer("accounts:read"))
    assert (answer.status_code, answer.json()["code"]) == (503, "service-unavailable")


async def test_an_owner_that_is_down_is_a_503_and_is_asked_again_next_time(gateway_with: Start, bearer: Bearer):
    gateway = await gateway_with(ACCRUAL_URL=await nobody_listens())
    for _ in range(2):
        answer = await gateway.get(BALANCE, headers=bearer("accounts:read"))
        assert (answer.status_code, answer.json()["code"]) == (503, "service-unavailable")


async def test_a_connection_that_was_cut_is_no_reason_to_fail_a_question(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    asked: list[int] = []

    async def once_cut(scope: Any, receive: Any, send: Any) -> None:
        asked.append(1)
        await (hang_up if len(asked) == 1 else says(200, orjson.dumps(examples.BALANCE)))(scope, receive, send)

    accrual.answers[ASKED] = once_cut
    answer = await gateway.get(BALANCE, headers=bearer("accounts:read"))
    assert (answer.status_code, len(asked)) == (200, 2)


async def test_a_command_is_never_sent_twice(gateway: httpx.AsyncClient, bearer: Bearer, members: Owner):
    members.answers["POST /v1/registrations"] = hang_up
    headers = bearer("registrations:write") | {"idempotency-key": "once"}
    answer = await gateway.post("/v1/registrations", json=examples.REGISTRATION, headers=headers)
    assert (answer.status_code, len(members.asked)) == (503, 1)


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "malformed"), (403, "scope-missing"), (404, "unknown-holder"), (409, "still-running"), (422, "conflict"), (429, "too-many-requests")],
)
async def test_an_owners_problem_reaches_the_caller_with_its_code_and_nothing_more(
    gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner, status: int, code: str
):
    accrual.answers[ASKED] = problem(status, code, detail="Look again.", errors=[{"path": "value"}], pod="accrual-7", request_id="inner")
    answer = await gateway.get(BALANCE, headers=bearer("accounts:read") | {"x-request-id": "outer-0001"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers.get("retry-after") == ("7" if status == 429 else None)
    assert answer.json() == {
        "type": f"urn:loyalty:problem:{code}",
        "title": "No",
        "status": status,
        "code": code,
        "detail": "Look again.",
        "errors": [{"path": "value"}],
        "request_id": "outer-0001",
    }


async def test_a_request_is_found_by_the_same_marks_everywhere(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    answer = await gateway.get(BALANCE, headers=bearer("accounts:read") | {"x-request-id": "till-7-0001", "traceparent": trace})
    assert answer.headers["x-request-id"] == accrual.asked[0].headers["x-request-id"] == "till-7-0001"
    assert accrual.asked[0].headers["traceparent"] == trace


async def test_a_callers_other_headers_stay_outside(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    await gateway.get(BALANCE, headers=bearer("accounts:read") | {"cookie": "session=1", "x-forwarded-for": "10.0.0.1", "idempotency-key": "k"})
    assert not {"cookie", "x-forwarded-for", "idempotency-key"} & set(accrual.asked[0].headers)
    assert accrual.asked[0].headers["accept"] == JSON
