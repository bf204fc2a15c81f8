from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.catalogue import TYPES, key_of
from contracts.envelope import Event, Record, decode, encode, encode_raw
from contracts.examples import Example
from contracts.fields import MAX_MOMENT, MIN_MOMENT
from contracts.purchases import Line, PurchaseRecorded

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(MIN_MOMENT.replace(tzinfo=None) + timedelta(days=1), MAX_MOMENT.replace(tzinfo=None) - timedelta(days=1), timezones=OFFSETS)
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
IDS = st.text(CHARACTERS, min_size=1, max_size=50)
MONEY = st.integers(0, 10**15)
LINES = st.lists(
    st.builds(Line, line_id=IDS, sku=IDS, name=st.text(CHARACTERS, max_size=20), paid_amount=MONEY, category=st.none() | IDS),
    min_size=1,
    max_size=4,
    unique_by=lambda line: line.line_id,
).map(tuple)
HOLDERS = st.none() | st.just("h1:" + "a" * 43) | st.uuids().map(lambda member: f"m:{member}")
PURCHASES = st.builds(
    PurchaseRecorded,
    merchant=IDS,
    purchase_id=IDS,
    holder=HOLDERS,
    lines=LINES,
    currency=st.just("RUB"),
    occurred_at=MOMENTS,
)
EVENTS = st.builds(
    Event,
    id=IDS,
    source=IDS,
    type=st.just(PurchaseRecorded.type),
    time=st.none() | MOMENTS,
    data=PURCHASES,
    traceparent=st.none() | st.just("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
)


@given(EVENTS)
@settings(max_examples=25, deadline=None)
def test_what_is_written_is_read_again(event: Event[Any]):
    assert decode(encode(event)) == event


def attributes(event: Event[Any]) -> dict[str, Any]:
    given = {"specversion": "1.0", "id": event.id, "source": event.source, "type": event.type, "time": event.time}
    return {name: value for name, value in given.items() if value is not None} | {"datacontenttype": "application/json"}


@given(EVENTS)
@settings(max_examples=25, deadline=None)
def test_the_cloudevents_sdk_reads_what_we_write(event: Event[Any]):
    record = encode(event)
    message = KafkaMessage(headers=dict(record.headers), key=record.key, value=record.value)
    read = from_kafka_event(message)
    expected = attributes(event) | {"partitionkey": key_of(event.data)}
    got = {name: value for name, value in read.get_attributes().items() if event.time or name != "time"}  # it makes up a missing time
    assert got == expected
    assert read.get_data() == orjson.loads(record.value)


@given(EVENTS)
@settings(max_examples=25, deadline=None)
def test_we_read_what_the_cloudevents_sdk_writes_in_either_mode(event: Event[Any]):
    event = replace(event, time=event.time or datetime(2026, 10, 1, tzinfo=UTC), traceparent=None)
    theirs = CloudEvent(attributes(event), event.data.model_dump(mode="json"))
    for message in (to_binary_event(theirs), to_structured_event(theirs)):
        record = Record("loyalty.purchases.v1", key_of(event.data).encode(), message.value, tuple(message.headers.items()))
        assert decode(record) == event


def test_our_headers_are_those_of_the_sdk(example: Example):
    event = decode(example.record)
    theirs = to_binary_event(CloudEvent(attributes(event), {}))
    ours = dict(encode(replace(event, traceparent=None)).headers)
    assert ours == {name: value for name, value in theirs.headers.items() if event.time or name != "ce_time"}


def test_a_body_made_elsewhere_becomes_the_same_record(example: Example):
    event = decode(example.record)
    written = encode(event)
    raw = encode_raw(
        type=event.type,
        id=event.id,
        source=event.source,
        time=event.time,
        key=key_of(event.data),
        body=written.value,
        traceparent=event.traceparent,
    )
    assert raw == written


def test_time_is_written_in_utc_with_microseconds_only_where_there_are_some(bakery_receipt: Record):
    event = decode(bakery_receipt)
    moscow = timezone(timedelta(hours=3))
    for moment, text in (
        (datetime(2026, 10, 1, 9, 15, 42, tzinfo=moscow), b"2026-10-01T06:15:42Z"),
        (datetime(2026, 10, 1, 6, 15, 42, 250_000, tzinfo=UTC), b"2026-10-01T06:15:42.250000Z"),
    ):
        assert dict(encode(replace(event, time=moment)).headers)["ce_time"] == text
    moved = event.data.model_copy(update={"occurred_at": datetime(2026, 10, 1, 9, 15, 42, tzinfo=moscow)})
    assert b'"occurred_at":"2026-10-01T06:15:42Z"' in encode(replace(event, data=moved)).value


def test_the_key_is_the_holder_or_else_names_the_purchase(bakery_receipt: Record):
    purchase = decode(bakery_receipt).data
    assert key_of(purchase) == purchase.holder
    assert key_of(purchase.model_copy(update={"holder": None})) == purchase.purchase_id


def test_headers_are_known_in_any_case_and_others_are_left_alone(bakery_receipt: Record):
    shouted = tuple((name.upper(), value) for name, value in bakery_receipt.headers)
    more = (*shouted, ("x-retry", b"1"), ("x-retry", b"\xff\x00"))
    assert decode(replace(bakery_receipt, headers=more)) == decode(bakery_receipt)


@pytest.mark.parametrize("content_type", [None, b"application/json", b"application/json; charset=utf-8", b"APPLICATION/vnd.shop+json"])
def test_json_by_any_name_is_json(bakery_receipt: Record, content_type: bytes | None):
    others = tuple(header for header in bakery_receipt.headers if header[0] != "content-type")
    headers = others if content_type is None else (*others, ("content-type", content_type))
    assert decode(replace(bakery_receipt, headers=headers)) == decode(bakery_receipt)


@pytest.mark.parametrize("trace", [b"", b"\xff", b"00-xyz", b"\0" * 55])
def test_a_broken_trace_loses_no_event(bakery_receipt: Record, trace: bytes):
    headers = tuple((name, trace if name == "traceparent" else value) for name, value in bakery_receipt.headers)
    assert decode(replace(bakery_receipt, headers=headers)) == replace(decode(bakery_receipt), traceparent=None)


def test_a_trace_travels_in_either_mode(bakery_receipt: Record, web_order: Record):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert decode(bakery_receipt).traceparent == trace
    inside = replace(web_order, value=orjson.dumps(orjson.loads(web_order.value) | {"traceparent": trace}))
    outside = replace(web_order, headers=(*web_order.headers, ("traceparent", trace.encode())))
    assert decode(inside).traceparent == decode(outside).traceparent == trace


def test_a_topic_that_is_not_of_the_catalogue_may_carry_any_event(bakery_receipt: Record):
    assert decode(replace(bakery_receipt, topic="test.of-something")) == decode(bakery_receipt)


def test_an_id_that_nobody_would_accept_is_not_written(bakery_receipt: Record):
    event = decode(bakery_receipt)
    for broken in (replace(event, id=""), replace(event, id="é" * 101), replace(event, source="a\0b")):
        with pytest.raises(ValueError, match="200 bytes"):
            encode(broken)
    with pytest.raises(ValueError, match="without an offset"):
        encode(replace(event, time=datetime(2026, 10, 1)))  # noqa: DTZ001  the fault under test
    with pytest.raises(ValueError, match="900000"):
        encode_raw(type=event.type, id="1", source="s", time=event.time, key="k", body=b"x" * 900_001)


def test_every_type_is_on_the_wire_under_the_name_of_its_model():
    assert all(entry.name == name == entry.model.type for name, entry in TYPES.items())
