from pathlib import Path
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from members.clients.hashes import read_key
from members.clients.vault import Vault
from shared.ids import random_bytes
from shared.local.keys import make_keys

ANA, BORIS = UUID(int=1), UUID(int=2)
vault = Vault(b"w" * 32, random_bytes=random_bytes)


@given(st.text())
def test_what_is_sealed_opens_for_its_member_and_column(fact: str):
    key, wrapped = vault.new_key(ANA)
    sealed = key.seal("member.given_name", fact)
    assert vault.unwrap(ANA, wrapped).open("member.given_name", sealed) == fact
    assert key.seal("member.given_name", fact) != sealed


def test_what_is_sealed_opens_nowhere_else():
    key, wrapped = vault.new_key(ANA)
    other, others = vault.new_key(BORIS)
    sealed = key.seal("member.given_name", "Ana")
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for opening in (
        lambda: other.open("member.given_name", sealed),
        lambda: key.open("member.family_name", sealed),
        lambda: key.open("member.given_name", changed),
        lambda: vault.unwrap(ANA, others),
        lambda: vault.unwrap(BORIS, wrapped),
        lambda: Vault(b"x" * 32, random_bytes=random_bytes).unwrap(ANA, wrapped),
    ):
        with pytest.raises(InvalidTag):
            opening()


def test_a_draw_is_the_same_for_ever_and_tells_its_inputs_apart():
    assert vault.draw(b"a", b"bc") == vault.draw(b"a", b"bc")
    assert len({vault.draw(b"a", b"bc"), vault.draw(b"ab", b"c"), vault.draw(b"abc"), Vault(b"x" * 32, random_bytes=random_bytes).draw(b"a", b"bc")}) == 4


def test_a_key_comes_from_its_file_or_the_file_is_named(tmp_path: Path):
    keys = make_keys(tmp_path / "keys")
    assert len(read_key(keys.personal)) == len(read_key(keys.identifier("card"))) == 32
    for content in ("short", "?" * 43):
        bad = tmp_path / "bad.key"
        bad.write_text(content)
        with pytest.raises(ValueError, match=r"bad\.key") as refused:
            read_key(bad)
        assert content not in str(refused.value)
