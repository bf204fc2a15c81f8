"""Read a JSON body, refusing what parsers let through: repeated keys, deep nesting, U+0000, NaN."""

import json
import re
from typing import Any

import orjson

from contracts.faults import Fault, Undecodable

#: Below Kafka's usual limit of 1 MiB for a whole record, so that headers fit too.
MAX_BODY_BYTES = 900_000
#: Our deepest event has 6 levels; parsers give up at a few hundred.
MAX_DEPTH = 16

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def read_body(body: bytes, *, max_bytes: int = MAX_BODY_BYTES) -> Any:
    """Parse a body that is safe to keep and means the same to every reader. Raises Undecodable, without identity."""
    if len(body) > max_bytes:
        raise Undecodable(Fault.TOO_LARGE, f"{len(body)} bytes, at most {max_bytes} are taken")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _why_unreadable(body, error) from None
    # Nothing is deeper than it has brackets, so most bodies need no walk.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _is_too_deep(value):
        raise Undecodable(Fault.TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels")
    if b"\\u0000" in body and _has_nul(value):
        raise Undecodable(Fault.NUL_CHARACTER, "a text contains U+0000")
    # A body equal to its own canonical form repeats no key: a repeated one would have been lost on the way.
    if orjson.dumps(value) != body:
        _refuse_repeated_keys(body)
    return value


def _why_unreadable(body: bytes, error: orjson.JSONDecodeError) -> Undecodable:
    try:
        body.decode()
    except UnicodeDecodeError as bad:
        return Undecodable(Fault.BAD_UTF8, f"no UTF-8 at byte {bad.start}")
    if b"\0" in body:
        return Undecodable(Fault.NUL_CHARACTER, f"a zero byte at {body.index(0)}")
    if _nesting(body) > MAX_DEPTH:
        return Undecodable(Fault.TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels")
    return Undecodable(Fault.NOT_JSON, str(error))


def _nesting(body: bytes) -> int:
    """Count the deepest nesting of text that need not be JSON."""
    depth = deepest = 0
    for bracket in _STRING.sub(b"", body):
        if bracket in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in b"]}":
            depth -= 1
    return deepest


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in (parent.values() if isinstance(parent, dict) else parent) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(child) for key, child in value.items())
    return isinstance(value, list) and any(_has_nul(child) for child in value)


def _refuse_repeated_keys(body: bytes) -> None:
    try:
        _SLOW.decode(body.decode())
    except RecursionError:
        raise Undecodable(Fault.TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:  # what orjson takes and Python's parser does not
        raise Undecodable(Fault.NOT_JSON, str(error)) from None


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise Undecodable(Fault.DUPLICATE_KEY, "an object names a key twice")


_SLOW = json.JSONDecoder(object_pairs_hook=_distinct)
