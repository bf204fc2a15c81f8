"""Whatever a record holds, it is read as an event or refused with a fault: nothing else happens."""

import json
from dataclasses import replace
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.bodies import MAX_DEPTH, read_body
from contracts.envelope import Event, Fault, Record, Undecodable, decode, encode
from contracts.examples import load_examples
from contracts.export import FOLDER

RECORDS = [example.record for example in load_examples(FOLDER / "examples")]
WORDS = rb"""NaN 1e400 -0 1.0 true null "\ud800" "\ud83d\ude00" "\u0000" "\\u0000" {"a":1,"a":1} "9999-12-31T23:59:59-23:59" "m:" " \ , : }"""
TOKENS = st.sampled_from([*WORDS.split(), b"9" * 30, b"9" * 5000, b"[" * 40, b"{" * 300, b"\0", b" ", b'"\xff"'])
NUMBERS = st.integers() | st.integers(-(2**70), 2**70) | st.floats()
TEXTS = st.text(max_size=8) | st.text(st.sampled_from('{}[]":,\\\0\ud800a'), max_size=8)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=25,
)


def reads_or_refuses(record: Record) -> None:
    read = outcome(record)
    if isinstance(read, Undecodable):
        assert read.fault in Fault
        assert read.reason.encode()
        assert "\0" not in read.reason
        for part in (read.event_id, read.source, read.type):
            assert part is None or (0 < len(part.encode()) <= 200 and "\0" not in part)
    else:
        assert decode(encode(read)) == read


def outcome(record: Record) -> Event[Any] | Undecodable:
    try:
        return decode(record)
    except Undecodable as refused:
        return refused


@given(st.sampled_from(RECORDS), st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_any_bytes(record: Record, body: bytes):
    reads_or_refuses(replace(record, value=body))


@given(st.sampled_from(RECORDS), st.floats(0, 1), st.integers(0, 20), TOKENS | st.binary(max_size=4))
@settings(max_examples=150, deadline=None)
def test_a_good_body_with_a_piece_torn_out_and_another_put_in(record: Record, place: float, length: int, piece: bytes):
    body = record.value or b""
    at = int(place * len(body))
    reads_or_refuses(replace(record, value=body[:at] + piece + body[at + length :]))


@given(st.sampled_from(RECORDS), st.data())
@settings(max_examples=80, deadline=None)
def test_a_good_body_with_any_value_in_one_field(record: Record, data: st.DataObject):
    value = orjson.loads(record.value or b"")
    inner = value["data"] if "specversion" in value and data.draw(st.booleans()) else value
    inner[data.draw(st.sampled_from(sorted(inner)) | TEXTS)] = data.draw(VALUES)
    reads_or_refuses(replace(record, value=json.dumps(value, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass")))


@given(st.sampled_from(RECORDS), st.data())
@settings(max_examples=60, deadline=None)
def test_any_headers_topic_and_key(record: Record, data: st.DataObject):
    names = st.sampled_from(["ce_id", "ce_source", "ce_type", "ce_time", "ce_specversion", "content-type", "traceparent"]) | st.text(max_size=5)
    contents = (
        st.sampled_from([value for _, value in record.headers]) | st.binary(max_size=20) | st.sampled_from([b"\0", b"x" * 300, b"2026-10-01T00:00:00+99:99"])
    )
    headers = data.draw(st.permutations(record.headers))[: data.draw(st.integers(0, 8))] + data.draw(st.lists(st.tuples(names, contents), max_size=3))
    key = data.draw(st.just(record.key) | st.none() | st.binary(max_size=5))
    topic = data.draw(st.just(record.topic) | st.sampled_from(RECORDS).map(lambda other: other.topic))
    reads_or_refuses(replace(record, headers=tuple(headers), key=key, topic=topic))


def depth(value: Any) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max((depth(child) for child in children), default=0) + isinstance(value, dict | list)


def fault_of(body: bytes) -> Fault | None:
    try:
        read_body(body)
    except Undecodable as refused:
        return refused.fault
    return None


KEYS = st.sampled_from(["a", "b", "é", '"', "]", "{"])
TREES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.text('a[]{}":,\\', max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.lists(st.tuples(KEYS, inner), max_size=3).map(tuple),
    max_leaves=12,
)


def written(tree: Any, *, spaced: bool) -> str:
    """Write a tree in which an object is a tuple of pairs, so that keys may repeat."""
    comma = ", " if spaced else ","
    if isinstance(tree, tuple):
        return "{" + comma.join(f"{json.dumps(key, ensure_ascii=spaced)}:{written(inner, spaced=spaced)}" for key, inner in tree) + "}"
    if isinstance(tree, list):
        return "[" + comma.join(written(inner, spaced=spaced) for inner in tree) + "]"
    return json.dumps(tree, ensure_ascii=spaced)


def repeats(tree: Any) -> bool:
    if isinstance(tree, tuple):
        return len({key for key, _ in tree}) < len(tree) or any(repeats(inner) for _, inner in tree)
    return isinstance(tree, list) and any(map(repeats, tree))


@given(TREES, st.booleans())
@settings(max_examples=80, deadline=None)
def test_a_repeated_key_is_found_wherever_it_is_and_nowhere_else(tree: Any, spaced: bool):  # noqa: FBT001  drawn by hypothesis
    assert (fault_of(written(tree, spaced=spaced).encode()) is Fault.DUPLICATE_KEY) == repeats(tree)


@given(TREES.filter(lambda tree: not repeats(tree)), st.integers(0, MAX_DEPTH + 2), st.booleans())
@settings(max_examples=80, deadline=None)
def test_depth_is_counted_exactly_whatever_the_texts_hold(tree: Any, more: int, named: bool):  # noqa: FBT001  drawn by hypothesis
    for _ in range(more):
        tree = (("a", tree), ("[", "]]")) if named else ["]", tree, "{"]
    body = written(tree, spaced=False).encode()
    assert (fault_of(body) is Fault.TOO_DEEP) == (depth(json.loads(body)) > MAX_DEPTH)
