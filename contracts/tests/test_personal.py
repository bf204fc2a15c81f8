from contextlib import suppress

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey

from contracts.personal import UnreadablePersonalPart, decrypt_personal, encrypt_personal, read_key
from contracts.registrations import PersonalPart, TypedIdentifier

PART = PersonalPart(identifiers=(TypedIdentifier(kind="phone", value="+7 916 123-45-67"),), given_name="Борис", birth_date="1985-02-28")
MEMBERS = ECKey.generate_key("P-256")


@pytest.mark.parametrize("made", [ec.generate_private_key(ec.SECP256R1()), x25519.X25519PrivateKey.generate()], ids=["P-256", "X25519"])
def test_what_is_sealed_with_the_public_key_opens_with_the_private_one(made: ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey):
    private = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = made.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    sealed = encrypt_personal(PART, read_key(public))
    assert "Борис" not in sealed
    assert decrypt_personal(sealed, read_key(private)) == PART


def test_the_same_part_is_never_sealed_the_same_way_twice():
    assert encrypt_personal(PART, MEMBERS) != encrypt_personal(PART, MEMBERS)


def test_another_key_opens_nothing():
    with pytest.raises(UnreadablePersonalPart):
        decrypt_personal(encrypt_personal(PART, MEMBERS), ECKey.generate_key("P-256"))


@given(st.integers(0, 600), st.sampled_from("AZaz09-_."))
@settings(max_examples=40, deadline=None)
def test_a_changed_seal_opens_nothing_or_the_same(place: int, character: str):
    sealed = encrypt_personal(PART, MEMBERS)
    place %= len(sealed)
    changed = sealed[:place] + character + sealed[place + 1 :]
    with suppress(UnreadablePersonalPart):
        assert decrypt_personal(changed, MEMBERS) == PART


@pytest.mark.parametrize("text", ["", "....", "a.b.c.d.e", "é.b.c.d.e", "e30.e30.e30.e30.e30", "\0", "x" * 100_000])
def test_nonsense_opens_nothing(text: str):
    with pytest.raises(UnreadablePersonalPart):
        decrypt_personal(text, MEMBERS)


def test_a_seal_chooses_neither_its_algorithm_nor_compression():
    body = PART.model_dump_json().encode()
    other_cipher = jwe.encrypt_compact({"alg": "ECDH-ES+A256KW", "enc": "A128GCM"}, body, MEMBERS, algorithms=["ECDH-ES+A256KW", "A128GCM"])
    other_agreement = jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, body, OctKey.generate_key(256), algorithms=["dir", "A256GCM"])
    algorithms = ["ECDH-ES+A256KW", "A256GCM", "DEF"]
    compressed = jwe.encrypt_compact({"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "zip": "DEF"}, body, MEMBERS, algorithms=algorithms)
    for sealed in (other_cipher, other_agreement, compressed):
        with pytest.raises(UnreadablePersonalPart):
            decrypt_personal(sealed, MEMBERS)


@pytest.mark.parametrize("body", [b"", b"{}", b"not json", b'{"identifiers":[],"identifiers":[]}', b'{"identifiers":[{"kind":"card","value":"\\u0000"}]}'])
def test_a_sealed_part_is_read_as_strictly_as_any_event(body: bytes):
    sealed = jwe.encrypt_compact({"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}, body, MEMBERS, algorithms=["ECDH-ES+A256KW", "A256GCM"])
    with pytest.raises(UnreadablePersonalPart):
        decrypt_personal(sealed, MEMBERS)
