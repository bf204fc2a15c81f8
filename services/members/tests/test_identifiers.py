import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from contracts.identifiers import identifier_hash
from members.clients.hashes import Hashes
from members.domain.identifiers import Fault, Identifier, Kind, Spelling, normalise

from .builders import SPELLING

MOBILES = [
    (region, number)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    if (number := phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE))
]
local_parts = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}(\.[A-Za-z0-9+_-]{1,8}){0,3}", fullmatch=True)
emails = st.builds("{}@{}".format, local_parts | st.text(min_size=1, max_size=20), st.sampled_from(["Example.COM", "пример.рф", "BÜCHER.de", "shop.co.uk"]))
typed = st.one_of(
    st.tuples(st.just(Kind.EMAIL), emails),
    st.tuples(st.sampled_from(Kind), st.text(max_size=30)),
    st.tuples(st.just(Kind.PHONE), st.from_regex(r"(8|\+7)[ (-]{0,2}9[0-9]{2}[ )-]{0,2}[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{2}", fullmatch=True)),
    st.tuples(st.just(Kind.PHONE), st.text("0123456789+ ()-x;ext", max_size=20)),
    st.tuples(st.just(Kind.VISITOR), st.from_regex(r"(v:)?[A-Za-z0-9_-]{14,66}", fullmatch=True)),
)


def normal(kind: str, value: str) -> str:
    """The normal form, or the code of what is wrong."""
    found = normalise(Kind(kind), value, spelling=SPELLING)
    return found.code if isinstance(found, Fault) else found.normal


@given(typed)
def test_normalising_twice_is_normalising_once(given_as: tuple[Kind, str]):
    kind, value = given_as
    found = normalise(kind, value, spelling=SPELLING)
    if isinstance(found, Identifier):
        assert normal(kind, found.normal) == found.normal


@pytest.mark.parametrize(("region", "number"), MOBILES, ids=[region for region, _ in MOBILES])
def test_a_mobile_number_is_one_however_its_country_writes_it(region: str, number: phonenumbers.PhoneNumber):
    home = Spelling(region=region, card_prefixes=frozenset())
    written = [phonenumbers.format_number(number, style) for style in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164)]
    found = [normalise(Kind.PHONE, each, spelling=home) for each in written]
    assert {each.normal if isinstance(each, Identifier) else each.code for each in found} == {written[-1]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("8 916 123-45-67", "+79161234567"),
        ("+7 (916) 123 45 67", "+79161234567"),
        ("916 1234567", "+79161234567"),
        ("+1 202 555 0143", "+12025550143"),
        ("+7 916 123-45-67 ext. 5", "phone-extension"),
        ("+7 495 123 45 67", "phone-landline"),
        ("8 800 555 35 35", "phone-toll-free"),
        ("12", "bad-phone"),
        ("+7 916 123 45 6", "bad-phone"),
        ("call me", "bad-phone"),
        ("", "bad-phone"),
        ("9" * 300, "bad-phone"),
    ],
)
def test_a_phone_is_a_number_somebody_carries(value: str, expected: str):
    assert normal("phone", value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" Ana.Q+shop@Example.COM ", "ana.q+shop@example.com"),
        ("boris@ПРИМЕР.рф", "boris@xn--e1afmkfd.xn--p1ai"),
        ("Ünï@example.com", "ünï@example.com"),
        ("a@localhost", "bad-email"),
        ("Ana <ana@example.com>", "bad-email"),
        ("ana@[127.0.0.1]", "bad-email"),
        ("ana", "bad-email"),
    ],
)
def test_an_email_address_keeps_dots_and_tags_and_loses_its_case(value: str, expected: str):
    assert normal("email", value) == expected


def test_the_typed_form_is_kept_for_sending():
    found = normalise(Kind.EMAIL, " Ana.Q@Example.COM", spelling=SPELLING)
    assert isinstance(found, Identifier)
    assert found.typed == "Ana.Q@Example.COM"


def test_a_visitor_id_travels_as_it_is():
    bare = "A" * 22
    assert normal("visitor", bare) == normal("visitor", f"v:{bare}") == bare
    assert normal("visitor", "short") == "bad-visitor"
    assert Hashes({}).holder_of(Identifier(Kind.VISITOR, bare, bare)) == f"v:{bare}"


def test_a_hash_is_the_same_for_ever():
    """A known vector: should it ever change, every stored link would be lost."""
    card = Identifier(Kind.CARD, "9000 0000 0000 0017", "9000000000000017")
    assert Hashes({Kind.CARD: bytes(range(32))}).holder_of(card) == "h1:aLpYtbLbZGDVshR38c9B3lO1AIYlVYLbI_PP9iA_l2g"
    assert identifier_hash(key=bytes(range(32)), kind="card", normal_form=card.normal) == Hashes({Kind.CARD: bytes(range(32))}).holder_of(card)


def test_what_somebody_typed_never_shows():
    found = normalise(Kind.EMAIL, "canary@example.com", spelling=SPELLING)
    assert "canary" not in repr(found)
