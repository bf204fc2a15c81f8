"""Events of callers who cannot speak Kafka: all or none, checked first, and 202 only when the broker has them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import orjson
import pytest

from contracts import structured
from contracts.envelope import Event, Record, decode
from contracts.examples import load_examples
from contracts.export import FOLDER
from contracts.personal import encrypt_personal, read_key
from contracts.registrations import PersonalPart, TypedIdentifier
from gateway.api import examples
from shared.ids import random_id
from shared.kafka import read_topic
from shared.kafka.partitions import partition_of
from shared.local.keys import LocalKeys

from .builders import nobody_listens

BATCH = structured.BATCH_CONTENT_TYPE
ONE = structured.CONTENT_TYPE
PURCHASES = "loyalty.purchases.v1"
Bearer = Callable[..., dict[str, str]]
Start = Callable[..., Awaitable[httpx.AsyncClient]]


def an_event(**changes: Any) -> dict[str, Any]:
    """A receipt that no other test knows."""
    return {**examples.EVENT, "id": f"receipt-{random_id().hex}", **changes}


def a_visit() -> dict[str, Any]:
    data = {"programme": "p", "activity_id": "1", "kind": "visit", "holder": "v:" + "a" * 22, "occurred_at": "2026-01-01T10:00:00Z"}
    return an_event(type="loyalty.activity.recorded.v1", data=data)


def a_registration(keys: LocalKeys) -> dict[str, Any]:
    part = PersonalPart(identifiers=(TypedIdentifier(kind="email", value="ana@example.org"),))
    sealed = encrypt_personal(part, read_key(keys.registrations_public.read_bytes()))
    data = {"programme": "p", "registration_id": "1", "identifier": examples.ANAS_CARD_HASH, "personal": sealed, "occurred_at": "2026-01-01T10:00:00Z"}
    return an_event(type="loyalty.registration.submitted.v1", data=data)


@pytest.fixture
def send(gateway: httpx.AsyncClient, bearer: Bearer) -> Callable[..., Awaitable[httpx.Response]]:
    """`await send(body)`: with a token that may, as one event unless told otherwise."""

    async def sending(body: Any, media_type: str = ONE, *, to: httpx.AsyncClient = gateway, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await to.post("/v1/events", content=content, headers={"content-type": media_type, **bearer("events:write"), **named})

    return sending


Send = Callable[..., Awaitable[httpx.Response]]


async def on_topic(kafka: str, topic: str = PURCHASES) -> dict[str, tuple[int, int, Event[Any]]]:
    """What lies on a topic, by event id."""
    found = {}
    async for record in read_topic(kafka, topic):
        event = decode(Record(topic, record.key, record.value, record.headers))
        found[event.id] = (record.partition, record.offset, event)
    return found


async def test_an_event_is_on_its_topic_when_the_answer_says_so(send: Send, topics: str):
    event = an_event()
    answer = await send(event)
    assert answer.status_code == 202
    (taken,) = answer.json()["events"]
    partition, offset, found = (await on_topic(topics))[event["id"]]
    assert taken == {"id": event["id"], "source": event["source"], "topic": PURCHASES, "partition": partition, "offset": offset}
    assert partition == partition_of(examples.ANAS_CARD_HASH.encode(), 12)
    assert found.data.purchase_id == "1041"


async def test_a_batch_is_taken_in_its_order_each_on_its_topic(send: Send, topics: str, keys: LocalKeys):
    batch = [an_event(), a_visit(), an_event(), a_registration(keys), an_event()]
    answer = await send(batch, BATCH)
    assert [(each["id"], each["topic"]) for each in answer.json()["events"]] == [
        (event["id"], f"loyalty.{noun}.v1") for event, noun in zip(batch, ["purchases", "activities", "purchases", "registrations", "purchases"], strict=True)
    ]
    lies = await on_topic(topics)
    offsets = [lies[batch[number]["id"]][1] for number in (0, 2, 4)]
    assert offsets == sorted(offsets)
    assert [each["offset"] for each in answer.json()["events"] if each["topic"] == PURCHASES] == offsets


async def test_an_event_may_come_in_headers_and_body(send: Send, topics: str):
    event = an_event()
    attributes = {"ce_specversion": "1.0", "ce_id": event["id"], "ce_source": "urn:caf%C3%A9", "ce_type": event["type"], "ce_time": "2026-03-02T09:12:01Z"}
    answer = await send(event["data"], "application/json", **attributes)
    assert answer.status_code == 202
    found = (await on_topic(topics))[event["id"]][2]
    assert (found.source, found.data.purchase_id) == ("urn:café", "1041")
    assert str(found.time) == "2026-03-02 09:12:01+00:00"


async def test_every_example_of_an_input_comes_through_as_it_is(send: Send):
    """What stores were shown how to write, the gateway takes; what our services say, it takes from nobody."""
    for example in load_examples(FOLDER / "examples"):
        event = decode(example.record)
        answer = await send(structured.write(event))
        ours = example.record.topic.split(".")[1] in {"purchases", "activities", "registrations"}
        assert answer.status_code == (202 if ours else 422), example.path
        if not ours:
            assert answer.json()["errors"][0]["code"] == "unknown-type"


async def test_the_trace_of_the_request_goes_on_in_the_event(send: Send, topics: str):
    trace = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    own, without = an_event(traceparent=trace.replace("ab", "ef")), an_event()
    await send([own, without], BATCH, traceparent=trace)
    lies = await on_topic(topics)
    assert lies[own["id"]][2].traceparent == own["traceparent"]
    assert (lies[without["id"]][2].traceparent or "").split("-")[1] == "ab" * 16


async def test_one_bad_event_and_nothing_of_the_batch_is_published(send: Send, topics: str):
    good = [an_event(), an_event()]
    bad = [an_event(data={**examples.EVENT["data"], "currency": "roubles"}), an_event(data={**examples.EVENT["data"], "colour": "red"}), an_event(type="x"), 7]
    answer = await send([good[0], bad[0], bad[1], good[1], bad[2], bad[3]], BATCH)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid-events")
    assert [(each["index"], each["event_id"], each["code"]) for each in problem["errors"]] == [
        (1, bad[0]["id"], "wrong-schema"),
        (2, bad[1]["id"], "wrong-schema"),
        (4, bad[2]["id"], "unknown-type"),
        (5, None, "no-envelope"),
    ]
    assert "data.colour" in problem["errors"][1]["message"]
    assert not {event["id"] for event in (*good, *bad[:3])} & (await on_topic(topics)).keys()


@pytest.mark.parametrize(
    ("body", "media_type", "status", "code"),
    [
        (b"", ONE, 422, "invalid-events"),
        (b"{", ONE, 400, "malformed"),
        (b'{"id":"1","id":"2"}', ONE, 400, "malformed"),
        (b"", BATCH, 422, "invalid-request"),
        (b"{}", BATCH, 422, "invalid-request"),
        (b"[" + b",".join([b"1"] * 501) + b"]", BATCH, 413, "too-many-events"),
        (b"[" + b" " * 1024 * 1024 + b"]", BATCH, 413, "too-large"),
        (b"{}", "application/json", 422, "invalid-events"),
        (b"<event/>", "application/cloudevents+xml", 415, "unsupported-media-type"),
        (b"{}", "", 415, "unsupported-media-type"),
    ],
)
async def test_what_is_no_event_is_refused_by_name(send: Send, body: bytes, media_type: str, status: int, code: str):
    answer = await send(body, media_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_batch_may_be_as_large_as_it_is_said_and_an_empty_one_is_done_at_once(send: Send):
    text = "x" * 440
    line = {"line_id": "1", "sku": "tea", "paid_amount": 1}
    big = [an_event(data={**examples.EVENT["data"], "lines": [{**line, "line_id": str(number), "name": text} for number in range(1, 1000)]}) for _ in range(2)]
    answer = await send(orjson.dumps(big).ljust(1024 * 1024), BATCH)
    assert answer.status_code == 202
    assert (await send([], BATCH)).json() == {"events": []}


async def test_elsewhere_bodies_stay_as_small_as_they_were(gateway: httpx.AsyncClient, bearer: Bearer):
    headers = {"content-type": "application/json", **bearer("quotes:read")}
    answer = await gateway.post("/v1/quotes", content=b" " * 600_000, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_a_header_that_comes_twice_names_no_event(gateway: httpx.AsyncClient, bearer: Bearer):
    headers = [*bearer("events:write").items(), ("content-type", "application/json"), ("ce-id", "1"), ("ce-id", "2")]
    answer = await gateway.post("/v1/events", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


async def test_without_a_broker_no_event_is_taken_and_everything_else_is_answered(send: Send, gateway_with: Start, bearer: Bearer):
    without = await gateway_with()
    answer = await send(an_event(), to=without)
    assert (answer.status_code, answer.json()["code"]) == (503, "no-broker")
    assert (await without.get("/v1/programmes", headers=bearer("programmes:read"))).status_code == 200


async def test_a_broker_that_is_away_is_told_in_time_and_never_as_a_success(send: Send, gateway_with: Start, bearer: Bearer):
    away = (await nobody_listens()).removeprefix("http://")
    without = await gateway_with(KAFKA_BOOTSTRAP_SERVERS=away, GATEWAY_COMMAND_SECONDS="1")
    for _ in range(2):
        answer = await send(an_event(), to=without)
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "broker-unavailable", "5")
    assert (await without.get("/v1/programmes", headers=bearer("programmes:read"))).status_code == 200


async def test_a_broker_that_never_answers_is_not_waited_for(send: Send, gateway_with: Start):
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(deaf, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        waiting = await gateway_with(KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{port}", GATEWAY_COMMAND_SECONDS="0.5")
        answers = await asyncio.gather(*(send(an_event(), to=waiting) for _ in range(3)))
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(503, "broker-unavailable")}
