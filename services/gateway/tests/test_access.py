"""Who may ask what: every operation of the document against every kind of caller."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from itertools import chain
from typing import Any

import httpx
import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from gateway.api import examples
from gateway.app import openapi_text
from shared.auth import Verifier, issue, read_private_key
from shared.clock import utc_now
from shared.local.keys import LocalKeys

from .builders import Operation, Owner, operations

ALL_OPERATIONS = operations(orjson.loads(openapi_text()))
OPERATIONS = [operation for operation in ALL_OPERATIONS if operation.scopes != ["public"]]
EVERY_SCOPE = {*chain.from_iterable(operation.scopes for operation in OPERATIONS), "identifiers:resolve", "programmes:write"}
SOMEBODY_ELSE = "7d1a4a52-0000-4d0b-9a5e-2f1d3c4b5a69"

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)
Bearer = Callable[..., dict[str, str]]


async def call(gateway: httpx.AsyncClient, operation: Operation, authorization: dict[str, str]) -> httpx.Response:
    example = operation.example()
    return await gateway.request(**{**example, "headers": example["headers"] | authorization})


@every_operation
async def test_nobody_without_a_token(gateway: httpx.AsyncClient, operation: Operation, accrual: Owner, members: Owner):
    answer = await call(gateway, operation, {})
    assert (answer.status_code, answer.json()["code"], answer.headers["www-authenticate"]) == (401, "token-missing", "Bearer")
    assert accrual.asked == members.asked == []


def test_only_terms_and_what_draws_promise_are_for_anybody():
    assert {str(operation) for operation in ALL_OPERATIONS if operation not in OPERATIONS} == {
        "GET /v1/programmes/{programme}/terms",
        "GET /v1/raffles/{programme}/{raffle}",
        "GET /v1/surprises/{programme}/{surprise}",
    }


@every_operation
async def test_nobody_with_all_scopes_but_the_one_that_is_needed(
    gateway: httpx.AsyncClient, operation: Operation, bearer: Bearer, accrual: Owner, members: Owner
):
    for needed in operation.scopes:
        answer = await call(gateway, operation, bearer(*EVERY_SCOPE - {needed}, subject=examples.ANA))
        assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    assert accrual.asked == members.asked == []


@every_operation
async def test_a_caller_with_the_scope_and_no_other_is_answered(gateway: httpx.AsyncClient, operation: Operation, bearer: Bearer):
    answer = await call(gateway, operation, bearer(*operation.scopes, subject=examples.ANA))
    assert answer.status_code == operation.success[0]


MEMBERS_OWN = [operation for operation in OPERATIONS if operation.scopes == ["member"]]


@pytest.mark.parametrize("path", [operation.path for operation in MEMBERS_OWN if operation.method == "get"])
async def test_a_member_sees_nobody_else(gateway: httpx.AsyncClient, bearer: Bearer, path: str, accrual: Owner, members: Owner):
    answer = await gateway.get(path, headers=bearer("member", subject=SOMEBODY_ELSE), params={"programme": "m"} if "history" in path else {})
    assert answer.status_code == 404
    assert [request.url.path for request in accrual.asked + members.asked] == [
        {"/v1/me": f"/v1/members/{SOMEBODY_ELSE}"}.get(path, f"/v1/accounts/m:{SOMEBODY_ELSE}" + path.removeprefix("/v1/me").removeprefix("/balance"))
    ]


@pytest.mark.parametrize("operation", [operation for operation in MEMBERS_OWN if operation.method == "post"], ids=str)
async def test_a_member_acts_for_nobody_else_and_shares_no_key(gateway: httpx.AsyncClient, operation: Operation, bearer: Bearer, accrual: Owner):
    for subject in (SOMEBODY_ELSE, examples.ANA, examples.ANA):
        await call(gateway, operation, bearer("member", subject=subject))
    assert [orjson.loads(body)["holder"] for body in accrual.bodies] == [f"m:{SOMEBODY_ELSE}", f"m:{examples.ANA}", f"m:{examples.ANA}"]
    other, mine, again = (request.headers["idempotency-key"] for request in accrual.asked)
    assert other != mine == again
    body = orjson.loads(operation.example()["content"]) | {"holder": f"m:{SOMEBODY_ELSE}"}
    await gateway.post(operation.path, json=body, headers=bearer("member", subject=examples.ANA) | {"idempotency-key": "k"})
    assert {orjson.loads(sent)["holder"] for sent in accrual.bodies[3:]} <= {f"m:{examples.ANA}"}


@every_operation
async def test_a_members_token_opens_only_the_members_own_door(gateway: httpx.AsyncClient, operation: Operation, bearer: Bearer):
    answer = await call(gateway, operation, bearer("member", subject=examples.ANA))
    assert answer.status_code == (operation.success[0] if operation.path.startswith("/v1/me") and operation.scopes == ["member"] else 403)


@pytest.mark.parametrize("subject", ["till-7", "m:" + examples.ANA, f"{examples.ANA}/../{SOMEBODY_ELSE}", examples.ANA + "\n", "{}", "urn:uuid:x"])
async def test_a_token_for_a_member_names_one(gateway: httpx.AsyncClient, bearer: Bearer, subject: str, accrual: Owner, members: Owner):
    answer = await gateway.get("/v1/me", headers=bearer("member", subject=subject))
    assert (answer.status_code, answer.json()["code"]) == (403, "not-a-member")
    assert accrual.asked == members.asked == []


async def test_the_gateway_asks_for_a_member_in_its_own_name_with_one_scope_for_five_minutes(
    gateway: httpx.AsyncClient, bearer: Bearer, keys: LocalKeys, accrual: Owner
):
    await gateway.get("/v1/me/balance", headers=bearer("member", subject=examples.ANA))
    sent = accrual.asked[0].headers["authorization"].removeprefix("Bearer ")
    assert Verifier.from_file(keys.jwt_public, "loyalty").verify(sent).scopes == {"accounts:read"}
    claims = jwt.decode(sent, OKPKey.import_key(keys.jwt_public.read_bytes()), algorithms=["Ed25519"]).claims
    assert (claims["sub"], claims["exp"] - claims["iat"]) == ("gateway", 300)


def by_hand(algorithm: str, claims: dict[str, Any], secret: bytes) -> str:
    """Make a token that the library rightly refuses to make."""
    parts = [urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=") for part in ({"alg": algorithm, "typ": "JWT"}, claims)]
    signature = hmac.digest(secret, b".".join(parts), "sha256") if secret else b""
    return b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def forged(keys: LocalKeys) -> dict[str, str]:
    ours = read_private_key(keys.jwt_private)
    now = utc_now()
    good = {"subject": examples.ANA, "scopes": EVERY_SCOPE, "audience": "loyalty", "now": now}
    claims = {"iss": "loyalty", "sub": examples.ANA, "aud": "loyalty", "exp": int(now.timestamp()) + 600, "scope": " ".join(EVERY_SCOPE)}
    return {
        "another key": issue(OKPKey.generate_key("Ed25519"), **good),
        "expired": issue(ours, **good | {"now": now - timedelta(hours=1)}),
        "another audience": issue(ours, **good | {"audience": "members-of-another"}),
        "another issuer": issue(ours, **good, issuer="somebody"),
        "no signature": by_hand("none", claims, b""),
        "the public key as a secret": by_hand("HS256", claims, keys.jwt_public.read_bytes()),
        "no token": "ana",
        "huge": "a" * 100_000,
    }


@every_operation
async def test_no_forged_token_is_believed(gateway: httpx.AsyncClient, operation: Operation, keys: LocalKeys, accrual: Owner, members: Owner):
    for how, token in forged(keys).items():
        answer = await call(gateway, operation, {"authorization": f"Bearer {token}"})
        assert (how, answer.status_code, answer.json()["code"]) == (how, 401, "token-invalid")
    assert accrual.asked == members.asked == []
