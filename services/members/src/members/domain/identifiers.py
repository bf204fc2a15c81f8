"""Identifiers as people give them, and the one normal form of each: what is hashed, so that two spellings are one."""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from members.domain import cards


class Kind(StrEnum):
    """What an identifier is."""

    CARD = "card"
    PHONE = "phone"
    EMAIL = "email"
    VISITOR = "visitor"


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier as it was typed, for sending, and in its normal form, for comparing. Neither shows in a log."""

    kind: Kind
    typed: str = field(repr=False)
    normal: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one thing somebody sent: a stable code, and words that repeat nothing they typed."""

    code: str
    message: str
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """What the programme takes for granted when people type: its region, and the first digits of its cards."""

    region: str
    card_prefixes: frozenset[str]


_BAD_CARD = Fault("bad-card", "This is not a card number of ours: sixteen digits, one of them is probably mistyped.")
_BAD_PHONE = Fault("bad-phone", "This is not a phone number that exists.")
_EXTENSION = Fault("phone-extension", "A number with an extension cannot receive a code.")
_BAD_EMAIL = Fault("bad-email", "This is not an e-mail address.")
_BAD_VISITOR = Fault("bad-visitor", "This is not a visitor id of ours.")

#: Numbers that nobody carries in a pocket. What the library cannot tell apart (in the US all) stays allowed.
_REFUSED_TYPES = {
    PhoneNumberType.FIXED_LINE: Fault("phone-landline", "A landline cannot receive a code."),
    PhoneNumberType.TOLL_FREE: Fault("phone-toll-free", "A toll-free number cannot receive a code."),
    PhoneNumberType.PREMIUM_RATE: Fault("phone-service", "A service number cannot receive a code."),
    PhoneNumberType.SHARED_COST: Fault("phone-service", "A service number cannot receive a code."),
    PhoneNumberType.UAN: Fault("phone-service", "A service number cannot receive a code."),
    PhoneNumberType.VOICEMAIL: Fault("phone-service", "A service number cannot receive a code."),
    PhoneNumberType.PAGER: Fault("phone-service", "A pager cannot receive a code."),
}
#: 128 random bits are 22 characters of base64url; the wire takes 16 to 64.
_VISITOR = re.compile(r"(?:v:)?([A-Za-z0-9_-]{16,64})")


def normalise(kind: Kind, typed: str, *, spelling: Spelling) -> Identifier | Fault:
    """Bring an identifier into its normal form, or say what is wrong with it. The normal form's normal form is itself."""
    normal = _normal_form(kind, typed.strip(), spelling=spelling)
    return normal if isinstance(normal, Fault) else Identifier(kind, typed.strip(), normal)


def _normal_form(kind: Kind, typed: str, *, spelling: Spelling) -> str | Fault:
    match kind:
        case Kind.CARD:
            return cards.normal_form(typed, prefixes=spelling.card_prefixes) or _BAD_CARD
        case Kind.PHONE:
            return _phone(typed, region=spelling.region)
        case Kind.EMAIL:
            return _email(typed)
        case Kind.VISITOR:
            visitor = _VISITOR.fullmatch(typed)
            return visitor[1] if visitor else _BAD_VISITOR


def _phone(typed: str, *, region: str) -> str | Fault:
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        return _BAD_PHONE
    return _refusal_of(number) or phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _refusal_of(number: PhoneNumber) -> Fault | None:
    if number.extension:
        return _EXTENSION
    if not phonenumbers.is_valid_number(number):
        return _BAD_PHONE
    return _REFUSED_TYPES.get(phonenumbers.number_type(number))


def _email(typed: str) -> str | Fault:
    """Lower case, domain in ASCII; dots and `+tag` stay, as only the mailbox's host knows whether they count."""
    try:
        address = validate_email(typed, check_deliverability=False)
    except EmailNotValidError:
        return _BAD_EMAIL
    local = unicodedata.normalize("NFC", address.local_part.lower())
    return f"{local}@{(address.ascii_domain or address.domain).lower()}"
