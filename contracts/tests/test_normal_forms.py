import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from contracts.normal_forms import NoIdentifierError, normal_form

CODES = {"bad-card", "bad-phone", "phone-extension", "phone-landline", "phone-toll-free", "phone-service", "bad-email", "bad-visitor"}
KINDS = ("card", "phone", "email", "visitor")
MOBILES = [
    (region, number)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    if (number := phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE))
]
local_parts = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}(\.[A-Za-z0-9+_-]{1,8}){0,3}", fullmatch=True)
emails = st.builds("{}@{}".format, local_parts | st.text(min_size=1, max_size=20), st.sampled_from(["Example.COM", "пример.рф", "BÜCHER.de", "shop.co.uk"]))
typed = st.one_of(
    st.tuples(st.just("email"), emails),
    st.tuples(st.sampled_from(KINDS), st.text(max_size=30)),
    st.tuples(st.just("phone"), st.from_regex(r"(8|\+7)[ (-]{0,2}9[0-9]{2}[ )-]{0,2}[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{2}", fullmatch=True)),
    st.tuples(st.just("phone"), st.text("0123456789+ ()-x;ext", max_size=20)),
    st.tuples(st.just("visitor"), st.from_regex(r"(v:)?[A-Za-z0-9_-]{14,66}", fullmatch=True)),
)


def normal(kind: str, value: str, *, region: str = "RU") -> str:
    """The normal form, or the code of what is wrong."""
    try:
        return normal_form(kind, value, region=region)
    except NoIdentifierError as error:
        return error.code


@given(typed)
def test_normalising_twice_is_normalising_once(given_as: tuple[str, str]):
    kind, value = given_as
    found = normal(kind, value)
    if found not in CODES:
        assert normal(kind, found) == found


@pytest.mark.parametrize(("region", "number"), MOBILES, ids=[region for region, _ in MOBILES])
def test_a_mobile_number_is_one_however_its_country_writes_it(region: str, number: phonenumbers.PhoneNumber):
    written = [phonenumbers.format_number(number, style) for style in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164)]
    assert {normal("phone", each, region=region) for each in written} == {written[-1]}


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


def test_a_visitor_id_travels_as_it_is():
    bare = "A" * 22
    assert normal("visitor", bare) == normal("visitor", f"v:{bare}") == bare
    assert normal("visitor", "short") == "bad-visitor"


def test_a_card_has_sixteen_digits_the_last_of_them_luhns():
    assert normal("card", " 9000 0000-0000 0019 ") == "9000000000000019"
    for wrong in ("9000000000000018", "900000000000019", "90000000000000019", "9000\N{ARABIC-INDIC DIGIT ZERO}00000000019"):
        assert normal("card", wrong) == "bad-card"


def test_a_card_of_another_programme_is_none_of_ours():
    assert normal_form("card", "9000000000000019", region="RU", card_prefixes={"9000"}) == "9000000000000019"
    with pytest.raises(NoIdentifierError):
        normal_form("card", "9000000000000019", region="RU", card_prefixes={"9001"})


def test_there_are_no_other_kinds():
    with pytest.raises(ValueError, match="no kind of identifier passport"):
        normal_form("passport", "1", region="RU")


def test_the_reason_repeats_nothing_of_what_was_typed():
    with pytest.raises(NoIdentifierError) as refused:
        normal_form("phone", "canary 12", region="RU")
    assert "canary" not in str(refused.value) + refused.value.message
