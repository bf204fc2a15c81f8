from pathlib import Path

import pytest

from contracts.identifiers import identifier_hash
from contracts.normal_forms import NoIdentifierError
from loyalty_client import IdentifierKeys

from .builders import key_file

KEY = bytes(range(32))


def test_a_card_is_hashed_as_members_hashes_it(tmp_path: Path):
    """A known vector: should it ever change, every stored link would be lost."""
    keys = IdentifierKeys.from_files(card=key_file(tmp_path, "card", KEY))
    assert keys.holder("card", "9000 0000 0000 0019") == "h1:ratv29lfisWkxp-EpRM0wJo80hk5Mv-cq8ejjb8b5Qc"


def test_however_it_is_typed_it_is_one_holder():
    keys = IdentifierKeys(keys={"phone": KEY, "email": KEY}, region="GB")
    assert (
        keys.holder("phone", "07400 123456") == keys.holder("phone", "+44 7400 123456") == identifier_hash(key=KEY, kind="phone", normal_form="+447400123456")
    )
    assert keys.holder("email", " Ana@Example.ORG ") == keys.holder("email", "ana@example.org")


def test_a_visitor_needs_no_key():
    assert IdentifierKeys(keys={}).holder("visitor", "a" * 22) == "v:" + "a" * 22


def test_what_is_none_and_what_cannot_be_hashed_is_refused(tmp_path: Path):
    keys = IdentifierKeys.from_files(card=key_file(tmp_path, "card", KEY), card_prefixes={"9001"})
    with pytest.raises(NoIdentifierError) as refused:
        keys.holder("card", "9000 0000 0000 0019")
    assert refused.value.code == "bad-card"
    with pytest.raises(KeyError):
        keys.holder("email", "ana@example.org")


@pytest.mark.parametrize("text", [b"", b"short", b"!" * 43])
def test_a_file_without_a_key_is_refused_by_kind_and_repeats_nothing(tmp_path: Path, text: bytes):
    file = tmp_path / "key"
    file.write_bytes(text)
    with pytest.raises(ValueError, match=r"^the phone key: ") as refused:
        IdentifierKeys.from_files(phone=file)
    assert not text or text.decode() not in str(refused.value)


def test_keys_do_not_show():
    assert "\\x01" not in repr(IdentifierKeys(keys={"card": KEY}))
