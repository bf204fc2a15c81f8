"""Reads a piece of a file as an event, held to the contract as a writer is: a field nobody knows is a fault, too."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from contracts import structured
from contracts.envelope import Record, encode
from contracts.faults import Fault, Undecodable
from loyalty.publish.mapping import BadPiece, Converter
from loyalty.publish.pieces import Piece

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


def checked(content: bytes, *, topic: str | None) -> Record:
    """Check one CloudEvent against its contract and give the record that carries it. Raises BadPiece."""
    try:
        record = encode(structured.read(content))
    except Undecodable as fault:
        raise BadPiece(f"{fault.fault}: {fault.reason}") from fault
    if topic not in {None, record.topic}:
        raise BadPiece(f"{Fault.WRONG_TOPIC}: it travels on {record.topic}")
    return record
