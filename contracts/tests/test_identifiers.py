import base64
import hashlib
import hmac
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from contracts.fields import Holder
from contracts.identifiers import identifier_hash, member_holder

KEY = b"k" * 32


def test_a_member_is_written_as_m_and_the_id():
    assert member_holder(UUID("0B6F1F0E-5F0A-4C57-9D0E-6A1D3C1F2B7A")) == "m:0b6f1f0e-5f0a-4c57-9d0e-6a1d3c1f2b7a"


def test_a_hash_is_what_any_other_hmac_gives():
    expected = hmac.new(KEY, b"phone\x00+79161234567", hashlib.sha256).digest()
    assert identifier_hash(key=KEY, kind="phone", normal_form="+79161234567") == "h1:" + base64.urlsafe_b64encode(expected).decode().rstrip("=")


@given(st.text(), st.uuids())
@settings(max_examples=30, deadline=None)
def test_every_hash_and_every_member_is_a_holder_on_the_wire(normal_form: str, member_id: UUID):
    holder = TypeAdapter(Holder)
    holder.validate_python(identifier_hash(key=KEY, kind="card", normal_form=normal_form))
    holder.validate_python(member_holder(member_id))


def test_kind_and_key_are_part_of_the_hash():
    hashes = {identifier_hash(key=key, kind=kind, normal_form="1") for key in (KEY, b"q" * 32) for kind in ("card", "phone", "card1")}
    assert len(hashes) == 6


def test_a_short_key_and_a_kind_that_ends_early_are_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        identifier_hash(key=b"short", kind="card", normal_form="1")
    with pytest.raises(ValueError, match=r"U\+0000"):
        identifier_hash(key=KEY, kind="card\0", normal_form="1")
