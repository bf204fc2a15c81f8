import asyncio
from datetime import timedelta
from typing import Any

import orjson
from prometheus_client import REGISTRY

from contracts.members import IdentifierLinked, MemberRegistered

from .builders import ANA, BORIS, PROGRAMME, TERMS, Typed, a_card, a_proof, holder_of
from .canaries import canaries_in
from .conftest import Caller
from .test_canaries import everything

REGISTER, RELEASE = "/v1/registrations", "/v1/identifiers/release"


def a_body(*identifiers: Typed, **parts: Any) -> dict[str, Any]:
    return {
        "programme": PROGRAMME,
        "identifiers": [{"kind": kind, "value": value} for kind, value in identifiers],
        "given_name": ANA.given_name,
        "family_name": ANA.family_name,
        "birth_date": ANA.birth_date,
        "consents": [consent.model_dump() for consent in TERMS],
        **parts,
    }


def proven_body(caller: Caller, key: str, *identifiers: Typed, **parts: Any) -> dict[str, Any]:
    return a_body(*identifiers, proof=a_proof(key, map(holder_of, identifiers), at=caller.service.clock()), **parts)


async def register(caller: Caller, key: str, body: dict[str, Any], **who: Any) -> Any:
    return await caller.ask("POST", REGISTER, body, idempotency_key=key, **who)


async def test_a_tills_proof_makes_a_member_at_once(caller: Caller):
    answer = await register(caller, "k-1", proven_body(caller, "k-1", *ANA.all))
    assert (answer.status_code, answer.json()) == (202, {"registration_id": "k-1", "status": "accepted"})
    assert len(await caller.service.said(MemberRegistered.type)) == 1
    assert len(await caller.service.said(IdentifierLinked.type)) == 3
    assert caller.service.nudge.is_set()


async def test_a_site_says_who_invited_a_member(caller: Caller):
    assert (await register(caller, "k-1", proven_body(caller, "k-1", *ANA.all, referred_by=holder_of(BORIS.card)))).status_code == 202
    (registered,) = await caller.service.said(MemberRegistered.type)
    assert orjson.loads(registered)["referred_by"] == holder_of(BORIS.card)


async def test_the_reply_is_the_same_for_a_known_and_an_unknown_phone(caller: Caller):
    await register(caller, "k-1", proven_body(caller, "k-1", ANA.phone))
    known, unknown = [await register(caller, "k-2", a_body(phone), subject=who) for who, phone in (("one", ANA.phone), ("two", BORIS.phone))]
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (202, b'{"registration_id":"k-2","status":"accepted"}')
    assert known.headers.keys() == unknown.headers.keys()


async def test_the_same_key_and_body_have_one_effect_and_one_reply_for_ever(caller: Caller):
    before = REGISTRY.get_sample_value("loyalty_registrations_by_http_total", {"result": "enrolled"}) or 0
    body = proven_body(caller, "k-1", *ANA.all)
    first = await register(caller, "k-1", body)
    caller.service.clock.advance(days=400)
    again = await register(caller, "k-1", dict(reversed(body.items())))
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert len(await caller.service.said(MemberRegistered.type)) == 1
    assert REGISTRY.get_sample_value("loyalty_registrations_by_http_total", {"result": "enrolled"}) == before + 1


async def test_the_same_key_with_another_body_is_a_conflict_and_another_callers_key_is_not(caller: Caller):
    await register(caller, "k-1", a_body(ANA.phone))
    other = await register(caller, "k-1", a_body(BORIS.phone))
    assert (other.status_code, other.json()["code"]) == (422, "conflict")
    somebody = await register(caller, "k-1", a_body(BORIS.phone), subject="till-8")
    assert somebody.status_code == 202
    assert await caller.service.fetch("select count(*) from attempt") == [(2,)]


async def test_a_command_wants_its_key(caller: Caller):
    for headers in ({}, {"idempotency_key": "with blank"}, {"idempotency_key": "k" * 201}):
        answer = await caller.ask("POST", REGISTER, a_body(ANA.phone), **headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "key-missing")


async def test_fifty_at_once_under_one_key_have_one_effect(caller: Caller):
    body = proven_body(caller, "k-1", ANA.phone)
    answers = await asyncio.gather(*(register(caller, "k-1", body) for _ in range(50)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"still-running"}
    assert len(await caller.service.said(MemberRegistered.type)) == 1


async def test_fifty_at_once_of_one_phone_make_one_member(caller: Caller):
    answers = await asyncio.gather(*(register(caller, f"k-{number}", proven_body(caller, f"k-{number}", ANA.phone)) for number in range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert await caller.service.fetch("select count(*) from member") == [(1,)]


async def test_everything_wrong_is_said_at_once_and_remembered(caller: Caller):
    body = a_body(("phone", "8 800 555 35 35"), ("email", "canary@nowhere"), ANA.card, consents=[], birth_date="2090-01-01")
    answer = await register(caller, "k-1", body)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "registration-refused"
    assert {error["code"]: error["path"] for error in problem["errors"]} == {
        "phone-toll-free": "identifiers.0.value",
        "bad-email": "identifiers.1.value",
        "no-terms-consent": "consents",
        "no-processing-consent": "consents",
        "bad-birth-date": "birth_date",
    }
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await register(caller, "k-1", body)).content == answer.content
    assert canaries_in(answer.content) == []


async def test_a_proof_that_is_not_believed_is_refused(caller: Caller):
    seen = [holder_of(ANA.phone)]
    late = a_proof("k-1", seen, at=caller.service.clock() - timedelta(days=1))
    for key, proof, reason in (("k-1", late, "proof-expired"), ("k-2", a_proof("k-1", seen), "proof-mismatch"), ("k-3", "nonsense", "proof-invalid")):
        answer = await register(caller, key, a_body(ANA.phone, proof=proof))
        assert (answer.status_code, answer.json()["code"], answer.json()["reasons"]) == (403, "proof-refused", [reason])


async def test_who_proves_identifiers_of_two_members_is_told_so(caller: Caller):
    await register(caller, "k-1", proven_body(caller, "k-1", ANA.phone))
    await register(caller, "k-2", proven_body(caller, "k-2", BORIS.email))
    answer = await register(caller, "k-3", proven_body(caller, "k-3", ANA.phone, BORIS.email))
    assert (answer.status_code, answer.json()["code"]) == (409, "two-members")


async def test_a_malformed_request_is_refused_without_repeating_it_and_not_remembered(caller: Caller):
    for change in (
        {"identifiers": []},
        {"phone": "canary@nowhere"},
        {"birth_date": "canary@nowhere"},
        {"programme": "x" * 201},
        {"family_name": ANA.family_name * 50},
        {"consents": [{"kind": "terms", "text_version": "1", "who": "canary@nowhere"}]},
    ):
        answer = await register(caller, "k-1", a_body(ANA.phone) | change)
        assert answer.status_code == 422
        assert canaries_in(answer.content) == []
    assert (await register(caller, "k-1", a_body(ANA.phone))).status_code == 202


async def test_a_zero_character_is_refused_and_harms_nothing(caller: Caller):
    answer = await register(caller, "k-1", a_body(ANA.phone, programme="club\0"))
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_nothing_personal_that_came_by_http_is_kept_in_the_open(caller: Caller):
    await register(caller, "k-1", proven_body(caller, "k-1", *ANA.all))
    await register(caller, "k-2", a_body(*BORIS.all, family_name=BORIS.family_name, birth_date=BORIS.birth_date))
    await register(caller, "k-3", a_body(("phone", "8 800 555 35 35"), ("email", "canary@nowhere"), ANA.card))
    assert await caller.service.fetch("select status from idempotency order by key") == [(202,), (202,), (422,)]
    assert canaries_in(await everything(caller.service)) == []


async def test_a_released_identifier_is_nobodys_and_can_be_proven_by_another(caller: Caller):
    await register(caller, "k-1", proven_body(caller, "k-1", *ANA.all))
    ((member_id,),) = await caller.service.fetch("select member_id from member")
    caller.service.clock.advance(days=1)
    body = {"member_id": str(member_id), "identifier": holder_of(ANA.card)}
    answer = await caller.ask("POST", RELEASE, body, idempotency_key="k-2")
    assert (answer.status_code, answer.json()) == (200, body | {"released_at": "2025-03-11T12:00:00Z"})
    assert (await caller.ask("POST", RELEASE, body, idempotency_key="k-2")).content == answer.content
    assert (await caller.ask("GET", f"/v1/identifiers/{holder_of(ANA.card)}")).json()["member_id"] is None
    caller.service.clock.advance(days=1)
    await register(caller, "k-3", proven_body(caller, "k-3", ANA.card, BORIS.phone))
    links = [orjson.loads(body) for body in await caller.service.said(IdentifierLinked.type)]
    linked, released, again = [link for link in links if link["identifier"] == holder_of(ANA.card)]
    assert (linked["member_id"], released["member_id"], released["released_at"]) == (str(member_id), str(member_id), "2025-03-11T12:00:00Z")
    assert linked["link_version"] < released["link_version"] < again["link_version"]
    assert again["member_id"] != str(member_id)
    assert await caller.service.fetch("select sealed_value from link where released_at is not null") == [(None,)]


async def test_only_a_members_own_identifier_can_be_released(caller: Caller):
    await register(caller, "k-1", proven_body(caller, "k-1", ANA.phone))
    for number, identifier in enumerate([holder_of(ANA.phone), holder_of(a_card(9))]):
        body = {"member_id": "00000000-0000-4000-8000-000000000000", "identifier": identifier}
        answer = await caller.ask("POST", RELEASE, body, idempotency_key=f"r-{number}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-link")
    without = await caller.ask("POST", RELEASE, body, idempotency_key="r-9", scopes=["registrations:write"])
    assert without.status_code == 403
