"""May this schema take the place of that one? What has been promised to writers and readers stays true."""

from collections.abc import Iterator
from typing import Any

from contracts.schemas import Schema, Side

_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_EQUAL = ("pattern", "format")


def breaks(old: Schema, new: Schema, *, side: Side) -> list[str]:
    """Name every promise of the old schema that the new one breaks; none where it may take its place.

    Accepted: whatever could be sent before is still taken. Written: whatever is written now was to be expected before.
    A field never disappears from either.
    """
    narrow, wide = (_Node(old, old), _Node(new, new)) if side == "accepted" else (_Node(new, new), _Node(old, old))
    return [*_removed(_Node(old, old), _Node(new, new), "", frozenset()), *_misfits(narrow, wide, "", frozenset())]


class _Node:
    """A place in a schema, with references resolved."""

    def __init__(self, schema: Schema, root: Schema) -> None:
        while "$ref" in schema:
            name = schema["$ref"].removeprefix("#/$defs/")
            schema = root["$defs"][name] | {key: value for key, value in schema.items() if key != "$ref"}
        self.schema = schema
        self.root = root

    def at(self, schema: Schema) -> "_Node":
        return _Node(schema, self.root)

    @property
    def properties(self) -> dict[str, Schema]:
        found: dict[str, Schema] = self.schema.get("properties", {})
        return found

    @property
    def variants(self) -> "list[_Node]":
        alternatives = self.schema.get("anyOf") or self.schema.get("oneOf")
        if not alternatives:
            return [self]
        return [variant for each in alternatives for variant in self.at(each).variants]

    @property
    def kind(self) -> Any:
        return self.schema.get("type")

    @property
    def choices(self) -> list[Any] | None:
        if "const" in self.schema:
            return [self.schema["const"]]
        found: list[Any] | None = self.schema.get("enum")
        return found


Seen = frozenset[tuple[int, int]]


def _removed(old: _Node, new: _Node, path: str, seen: Seen) -> Iterator[str]:
    """Name the properties that the old schema has, at any depth, and the new one has not."""
    pair = (id(old.schema.get("properties")), id(new.schema.get("properties")))
    if old.properties and pair in seen:
        return
    seen |= {pair}
    for name, schema in old.properties.items():
        if name not in new.properties:
            yield f"{path}/{name}: removed"
        else:
            yield from _removed(old.at(schema), new.at(new.properties[name]), f"{path}/{name}", seen)
    if isinstance(old.schema.get("items"), dict) and isinstance(new.schema.get("items"), dict):
        yield from _removed(old.at(old.schema["items"]), new.at(new.schema["items"]), f"{path}/*", seen)
    for variant in old.variants if len(old.variants) > 1 else []:
        for other in (other for other in new.variants if other.kind == variant.kind):
            yield from _removed(variant, other, path, seen)


def _misfits(narrow: _Node, wide: _Node, path: str, seen: Seen) -> Iterator[str]:
    """Name the reasons why something valid for the narrow schema may be invalid for the wide one."""
    for variant in narrow.variants:
        candidates = [other for other in wide.variants if other.kind in (variant.kind, None) or (variant.kind, other.kind) == ("integer", "number")]
        if not candidates:
            yield f"{path or '/'}: the type {variant.kind} on one side only"
        else:
            yield from min((list(_misfits_of_one(variant, other, path, seen)) for other in candidates), key=len)


def _misfits_of_one(narrow: _Node, wide: _Node, path: str, seen: Seen) -> Iterator[str]:
    if wide.choices is not None:
        extra = [choice for choice in narrow.choices or ["any other"] if choice not in wide.choices]
        if extra:
            yield f"{path}: {', '.join(map(str, extra))} on one side only"
    yield from _misfits_of_bounds(narrow.schema, wide.schema, path)
    if narrow.properties or wide.properties:
        pair = (id(narrow.properties), id(wide.properties))
        if pair not in seen:
            yield from _misfits_of_objects(narrow, wide, path, seen | {pair})
    for key, step in (("items", "*"), ("additionalProperties", "{}")):
        inner, outer = narrow.schema.get(key), wide.schema.get(key)
        if isinstance(inner, dict) and isinstance(outer, dict):
            yield from _misfits(narrow.at(inner), wide.at(outer), f"{path}/{step}", seen)


def _misfits_of_bounds(narrow: Schema, wide: Schema, path: str) -> Iterator[str]:
    for bound in _LOWER_BOUNDS:
        if bound in wide and narrow.get(bound, float("-inf")) < wide[bound]:
            yield f"{path}: {bound} {narrow.get(bound, 'missing')} against {wide[bound]}"
    for bound in _UPPER_BOUNDS:
        if bound in wide and narrow.get(bound, float("inf")) > wide[bound]:
            yield f"{path}: {bound} {narrow.get(bound, 'missing')} against {wide[bound]}"
    for rule in _EQUAL:
        if rule in wide and narrow.get(rule) != wide[rule]:
            yield f"{path}: another {rule}"


def _misfits_of_objects(narrow: _Node, wide: _Node, path: str, seen: Seen) -> Iterator[str]:
    for name in wide.schema.get("required", ()):
        if name not in narrow.schema.get("required", ()):
            yield f"{path}/{name}: required on one side only"
    for name in narrow.properties.keys() & wide.properties.keys():
        yield from _misfits(narrow.at(narrow.properties[name]), wide.at(wide.properties[name]), f"{path}/{name}", seen)
