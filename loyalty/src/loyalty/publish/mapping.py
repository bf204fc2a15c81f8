"""The mapping file: which columns of a CSV file make which fields of an event.

A field is a text with columns in braces (`"{Receipt}"`), or one of the conversions of `CONVERSIONS`. A conversion of an empty
text leaves the field out.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from loyalty.console import COULD_NOT, Failure
from loyalty.publish.pieces import MISFIT

Row = Mapping[str, str]
#: Turns an identifier (kind, value) into a holder; it needs the identifier keys.
HolderOf = Callable[[str, str], str]

COLUMN = re.compile(r"\{([^{}]+)\}")


class BadPiece(Exception):  # noqa: N818  it describes the input
    """A piece of the file is no event, for the reason given."""


class FileMapping(BaseModel):
    """A mapping file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    source: str
    event_id: Annotated[str, Field(min_length=1)]
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    group_by: str | None = None
    data: dict[str, Any]
    lines: dict[str, Any] | None = None


def read_mapping(path: Path) -> FileMapping:
    """Read a mapping file. Fails with the place of the fault."""
    try:
        return FileMapping.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except OSError as error:
        raise Failure(f"Cannot read {path}: {error.strerror}.", code=COULD_NOT) from error
    except yaml.YAMLError as error:
        raise Failure(f"{path} is not YAML: {error}", code=COULD_NOT) from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in error.errors())
        raise Failure(f"{path} is no mapping: {faults}.", advice="`loyalty publish --help` shows one.", code=COULD_NOT) from error


@dataclass(frozen=True, slots=True)
class Converter:
    """Applies a mapping to rows."""

    mapping: FileMapping
    holder_of: HolderOf

    def envelope(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Make a CloudEvent, as JSON would hold it, from the rows of one event. Raises BadPiece."""
        for row in rows:
            if MISFIT in row:
                raise BadPiece(row[MISFIT])
        data = self._fields(self.mapping.data, rows[0])
        if self.mapping.lines is not None:
            data["lines"] = [{"line_id": str(number), **self._fields(self.mapping.lines, row)} for number, row in enumerate(rows, start=1)]
        event_id = _text(self.mapping.event_id, rows[0])
        event = {"specversion": "1.0", "id": event_id, "source": self.mapping.source, "type": self.mapping.type, "data": data}
        return event | ({"time": data["occurred_at"]} if "occurred_at" in data else {})

    def _fields(self, fields: Mapping[str, Any], row: Row) -> dict[str, Any]:
        found = {name: self._value(name, rule, row) for name, rule in fields.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _value(self, name: str, rule: Any, row: Row) -> Any:
        if isinstance(rule, str):
            return _text(rule, row) or None
        if not isinstance(rule, dict):
            return rule
        for word, convert in CONVERSIONS.items():
            if word in rule:
                text = _text(str(rule[word]), row)
                try:
                    if text and "times" in rule:
                        text = product(text, _text(str(rule["times"]), row), rule)
                    return convert(text, rule) if text else None
                except (ValueError, InvalidOperation, KeyError) as error:
                    raise BadPiece(f"{name}: {text!r} is no {word}") from error
        if "identifier" in rule:
            return self._holder(name, str(rule["identifier"]), _text(str(rule.get("value", "")), row))
        raise BadPiece(f"{name}: the mapping knows {', '.join([*CONVERSIONS, 'identifier'])}, not {', '.join(map(str, rule))}")

    def _holder(self, name: str, kind: str, typed: str) -> str | None:
        try:
            return self.holder_of(kind, typed) if typed else None
        except ValueError as error:
            raise BadPiece(f"{name}: {error}") from error


def _text(template: str, row: Row) -> str:
    def cell(match: re.Match[str]) -> str:
        try:
            return row[match[1]].strip()
        except KeyError as error:
            raise BadPiece(f"no column {match[1]}; the columns are {', '.join(row)}") from error

    return COLUMN.sub(cell, template)


def product(text: str, times: str, rule: Mapping[str, Any]) -> str:
    """Return a price times a number of pieces, to the minor unit. Raises InvalidOperation where one of them is no number."""
    exact = Decimal(text.replace(" ", "")) * Decimal(times.replace(" ", ""))
    return str(exact.quantize(Decimal(1).scaleb(-int(rule.get("digits", 2))), ROUND_HALF_UP))


def _whole(text: str, places: int) -> int:
    scaled = Decimal(text.replace(" ", "")).scaleb(places)
    if scaled != scaled.to_integral_value():
        raise ValueError(text)
    return int(scaled)


def _time(text: str, rule: Mapping[str, Any]) -> str:
    """Read a local time of the zone named (UTC where none is)."""
    moment = datetime.strptime(text, rule["format"]) if "format" in rule else datetime.fromisoformat(text)  # noqa: DTZ007  the zone follows
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(str(rule.get("zone", "UTC"))))
    return moment.astimezone(UTC).isoformat()


#: What a rule may say: `{money: "{Price}", digits: 2}`, with `times: "{Pieces}"` where that is the price of one; `{quantity: "{Pieces}"}` (into thousandths),
#: `{integer: …}`, `{time: …, format: …, zone: …}`,
#: `{list: "{Labels}", separator: ";"}`; and `{identifier: card, value: "{Card}"}`.
CONVERSIONS: Mapping[str, Callable[[str, Mapping[str, Any]], Any]] = {
    "money": lambda text, rule: _whole(text, int(rule.get("digits", 2))),
    "quantity": lambda text, _: _whole(text, 3),
    "integer": lambda text, _: _whole(text, 0),
    "time": _time,
    "list": lambda text, rule: [part.strip() for part in text.split(str(rule.get("separator", ";"))) if part.strip()],
}
