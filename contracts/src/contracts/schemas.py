"""Models on paper: the JSON Schema of what is accepted, and of what our services write."""

from functools import cache
from typing import Any, Literal

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from contracts.catalogue import EventType

Schema = dict[str, Any]
Side = Literal["accepted", "written"]
SIDES: tuple[Side, Side] = ("accepted", "written")

_MODES: dict[Side, JsonSchemaMode] = {"accepted": "validation", "written": "serialization"}


class _WithoutTitles(GenerateJsonSchema):
    """A title that repeats the field's name says nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  the signature is pydantic's
        return False


@cache
def schema_of(entry: EventType, *, side: Side) -> Schema:
    """Draw the schema of one event type.

    Accepted is open and asks only for what has no default: a store need not say more. Written is closed and lists every field:
    a consumer may rely on each, and a service that writes what nobody described is found out. The answer is shared: copy it before changing it.
    """
    drawn = entry.model.model_json_schema(mode=_MODES[side], schema_generator=_WithoutTitles)
    if side == "written":
        drawn = close(drawn)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | drawn | {"title": entry.name}


def close(schema: Schema) -> Schema:
    """Forbid, at every level, properties that the schema does not name."""
    closed: Schema = _close(schema)
    return closed


def _close(node: Any) -> Any:
    if isinstance(node, list):
        return [_close(child) for child in node]
    if not isinstance(node, dict):
        return node
    walked = {key: _close(child) for key, child in node.items()}
    return walked | {"additionalProperties": False} if isinstance(node.get("properties"), dict) and node.get("type") == "object" else walked
