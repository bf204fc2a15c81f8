from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

from gateway.api import examples

from .builders import Owner

Bearer = Callable[..., dict[str, str]]


async def register(gateway: httpx.AsyncClient, bearer: Bearer, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await gateway.post("/v1/registrations", json=examples.REGISTRATION, headers=bearer("registrations:write") | named)


async def test_a_registration_goes_on_in_the_callers_name_with_its_key(gateway: httpx.AsyncClient, bearer: Bearer, members: Owner):
    answer = await register(gateway, bearer, idempotency_key="till-7-0001")
    assert (answer.status_code, answer.json()) == (202, examples.ACCEPTED)
    assert members.asked[0].headers["idempotency-key"] == "till-7-0001"
    assert orjson.loads(members.bodies[0]) == examples.REGISTRATION


@pytest.mark.parametrize("key", ["", " ", "two words", "x" * 201])
async def test_a_registration_needs_a_key(gateway: httpx.AsyncClient, bearer: Bearer, members: Owner, key: str):
    answer = await register(gateway, bearer, **({"idempotency_key": key} if key else {}))
    assert (answer.status_code, answer.json()["code"]) == (400, "key-missing")
    assert members.asked == []


async def test_a_return_is_quoted(gateway: httpx.AsyncClient, bearer: Bearer):
    answer = await gateway.post("/v1/returns/quote", json=examples.RETURN, headers=bearer("quotes:read"))
    assert answer.json() == examples.RETURN_QUOTE


async def test_a_cart_is_quoted_and_a_guest_is_told_what_waits(gateway: httpx.AsyncClient, bearer: Bearer):
    assert (await gateway.post("/v1/quotes", json=examples.CART, headers=bearer("quotes:read"))).json() == examples.QUOTE
    assert (await gateway.post("/v1/guests/waiting", json=examples.GUEST, headers=bearer("guests:read"))).json() == examples.WAITING


def with_line(**changes: Any) -> dict[str, Any]:
    line = {**examples.CART["purchase"]["lines"][0], **changes}
    return {"purchase": {**examples.CART["purchase"], "lines": [line]}}


@pytest.mark.parametrize(
    "cart",
    [
        {**examples.CART, "holdr": "m:x"},
        {"purchase": {**examples.CART["purchase"], "discount": 1}},
        with_line(paid_amont=1),
        with_line(paid_amount=250.0),
        with_line(paid_amount="25000"),
        with_line(paid_amount=-1),
        with_line(paid_amount=2**63),
        with_line(quantity=True),
        {"purchase": {**examples.CART["purchase"], "lines": []}},
        {"purchase": {**examples.CART["purchase"], "lines": examples.CART["purchase"]["lines"] * 1001}},
        {"purchase": {**examples.CART["purchase"], "occurred_at": "2026-03-02T09:12:00"}},
        {"purchase": {**examples.CART["purchase"], "currency": "rub"}},
        {**examples.CART, "holder": "4000123412341235"},
    ],
)
async def test_a_cart_that_is_not_one_is_refused_by_its_field(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner, cart: dict[str, Any]):
    answer = await gateway.post("/v1/quotes", json=cart, headers=bearer("quotes:read"))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert answer.json()["errors"][0]["path"].startswith("body.")
    assert accrual.asked == []


async def test_a_cart_of_a_thousand_lines_is_a_cart(gateway: httpx.AsyncClient, bearer: Bearer, accrual: Owner):
    line = {**examples.CART["purchase"]["lines"][0], "name": "x" * 100}
    cart = {"purchase": {**examples.CART["purchase"], "lines": [{**line, "line_id": str(number)} for number in range(1000)]}}
    assert (await gateway.post("/v1/quotes", json=cart, headers=bearer("quotes:read"))).status_code == 200
    assert orjson.loads(accrual.bodies[0]) == cart


BAD_BODIES = {
    "no JSON": (b"{", 400),
    "bad UTF-8": (b'{"kind": "card", "value": "\xff"}', 400),
    "NaN": (b'{"kind": "card", "value": NaN}', 400),
    "a key twice": (b'{"kind": "card", "kind": "phone", "value": "1"}', 400),
    "U+0000": (b'{"kind": "card", "value": "\\u0000"}', 400),
    "deep": (b"[" * 100_000, 400),
    "nothing": (b"", 422),
    "a list": (b"[]", 422),
    "half a MB and more": (b'{"kind": "card", "value": "' + b"1" * 512 * 1024 + b'"}', 413),
}


@pytest.mark.parametrize("name", BAD_BODIES)
async def test_a_bad_body_is_a_problem_of_its_sender_and_nobody_is_asked(gateway: httpx.AsyncClient, bearer: Bearer, members: Owner, name: str):
    body, status = BAD_BODIES[name]
    headers = bearer("members:read", "accounts:read") | {"content-type": "application/json"}
    answer = await gateway.post("/v1/members/look-up", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert members.asked == []


async def test_a_refusal_never_repeats_what_was_typed(gateway: httpx.AsyncClient, bearer: Bearer):
    typed = {"kind": "phone", "value": "+7 916 000 11 22" * 30}
    answer = await gateway.post("/v1/members/look-up", json=typed, headers=bearer("members:read", "accounts:read"))
    assert answer.status_code == 422
    assert "916" not in answer.text
