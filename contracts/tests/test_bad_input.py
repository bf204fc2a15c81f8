from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from contracts.bodies import MAX_BODY_BYTES
from contracts.envelope import Fault, Record, Undecodable, decode

Edit = Callable[..., Record]
LINE = {"line_id": "1", "sku": "RYE", "paid_amount": 100}


def fault_of(record: Record) -> Undecodable:
    with pytest.raises(Undecodable) as caught:
        decode(record)
    return caught.value


def with_header(record: Record, name: str, value: bytes | None) -> Record:
    kept = tuple(header for header in record.headers if header[0] != name)
    return replace(record, headers=kept if value is None else (*kept, (name, value)))


BODIES = {
    "empty": (b"", Fault.NOT_JSON),
    "undecodable bytes": (b"\x80\x81\x00\x02avro", Fault.BAD_UTF8),
    "cut off": (b'{"merchant":"corner', Fault.NOT_JSON),
    "two documents": (b"{}{}", Fault.NOT_JSON),
    "a byte order mark": (b"\xef\xbb\xbf{}", Fault.NOT_JSON),
    "bad UTF-8 in a text": (b'{"merchant":"\xc3\x28"}', Fault.BAD_UTF8),
    "a lone surrogate": (b'{"merchant":"\\ud800"}', Fault.NOT_JSON),
    "NaN": (b'{"paid_amount":NaN}', Fault.NOT_JSON),
    "Infinity": (b'{"paid_amount":-Infinity}', Fault.NOT_JSON),
    "a number beyond any float": (b'{"paid_amount":1e999}', Fault.NOT_JSON),
    "a zero byte": (b'{"merchant":"a\0b"}', Fault.NUL_CHARACTER),
    "an escaped zero": (b'{"merchant":"a\\u0000b"}', Fault.NUL_CHARACTER),
    "an escaped zero in a key nobody knows": (b'{"a\\u0000b":1}', Fault.NUL_CHARACTER),
    "an escaped zero deep inside": (b'{"other":[{"text":["\\u0000"]}]}', Fault.NUL_CHARACTER),
    "a repeated key": (b'{"merchant":"a","merchant":"b"}', Fault.DUPLICATE_KEY),
    "a repeated key, written differently": (b'{"merchant":"a","merch\\u0061nt":"a"}', Fault.DUPLICATE_KEY),
    "a repeated key deep inside": (b'{"lines":[{"other":{"a":1, "a":1}}]}', Fault.DUPLICATE_KEY),
    "17 levels": (b'{"a":' * 17 + b"1" + b"}" * 17, Fault.TOO_DEEP),
    "17 levels of lists": (b"[" * 17 + b"]" * 17, Fault.TOO_DEEP),
    "100,000 levels": (b"[" * 100_000 + b"]" * 100_000, Fault.TOO_DEEP),
    "100,000 levels never closed": (b'{"a":' * 100_000, Fault.TOO_DEEP),
    "1 MB": (b'"' + b"a" * 1_000_000 + b'"', Fault.TOO_LARGE),
    "a list": (b"[]", Fault.WRONG_SCHEMA),
    "null": (b"null", Fault.WRONG_SCHEMA),
    "a text": (b'"purchase"', Fault.WRONG_SCHEMA),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_broken_body_has_its_fault_and_keeps_its_identity(bakery_receipt: Record, case: str):
    body, fault = BODIES[case]
    found = fault_of(replace(bakery_receipt, value=body))
    assert found.fault is fault
    headers = dict(bakery_receipt.headers)
    assert (found.event_id, found.source, found.type) == tuple(headers[name].decode() for name in ("ce_id", "ce_source", "ce_type"))


@pytest.mark.parametrize("case", BODIES)
def test_a_broken_body_has_the_same_fault_in_structured_mode(web_order: Record, case: str):
    body, fault = BODIES[case]
    found = fault_of(replace(web_order, value=body))
    assert found.fault is (Fault.NO_ENVELOPE if fault is Fault.WRONG_SCHEMA else fault)
    assert (found.event_id, found.source, found.type) == (None, None, None)


def test_16_levels_are_read_and_brackets_in_texts_are_no_levels(edited: Edit):
    deep: Any = "x"
    for _ in range(15):
        deep = [deep]
    decode(edited(other=deep, more="[{" * 50, lines=[LINE | {"line_id": str(n), "name": "]["} for n in range(100)]))
    assert fault_of(edited(other=[deep])).fault is Fault.TOO_DEEP
    assert fault_of(edited(other=["]", [deep, "["], "[" * 20])).fault is Fault.TOO_DEEP


def test_a_backslash_before_u0000_is_text(edited: Edit):
    assert decode(edited(cashier="\\u0000")).data.cashier == "\\u0000"


def test_a_body_of_exactly_the_limit_is_read(edited: Edit):
    room = MAX_BODY_BYTES - len(edited(other="").value)
    assert decode(edited(other="x" * room))
    assert fault_of(edited(other="x" * (room + 1))).fault is Fault.TOO_LARGE


def test_a_body_written_with_spaces_and_escapes_means_the_same(bakery_receipt: Record):
    import json  # noqa: PLC0415  the other way to write

    spaced = json.dumps(json.loads(bakery_receipt.value), indent=3).encode()
    assert decode(replace(bakery_receipt, value=spaced)) == decode(bakery_receipt)


AMOUNTS = [-1, 2**63, 2**64, 10**15 + 1, 10**30, 12.5, 100.0, 1e3, True, "100", None, [], {}]


@pytest.mark.parametrize("amount", AMOUNTS, ids=str)
def test_money_is_a_whole_number_from_0_to_a_million_milliards(bakery_receipt: Record, amount: Any):
    import json  # noqa: PLC0415  the only one to write 10**30

    value = json.loads(bakery_receipt.value) | {"lines": [LINE | {"paid_amount": amount}]}
    found = fault_of(replace(bakery_receipt, value=json.dumps(value).encode()))
    assert found.fault is Fault.WRONG_SCHEMA
    assert found.reason.startswith("lines.0.paid_amount: ")


FIELDS: dict[str, dict[str, Any]] = {
    "a naive time": {"occurred_at": "2026-10-01T12:00:00"},
    "a date": {"occurred_at": "2026-10-01"},
    "seconds since 1970": {"occurred_at": 1_790_000_000},
    "a date that looks like a number": {"occurred_at": "20261001"},
    "the year 0": {"occurred_at": "0000-01-01T00:00:00Z"},
    "the first year": {"occurred_at": "0001-01-01T00:00:00+14:00"},
    "the last year": {"occurred_at": "9999-12-31T23:59:59-14:00"},
    "the year 12026": {"occurred_at": "12026-10-01T00:00:00Z"},
    "30 February": {"occurred_at": "2026-02-30T00:00:00Z"},
    "an offset of 25 hours": {"occurred_at": "2026-10-01T00:00:00+25:00"},
    "no currency": {"currency": None},
    "a currency in small letters": {"currency": "rub"},
    "an id of 201 letters": {"purchase_id": "x" * 201},
    "an id of 101 letters and 202 bytes": {"purchase_id": "я" * 101},
    "an empty id": {"merchant": ""},
    "a number for an id": {"merchant": 7},
    "no lines": {"lines": []},
    "1,001 lines": {"lines": [LINE | {"line_id": str(n)} for n in range(1001)]},
    "two lines of one id": {"lines": [LINE, LINE]},
    "a holder of no known form": {"holder": "+79161234567"},
    "a member in capitals": {"holder": "m:0B6F1F0E-5F0A-4C57-9D0E-6A1D3C1F2B7A"},
    "a channel nobody knows": {"channel": "telepathy"},
    "revision 0": {"revision": 0},
    "a zone out of the folder": {"zone": "../../etc/passwd"},
}


@pytest.mark.parametrize("case", FIELDS)
def test_a_field_against_the_schema_is_named(edited: Edit, case: str):
    found = fault_of(edited(**FIELDS[case]))
    assert found.fault is Fault.WRONG_SCHEMA
    assert found.event_id is not None


def test_a_reason_names_places_and_never_values(edited: Edit):
    secret = "+79161234567"
    found = fault_of(edited(holder=secret, currency=secret, merchant=[secret], zone=secret, occurred_at=secret))
    assert secret not in found.reason
    assert "holder" in found.reason
    assert found.reason.endswith("and 2 more")


HEADERS: dict[str, tuple[str, bytes | None, Fault]] = {
    "no id": ("ce_id", None, Fault.NO_ENVELOPE),
    "an empty id": ("ce_id", b"", Fault.NO_ENVELOPE),
    "an id of 201 bytes": ("ce_id", b"x" * 201, Fault.NO_ENVELOPE),
    "a zero byte in the id": ("ce_id", b"a\0b", Fault.NUL_CHARACTER),
    "an id that is no UTF-8": ("ce_id", b"\xff", Fault.BAD_UTF8),
    "no source": ("ce_source", None, Fault.NO_ENVELOPE),
    "a source of 201 bytes": ("ce_source", b"x" * 201, Fault.NO_ENVELOPE),
    "a zero byte in the source": ("ce_source", b"a\0", Fault.NUL_CHARACTER),
    "a source that is no UTF-8": ("ce_source", b"\xc3", Fault.BAD_UTF8),
    "no type": ("ce_type", None, Fault.NO_ENVELOPE),
    "an unknown type": ("ce_type", b"loyalty.purchase.dreamt.v1", Fault.UNKNOWN_TYPE),
    "an unknown version": ("ce_type", b"loyalty.purchase.recorded.v2", Fault.UNKNOWN_TYPE),
    "a type of another topic": ("ce_type", b"loyalty.reward.granted.v1", Fault.WRONG_TOPIC),
    "no specversion": ("ce_specversion", None, Fault.NO_ENVELOPE),
    "an old specversion": ("ce_specversion", b"0.3", Fault.NO_ENVELOPE),
    "a time without offset": ("ce_time", b"2026-10-01T06:20:11", Fault.NO_ENVELOPE),
    "a time in words": ("ce_time", b"yesterday", Fault.NO_ENVELOPE),
    "30 February": ("ce_time", b"2026-02-30T06:20:11Z", Fault.NO_ENVELOPE),
    "a week": ("ce_time", b"2026-W40-4T06:20:11Z", Fault.NO_ENVELOPE),
    "the first moment there is": ("ce_time", b"0001-01-01T00:00:00+14:00", Fault.NO_ENVELOPE),
    "the last moment there is": ("ce_time", b"9999-12-31T23:59:59-14:00", Fault.NO_ENVELOPE),
    "other digits": ("ce_time", "٢٠٢٦-10-01T06:20:11Z".encode(), Fault.NO_ENVELOPE),
    "another content type": ("content-type", b"application/avro", Fault.NOT_JSON),
    "a batch": ("content-type", b"application/cloudevents-batch+json", Fault.NO_ENVELOPE),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_broken_envelope_keeps_the_rest_of_its_identity(bakery_receipt: Record, case: str):
    name, value, fault = HEADERS[case]
    found = fault_of(with_header(bakery_receipt, name, value))
    assert found.fault is fault
    headers = dict(bakery_receipt.headers)
    expected = {each: headers[each].decode() for each in ("ce_id", "ce_source", "ce_type")}
    if name in expected:
        expected[name] = value.decode() if fault in (Fault.UNKNOWN_TYPE, Fault.WRONG_TOPIC) and value else None
    assert {"ce_id": found.event_id, "ce_source": found.source, "ce_type": found.type} == expected


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type", "ce_time", "ce_specversion", "content-type", "CE_ID"])
def test_a_header_that_comes_twice_leaves_nobody_guessing(bakery_receipt: Record, name: str):
    found = fault_of(replace(bakery_receipt, headers=(*bakery_receipt.headers, (name, b"1.0"))))
    assert found.fault is Fault.NO_ENVELOPE
    assert found.event_id == (None if name.lower() == "ce_id" else dict(bakery_receipt.headers)["ce_id"].decode())


STRUCTURED: dict[str, tuple[dict[str, Any], Fault]] = {
    "no id": ({"id": None}, Fault.NO_ENVELOPE),
    "a number for an id": ({"id": 7}, Fault.NO_ENVELOPE),
    "an id of 201 bytes": ({"id": "я" * 101}, Fault.NO_ENVELOPE),
    "no source": ({"source": None}, Fault.NO_ENVELOPE),
    "an unknown type": ({"type": "loyalty.purchase.dreamt.v1"}, Fault.UNKNOWN_TYPE),
    "an old specversion": ({"specversion": "0.3"}, Fault.NO_ENVELOPE),
    "a number for a specversion": ({"specversion": 1.0}, Fault.NO_ENVELOPE),
    "a number for a time": ({"time": 1_790_000_000}, Fault.NO_ENVELOPE),
    "a time without offset": ({"time": "2026-10-01T06:20:11"}, Fault.NO_ENVELOPE),
    "no data": ({"data": None}, Fault.WRONG_SCHEMA),
    "data as text": ({"data": "{}"}, Fault.WRONG_SCHEMA),
    "data as base64": ({"data": None, "data_base64": "e30="}, Fault.NOT_JSON),
    "data twice": ({"data_base64": "e30="}, Fault.NOT_JSON),
    "XML": ({"datacontenttype": "application/xml"}, Fault.NOT_JSON),
    "a list for a content type": ({"datacontenttype": []}, Fault.NOT_JSON),
}


@pytest.mark.parametrize("case", STRUCTURED)
def test_a_broken_structured_event_has_its_fault_and_what_is_readable_of_its_identity(web_order: Record, case: str):
    changes, fault = STRUCTURED[case]
    value = {name: given for name, given in (orjson.loads(web_order.value) | changes).items() if given is not None}
    found = fault_of(replace(web_order, value=orjson.dumps(value)))
    assert found.fault is fault
    readable = isinstance(value.get("id"), str) and len(value["id"]) < 100
    assert found.event_id == (value["id"] if readable else None)
    assert found.source == value.get("source")
    assert found.type == value["type"]


def test_a_missing_value_and_a_missing_or_contradicting_key_are_faults(bakery_receipt: Record, web_order: Record):
    for record in (bakery_receipt, web_order):
        assert fault_of(replace(record, value=None)).fault is Fault.NO_VALUE
        for key in (None, b"", b"m:somebody-else", record.key + b" ", b"\xff"):
            assert fault_of(replace(record, key=key)).fault is Fault.KEY_MISMATCH


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type", "ce_time", "ce_specversion", "content-type", "traceparent"])
def test_a_header_without_value_is_as_good_as_missing(bakery_receipt: Record, name: str):
    headers = tuple((each, None if each == name else value) for each, value in bakery_receipt.headers)
    if name == "traceparent":
        assert decode(replace(bakery_receipt, headers=headers)).traceparent is None
    else:
        assert fault_of(replace(bakery_receipt, headers=headers)).fault is Fault.NO_ENVELOPE


def test_a_header_with_an_odd_name_that_comes_twice_is_named_in_plain_letters(bakery_receipt: Record):
    odd = ("ce_\0" + "x" * 100, b"1")
    found = fault_of(replace(bakery_receipt, headers=(*bakery_receipt.headers, odd, odd)))
    assert found.reason.isprintable()
    assert len(found.reason) < 100


def test_a_record_without_any_header_is_no_event(bakery_receipt: Record):
    found = fault_of(replace(bakery_receipt, headers=()))
    assert (found.fault, found.event_id) == (Fault.NO_ENVELOPE, None)
