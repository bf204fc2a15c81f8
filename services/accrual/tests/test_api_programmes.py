"""Publishing programmes: what is promised is kept, for ever."""

import asyncio
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from accrual.handlers.catalogue import Catalogue
from contracts.envelope import decode, encode

from .builders import ANAS_CARD, BREAD, MEMBER_ANA, NOON, TEA, a_purchase
from .conftest import Caller, Service

YAML = {"content-type": "application/yaml"}


def version(number: int, *, starts: str = "2025-03-11", rate: str = "10.00") -> str:
    """Another version of the bread programme."""
    return BREAD.replace("version: 1", f"version: {number}").replace("2024-01-01", starts).replace("per: 10.00", f"per: {rate}")


async def test_a_new_version_is_published_and_announced(caller: Caller):
    answer = await caller.post("/v1/programmes", TEA, **YAML)
    assert (answer.status_code, answer.json()) == (201, {"programme": "tea", "version": 1, "effective_from": "2024-01-01T00:00:00Z"})
    assert caller.nudge.is_set()
    record = (await caller.service.said())[-1]
    event = decode(record)
    assert (record.key, event.type, event.data.merchants, event.data.published_at) == (b"tea:1", "loyalty.programme.published.v1", ("tea-house",), NOON)
    assert encode(event).value == record.value
    assert (await caller.get("/v1/programmes/tea"))["document"] == event.data.document


async def test_the_same_document_again_changes_nothing(caller: Caller):
    before = await caller.service.said()
    reworded = BREAD.replace("10.00", "10.0") + "# a comment\n"
    answers = [await caller.post("/v1/programmes", text, **YAML) for text in (BREAD, reworded)]
    assert [answer.status_code for answer in answers] == [200, 200]
    document = (await caller.get("/v1/programmes/bread"))["document"]
    assert (await caller.post("/v1/programmes", document)).status_code == 200
    assert await caller.service.said() == before


async def test_a_published_version_never_changes(caller: Caller):
    answer = await caller.post("/v1/programmes", version(1, starts="2024-01-01", rate="5.00"), **YAML)
    assert (answer.status_code, answer.json()["code"]) == (409, "version-exists")


async def test_two_who_publish_at_once_publish_one(caller: Caller):
    answers = await asyncio.gather(*(caller.post("/v1/programmes", version(2, rate=f"{number}.00"), **YAML) for number in (5, 6, 7, 8)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (TEA.replace("currency: RUB", "curency: RUB"), "curency"),
        (version(1, starts="2026-01-01").replace("programme: bread", "programme: rolls"), "merchants"),
        (version(2, starts="2023-12-31"), "effective_from"),
    ],
)
async def test_a_document_that_cannot_be_published_is_refused_with_every_fault(caller: Caller, document: str, path: str):
    answer = await caller.post("/v1/programmes", document, **YAML)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid-document")
    assert path in [error["path"] for error in problem["errors"]]
    assert all({"line", "path", "message", "advice"} == error.keys() for error in problem["errors"])


@pytest.mark.parametrize("body", [b"\xff\xfe", b"", b"[1, 2]", b"a: [", b"&a [*a]"])
async def test_a_body_that_is_no_document_is_refused(caller: Caller, body: bytes):
    answer = await caller.post("/v1/programmes", body, **YAML)
    assert answer.status_code in {400, 422}
    assert answer.json()["code"] in {"malformed", "invalid-document"}


async def test_versions_may_start_in_the_past_only_until_the_first_grant(caller: Caller):
    assert (await caller.post("/v1/programmes", version(2, starts="2024-06-01"), **YAML)).status_code == 201
    await caller.service.hear(a_purchase())
    late = await caller.post("/v1/programmes", version(3, starts="2025-03-10"), **YAML)
    assert (late.status_code, [error["path"] for error in late.json()["errors"]]) == (422, ["effective_from"])
    assert (await caller.post("/v1/programmes", version(3), **YAML)).status_code == 201


async def test_an_event_is_decided_by_the_version_of_its_own_time(service: Service):
    await service.publish(version(2, starts="2025-03-11", rate="1.00"))
    service.clock.now = datetime(2025, 3, 12, tzinfo=UTC)
    before, after = datetime(2025, 3, 10, 20, 59, tzinfo=UTC), datetime(2025, 3, 10, 21, tzinfo=UTC)  # midnight in Moscow
    await service.hear(a_purchase("1", at=before), a_purchase("2", at=after, holder=MEMBER_ANA))
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 15), (MEMBER_ANA, "bread"): (0, 105)}
    assert await service.fetch("select programme_version from purchase order by occurred_at") == [(1,), (2,)]


async def test_another_process_knows_a_new_version_in_its_next_batch(service: Service):
    other = Service(service.database, service.clock, Catalogue())
    assert await other.hear(a_purchase("1")) == ["granted"]
    await service.publish(version(2, starts="2025-03-11", rate="1.00"))
    other.clock.now = NOON + timedelta(days=1)
    await other.hear(a_purchase("2", at=other.clock()))
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 15 + 100)}


async def test_programmes_are_listed_with_the_version_in_force(caller: Caller):
    await caller.service.publish(version(2), TEA)
    listed = (await caller.get("/v1/programmes"))["items"]
    assert [(each["programme"], each["version"]) for each in listed] == [("bread", 1), ("tea", 1)]
    caller.service.clock.advance(days=1)
    assert (await caller.get("/v1/programmes"))["items"][0]["version"] == 2
    assert (await caller.get("/v1/programmes/bread"))["version"] == 2
    assert (await caller.get("/v1/programmes/bread", version=1))["version"] == 1
    assert await caller.refused("/v1/programmes/bread", version=9) == (404, "unknown-programme")
    assert await caller.refused("/v1/programmes/coffee") == (404, "unknown-programme")


async def test_what_is_stored_is_the_document(service: Service):
    ((stored,),) = await service.fetch("select document from programme_version")
    assert orjson.loads(stored)["merchants"] == ["corner-bakery"]
