"""Reads a piece of a file as an event, held to the contract as a writer is: a field nobody knows is a fault, too."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from contracts.catalogue import TYPES, EventType
from contracts.envelope import Record, decode, encode
from contracts.faults import Undecodable
from loyalty.publish.mapping import BadPiece, Converter
from loyalty.publish.pieces import Piece

STRUCTURED = (("content-type", b"application/cloudevents+json"),)

#: Reads a piece, or raises BadPiece with the reason.
Reader = Callable[[Piece], Record]


@dataclass(frozen=True, slots=True)
class LineReader:
    """Reads CloudEvents in structured mode, for one topic or for any."""

    topic: str | None = None

    def __call__(self, piece: Piece) -> Record:
        """Give the record to produce. Raises BadPiece."""
        return checked(piece.content, topic=self.topic)


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads rows of a CSV file by a mapping."""

    converter: Converter
    topic: str | None = None

    def __call__(self, piece: Piece) -> Record:
        """Give the record to produce. Raises BadPiece."""
        rows: Sequence[Mapping[str, str]] = orjson.loads(piece.content)
        return checked(orjson.dumps(self.converter.envelope(rows)), topic=self.topic)


def checked(structured: bytes, *, topic: str | None) -> Record:
    """Check one CloudEvent against its contract and give the record that carries it. Raises BadPiece."""
    envelope, entry = _envelope(structured)
    record = Record(topic=topic or (entry.topic if entry else ""), key=_key(entry, envelope.get("data")), value=structured, headers=STRUCTURED)
    try:
        event = decode(record)
    except Undecodable as fault:
        raise BadPiece(f"{fault.fault}: {fault.reason}") from fault
    unknown = unknown_fields(envelope.get("data"), event.data.model_dump(mode="json"))
    if unknown:
        raise BadPiece(f"wrong-schema: data.{unknown[0]} is no field of {event.type}")
    return encode(event)


def _envelope(structured: bytes) -> tuple[dict[str, Any], EventType | None]:
    """Read as much as is needed to choose topic and key. Whatever is wrong is left for decoding, which says it better."""
    try:
        envelope = orjson.loads(structured)
    except orjson.JSONDecodeError:
        return {}, None
    if not isinstance(envelope, dict):
        return {}, None
    return envelope, TYPES.get(str(envelope.get("type")))


def _key(entry: EventType | None, data: Any) -> bytes:
    if entry is None:
        return b""
    try:
        return entry.key_of(entry.adapter.validate_json(orjson.dumps(data))).encode()
    except ValidationError:
        return b""


def unknown_fields(given: Any, understood: Any, path: str = "") -> list[str]:
    """List the fields that were given and are not among those understood."""
    if isinstance(given, dict) and isinstance(understood, dict):
        here = [f"{path}{name}" for name in given if name not in understood]
        return here + [field for name in given if name in understood for field in unknown_fields(given[name], understood[name], f"{path}{name}.")]
    if isinstance(given, list) and isinstance(understood, list):
        return [field for number, (one, other) in enumerate(zip(given, understood, strict=False)) for field in unknown_fields(one, other, f"{path}{number}.")]
    return []
