"""Events to Kafka records and back: CloudEvents 1.0, binary mode written, binary and structured mode read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

import orjson
from pydantic import ValidationError

from contracts.bodies import MAX_BODY_BYTES, read_body
from contracts.catalogue import TOPICS, TYPES, EventType
from contracts.faults import Fault, Undecodable
from contracts.fields import MAX_ID_BYTES, MAX_MOMENT, MIN_MOMENT, Wire

T = TypeVar("T")
E = TypeVar("E", bound=Wire)


@dataclass(frozen=True, slots=True)
class Event(Generic[T]):
    """Something that happened. Its source and id together name it for ever, however often it is sent."""

    id: str
    source: str
    type: str
    time: datetime | None
    data: T
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What goes into Kafka, or came out of it."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


#: The topic of a record that is on none yet: its type may be any, and it needs no key.
NOWHERE = ""

_VERSION = b"1.0"
_SOLE_HEADERS = ("ce_", "content-type")  # one of these twice, and readers would disagree on what the event is
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})")
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_JSON = re.compile(r"(application|text)/([a-z0-9.-]+\+)?json\s*(;.*)?")
_REASONS_SHOWN = 3
_REASON_LENGTH = 500


def encode(event: Event[E]) -> Record:
    """Write an event in binary mode, for the topic and under the key that its type demands."""
    entry = TYPES[event.type]
    body = entry.adapter.dump_json(event.data)
    key = entry.key_of(event.data)
    return encode_raw(type=event.type, id=event.id, source=event.source, time=event.time, key=key, body=body, traceparent=event.traceparent)


def encode_raw(
    *,
    type: str,  # noqa: A002  the attribute's name in CloudEvents
    id: str,  # noqa: A002  the same
    source: str,
    time: datetime | None,
    key: str,
    body: bytes,
    traceparent: str | None = None,
) -> Record:
    """Write an event whose body is already JSON of its model. The body and the key are taken as they are: the caller's tests hold them to the model."""
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"a body of {len(body)} bytes; at most {MAX_BODY_BYTES} are taken")
    headers = [
        ("ce_specversion", _VERSION),
        ("ce_id", _checked("ce_id", id)),
        ("ce_source", _checked("ce_source", source)),
        ("ce_type", type.encode()),
        ("content-type", b"application/json"),
    ]
    if time is not None:
        headers.append(("ce_time", rfc3339(time).encode()))
    if traceparent is not None:
        headers.append(("traceparent", traceparent.encode()))
    return Record(topic=TYPES[type].topic, key=key.encode(), value=body, headers=tuple(headers))


def decode(record: Record) -> Event[Any]:
    """Read a record of either mode. Raises Undecodable, and nothing else, whatever the record holds."""
    try:
        headers = _headers(record)
        if (headers.get("content-type") or b"")[:23].lower() == b"application/cloudevents":
            return _decode_structured(record, headers)
        return _decode_binary(record, headers)
    except Undecodable as found:
        raise Undecodable(found.fault, found.reason, **_identity(record)) from None


def rfc3339(moment: datetime) -> str:
    """Write a moment in UTC, with microseconds only where it has some."""
    if moment.tzinfo is None:
        raise ValueError("a moment without an offset")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _headers(record: Record) -> Mapping[str, bytes]:
    headers = {name.lower(): value for name, value in record.headers}
    if len(headers) != len(record.headers):
        names = [name.lower() for name, _ in record.headers]
        for name in headers:
            if name.startswith(_SOLE_HEADERS) and names.count(name) > 1:
                raise Undecodable(Fault.NO_ENVELOPE, f"the header {name[:40]!r} comes twice")
    return headers


def _decode_binary(record: Record, headers: Mapping[str, bytes]) -> Event[Any]:
    if headers.get("ce_specversion") != _VERSION:
        raise Undecodable(Fault.NO_ENVELOPE, "the header ce_specversion is not 1.0")
    event_id = _attribute("ce_id", headers.get("ce_id"))
    source = _repeated_attribute("ce_source", headers.get("ce_source"))
    entry = _entry(record, _repeated_attribute("ce_type", headers.get("ce_type")))
    time = _moment("ce_time", _attribute("ce_time", headers["ce_time"])) if "ce_time" in headers else None
    if "content-type" in headers and not _is_json(_repeated_attribute("content-type", headers["content-type"])):
        raise Undecodable(Fault.NOT_JSON, "the content type is not JSON")
    if record.value is None:
        raise Undecodable(Fault.NO_VALUE, "the record has no value")
    read_body(record.value)
    data = _data(entry, record, record.value)
    traceparent = _traceparent(headers.get("traceparent") or headers.get("ce_traceparent"))
    return Event(event_id, source, entry.name, time, data, traceparent)


def _decode_structured(record: Record, headers: Mapping[str, bytes]) -> Event[Any]:
    if record.value is None:
        raise Undecodable(Fault.NO_VALUE, "the record has no value")
    envelope = read_body(record.value)
    if not isinstance(envelope, dict):
        raise Undecodable(Fault.NO_ENVELOPE, "a structured event is a JSON object")
    if envelope.get("specversion") != "1.0":
        raise Undecodable(Fault.NO_ENVELOPE, "specversion is not 1.0")
    event_id = _attribute("id", _text(envelope, "id"))
    source = _attribute("source", _text(envelope, "source"))
    entry = _entry(record, _attribute("type", _text(envelope, "type")))
    time = None if envelope.get("time") is None else _moment("time", _attribute("time", _text(envelope, "time")))
    if "data_base64" in envelope or not _is_json(str(envelope.get("datacontenttype", "application/json"))):
        raise Undecodable(Fault.NOT_JSON, "the data is not JSON")
    data = _data(entry, record, orjson.dumps(envelope.get("data")))
    traceparent = _traceparent(headers.get("traceparent") or _text(envelope, "traceparent"))
    return Event(id=event_id, source=source, type=entry.name, time=time, data=data, traceparent=traceparent)


def _text(envelope: Mapping[str, Any], name: str) -> bytes | None:
    value = envelope.get(name)
    return value.encode() if isinstance(value, str) else None


def _attribute(name: str, value: bytes | None) -> str:
    if not value:
        raise Undecodable(Fault.NO_ENVELOPE, f"{name} is missing or no text")
    if len(value) > MAX_ID_BYTES:
        raise Undecodable(Fault.NO_ENVELOPE, f"{name} is longer than {MAX_ID_BYTES} bytes")
    if 0 in value:
        raise Undecodable(Fault.NUL_CHARACTER, f"{name} contains U+0000")
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Undecodable(Fault.BAD_UTF8, f"{name} is no UTF-8") from None


#: For what thousands of records share: who sent them, and of which type they are.
_repeated_attribute = lru_cache(maxsize=4096)(_attribute)


def _is_json(content_type: str) -> bool:
    return content_type == "application/json" or _JSON.fullmatch(content_type.lower()) is not None


def _checked(name: str, value: str) -> bytes:
    encoded = value.encode()
    if not 0 < len(encoded) <= MAX_ID_BYTES or 0 in encoded:
        raise ValueError(f"{name} has 1 to {MAX_ID_BYTES} bytes and no U+0000")
    return encoded


def _entry(record: Record, event_type: str) -> EventType:
    entry = TYPES.get(event_type)
    if entry is None:
        raise Undecodable(Fault.UNKNOWN_TYPE, f"there is no event type {event_type}")
    if entry.topic != record.topic and record.topic in TOPICS:
        raise Undecodable(Fault.WRONG_TOPIC, f"{event_type} travels on {entry.topic}")
    return entry


def _moment(name: str, text: str) -> datetime:
    try:
        if _TIME.fullmatch(text):
            moment = datetime.fromisoformat(text.upper())
            if MIN_MOMENT.year <= moment.year < MAX_MOMENT.year:
                return moment.astimezone(UTC)
    except ValueError:
        pass
    raise Undecodable(Fault.NO_ENVELOPE, f"{name} is no time of RFC 3339 between {MIN_MOMENT.year} and {MAX_MOMENT.year}")


def _traceparent(value: bytes | None) -> str | None:
    """Keep a well-formed trace; a broken one is no reason to lose an event."""
    if not value or not _TRACEPARENT.fullmatch(value):
        return None
    return value.decode()


def _data(entry: EventType, record: Record, body: bytes) -> Wire:
    try:
        data = entry.adapter.validate_json(body)
    except ValidationError as error:
        raise Undecodable(Fault.WRONG_SCHEMA, _first_errors(error)) from None
    if record.topic != NOWHERE and record.key != entry.key_of(data).encode():
        raise Undecodable(Fault.KEY_MISMATCH, "the record's key is not the one its content demands")
    return data


def _first_errors(error: ValidationError) -> str:
    """Name places and rules, never values: a value may be personal."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    shown = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in found[:_REASONS_SHOWN]]
    if len(found) > len(shown):
        shown.append(f"and {len(found) - len(shown)} more")
    return "; ".join(shown)[:_REASON_LENGTH]


def _identity(record: Record) -> dict[str, str | None]:
    """Read what can be read of a broken record's identity."""
    raw: dict[str, Any] = {}
    for name, value in record.headers:
        lower = name.lower()
        raw[lower] = value if lower not in raw else None
    given = {name: raw.get(f"ce_{name}") for name in ("id", "source", "type")}
    if not any(given.values()) and record.value is not None:
        given = _structured_identity(record.value)
    return {argument: _fit(given[name]) for argument, name in (("event_id", "id"), ("source", "source"), ("event_type", "type"))}


def _structured_identity(body: bytes) -> dict[str, bytes | None]:
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        envelope = None
    return {name: _text(envelope, name) if isinstance(envelope, dict) else None for name in ("id", "source", "type")}


def _fit(value: bytes | None) -> str | None:
    try:
        return _attribute("", value)
    except Undecodable:
        return None


__all__ = ["NOWHERE", "Event", "Fault", "Record", "Undecodable", "decode", "encode", "encode_raw", "rfc3339"]
