import orjson
import pytest

from contracts import structured
from contracts.envelope import decode
from contracts.examples import Example
from contracts.faults import Fault, Undecodable


def test_every_example_is_read_back_as_it_was_written(example: Example):
    event = decode(example.record)
    assert structured.read(structured.write(event)) == event


def refusal(**envelope: object) -> Undecodable:
    with pytest.raises(Undecodable) as refused:
        structured.read(orjson.dumps(envelope))
    return refused.value


A_VISIT = {
    "specversion": "1.0",
    "id": "visit-1",
    "source": "urn:shop",
    "type": "loyalty.activity.recorded.v1",
    "data": {"programme": "p", "activity_id": "1", "kind": "visit", "holder": "v:" + "a" * 22, "occurred_at": "2026-01-01T10:00:00Z"},
}


def test_a_misspelt_field_is_named_and_so_is_the_event():
    found = refusal(**A_VISIT | {"data": A_VISIT["data"] | {"subjet": "x"}})
    assert (found.fault, found.reason, found.event_id) == (Fault.WRONG_SCHEMA, "data.subjet is no field of loyalty.activity.recorded.v1", "visit-1")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"type": "loyalty.activity.imagined.v1"}, Fault.UNKNOWN_TYPE),
        ({"id": ""}, Fault.NO_ENVELOPE),
        ({"specversion": "0.3"}, Fault.NO_ENVELOPE),
        ({"data": None}, Fault.WRONG_SCHEMA),
        ({"data": []}, Fault.WRONG_SCHEMA),
        ({"data": {}}, Fault.WRONG_SCHEMA),
        ({"datacontenttype": "text/xml"}, Fault.NOT_JSON),
    ],
)
def test_what_is_no_event_of_ours_is_refused(change: dict[str, object], fault: Fault):
    assert refusal(**A_VISIT | change).fault is fault


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"1", b"{", b"\xff"])
def test_whatever_comes_there_is_a_fault_and_no_failure(body: bytes):
    with pytest.raises(Undecodable):
        structured.read(body)
