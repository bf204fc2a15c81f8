"""Whose tokens are believed."""

import base64
import hmac
import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends
from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.auth import Principal, Verifier, issue, read_private_key, require
from shared.local.keys import LocalKeys, make_keys
from shared.problems import Problem
from shared.service import build_api
from shared.testing import SettableClock

AUDIENCE = "loyalty-accrual"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> LocalKeys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def verifier(keys: LocalKeys, clock: SettableClock) -> Verifier:
    return Verifier.from_file(keys.jwt_public, AUDIENCE, clock=clock)


def token(keys: LocalKeys, clock: SettableClock, **other: Any) -> str:
    arguments = {"subject": "ana", "scopes": ["accounts:read"], "audience": AUDIENCE, "now": clock(), **other}
    return issue(read_private_key(keys.jwt_private), **arguments)


def claims(clock: SettableClock, **other: Any) -> dict[str, Any]:
    now = int(clock().timestamp())
    return {"iss": "loyalty", "sub": "ana", "aud": AUDIENCE, "iat": now, "exp": now + 60, "scope": "accounts:read", **other}


def signed(content: dict[str, Any], key: OKPKey) -> str:
    return jwt.encode({"alg": "Ed25519"}, content, key, algorithms=["Ed25519"])


def refused(verifier: Verifier, text: str) -> None:
    with pytest.raises(Problem) as refusal:
        verifier.verify(text)
    assert (refusal.value.status, refusal.value.code) == (401, "token-invalid")
    assert refusal.value.headers == {"WWW-Authenticate": "Bearer"}


def test_a_token_says_who_asks_and_what_they_may(keys: LocalKeys, verifier: Verifier, clock: SettableClock):
    text = token(keys, clock, scopes=["quotes:read", "accounts:read"])
    assert verifier.verify(text) == Principal("ana", frozenset({"accounts:read", "quotes:read"}), text)


def test_a_token_lives_for_fifteen_minutes(keys: LocalKeys, verifier: Verifier, clock: SettableClock):
    text = token(keys, clock)
    clock.advance(minutes=15)
    assert verifier.verify(text)  # clocks differ by seconds
    clock.advance(minutes=1)
    refused(verifier, text)


@pytest.mark.parametrize("claim", ["exp", "iss", "aud", "sub"])
def test_a_token_without_an_essential_claim_is_refused(claim: str, keys: LocalKeys, verifier: Verifier, clock: SettableClock):
    content = claims(clock)
    assert verifier.verify(signed(content, read_private_key(keys.jwt_private)))
    del content[claim]
    refused(verifier, signed(content, read_private_key(keys.jwt_private)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "loyalty-members"}, {"iss": "somebody"}, {"nbf": 2**40}, {"exp": "soon"}, {"exp": 2**70, "nbf": 2**70}, {"scope": ["accounts:read"]},
        {"sub": 7}, {"aud": None}, {"exp": None}, {"iat": 2**40},
    ],
)  # fmt: skip
def test_a_token_with_a_wrong_claim_is_refused(wrong: dict[str, Any], keys: LocalKeys, verifier: Verifier, clock: SettableClock):
    refused(verifier, signed(claims(clock, **wrong), read_private_key(keys.jwt_private)))


def test_a_token_of_another_key_is_refused(verifier: Verifier, clock: SettableClock):
    refused(verifier, signed(claims(clock), OKPKey.generate_key("Ed25519")))


def test_a_token_that_is_not_signed_is_refused(verifier: Verifier, clock: SettableClock):
    parts = ({"alg": "none", "typ": "JWT"}, claims(clock))
    text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    for unsigned in (f"{text}.", text, f"{text}.AAAA"):
        refused(verifier, unsigned)


def test_the_public_key_is_no_shared_secret(keys: LocalKeys, verifier: Verifier, clock: SettableClock):
    public = OKPKey.import_key(keys.jwt_public.read_bytes())
    for secret in (keys.jwt_public.read_bytes(), base64.urlsafe_b64decode(public.as_dict()["x"] + "=")):
        header = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=")
        body = base64.urlsafe_b64encode(json.dumps(claims(clock)).encode()).rstrip(b"=")
        digest = hmac.digest(secret, header + b"." + body, "sha256")
        refused(verifier, b".".join((header, body, base64.urlsafe_b64encode(digest).rstrip(b"="))).decode())


@pytest.mark.parametrize("text", ["", "a.b.c", "é" * 10, "x" * 10_000, "\x00", "..", "eyJhbGciOiJFZDI1NTE5In0.e30.AAAA"])
def test_rubbish_is_refused(text: str, verifier: Verifier):
    refused(verifier, text)


def test_a_key_of_another_kind_is_not_taken(keys: LocalKeys):
    with pytest.raises(Exception, match=r"(?i)key"):
        Verifier.from_file(keys.registrations_public, AUDIENCE)


def test_a_token_may_name_several_audiences(keys: LocalKeys, verifier: Verifier, clock: SettableClock):
    text = token(keys, clock, audience=[AUDIENCE, "loyalty-members"])
    assert verifier.verify(text).subject == "ana"
    assert replace(verifier, audience="loyalty-members").verify(text).subject == "ana"


async def test_a_route_answers_by_scope(keys: LocalKeys, verifier: Verifier, clock: SettableClock, tmp_path: Path):
    router = APIRouter()

    @router.get("/me")
    async def me(who: Annotated[Principal, Depends(require(verifier, "accounts:read"))]) -> str:
        return who.subject

    transport = httpx.ASGITransport(build_api("test", [router]))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answers = [
            await client.get("/me", headers={"Authorization": authorization} if authorization else {})
            for authorization in ("", "Basic YW5h", "Bearer nonsense", f"Bearer {token(keys, clock, scopes=[])}", f"Bearer {token(keys, clock)}")
        ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers[:-1]] == [
        (401, "token-missing"), (401, "token-missing"), (401, "token-invalid"), (403, "scope-missing"),
    ]  # fmt: skip
    assert answers[-1].json() == "ana"


def test_a_token_that_was_believed_ends_all_the_same_and_only_for_its_key(keys: LocalKeys, verifier: Verifier, clock: SettableClock):
    text = token(keys, clock)
    assert verifier.verify(text) == verifier.verify(text)
    refused(replace(verifier, key=OKPKey.generate_key("Ed25519")), text)
    refused(replace(verifier, audience="another"), text)
    clock.advance(minutes=16)
    refused(verifier, text)


def test_no_more_than_a_thousand_tokens_are_remembered(keys: LocalKeys, verifier: Verifier, clock: SettableClock):
    key, text = read_private_key(keys.jwt_private), token(keys, clock)
    verifier.verify(text)
    for number in range(1_000):
        verifier.verify(signed(claims(clock, sub=str(number)), key))
    assert len(verifier._signed) == 1_000
    assert text not in verifier._signed
