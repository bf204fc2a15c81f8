"""The one normal form of an identifier: what is hashed, so that two spellings of it are one everywhere."""

import re
import unicodedata
from collections.abc import Collection

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType


class NoIdentifierError(ValueError):
    """What was typed is no identifier of its kind. `code` is stable; the words repeat nothing of what was typed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


_BAD_CARD = ("bad-card", "This is not a card number of ours: sixteen digits, one of them is probably mistyped.")
_BAD_PHONE = ("bad-phone", "This is not a phone number that exists.")
_EXTENSION = ("phone-extension", "A number with an extension cannot receive a code.")
_BAD_EMAIL = ("bad-email", "This is not an e-mail address.")
_BAD_VISITOR = ("bad-visitor", "This is not a visitor id of ours.")
#: Numbers that nobody carries in a pocket. What the library cannot tell apart (in the US all) stays allowed.
_REFUSED_TYPES = {
    PhoneNumberType.FIXED_LINE: ("phone-landline", "A landline cannot receive a code."),
    PhoneNumberType.TOLL_FREE: ("phone-toll-free", "A toll-free number cannot receive a code."),
    PhoneNumberType.PREMIUM_RATE: ("phone-service", "A service number cannot receive a code."),
    PhoneNumberType.SHARED_COST: ("phone-service", "A service number cannot receive a code."),
    PhoneNumberType.UAN: ("phone-service", "A service number cannot receive a code."),
    PhoneNumberType.VOICEMAIL: ("phone-service", "A service number cannot receive a code."),
    PhoneNumberType.PAGER: ("phone-service", "A pager cannot receive a code."),
}
#: Numbers are printed in fours; people type them with blanks or hyphens, or with nothing between.
_BETWEEN = re.compile(r"[ \u00a0-]")
_SIXTEEN_DIGITS = re.compile(r"[0-9]{16}")
_PREFIX_DIGITS = 4
#: 128 random bits are 22 characters of base64url; the wire takes 16 to 64.
_VISITOR = re.compile(r"(?:v:)?([A-Za-z0-9_-]{16,64})")


def normal_form(kind: str, typed: str, *, region: str, card_prefixes: Collection[str] | None = None) -> str:
    """Bring a card, phone, email or visitor id into its normal form. The normal form's normal form is itself.

    `region` (ISO 3166) is where a phone number without a country code is from. Cards begin with one of the prefixes, or with any
    four digits where none are given. Raises NoIdentifierError, which says what is wrong, and ValueError for another kind.
    """
    stripped = typed.strip()
    match kind:
        case "card":
            return _card(stripped, prefixes=card_prefixes)
        case "phone":
            return _phone(stripped, region=region)
        case "email":
            return _email(stripped)
        case "visitor":
            visitor = _VISITOR.fullmatch(stripped)
            if visitor is None:
                raise NoIdentifierError(*_BAD_VISITOR)
            return visitor[1]
        case _:
            raise ValueError(f"there is no kind of identifier {kind}")


def _card(typed: str, *, prefixes: Collection[str] | None) -> str:
    digits = _BETWEEN.sub("", typed)
    if _SIXTEEN_DIGITS.fullmatch(digits) is None or not _passes_luhn(digits):
        raise NoIdentifierError(*_BAD_CARD)
    if prefixes is not None and digits[:_PREFIX_DIGITS] not in prefixes:
        raise NoIdentifierError(*_BAD_CARD)
    return digits


def _passes_luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    plain = (int(digit) for digit in digits[::-2])
    return (sum(doubled) + sum(plain)) % 10 == 0


def _phone(typed: str, *, region: str) -> str:
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        raise NoIdentifierError(*_BAD_PHONE) from None
    refusal = _refusal_of(number)
    if refusal is not None:
        raise NoIdentifierError(*refusal)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _refusal_of(number: PhoneNumber) -> tuple[str, str] | None:
    if number.extension:
        return _EXTENSION
    if not phonenumbers.is_valid_number(number):
        return _BAD_PHONE
    return _REFUSED_TYPES.get(phonenumbers.number_type(number))


def _email(typed: str) -> str:
    """Lower case, domain in ASCII; dots and `+tag` stay, as only the mailbox's host knows whether they count."""
    try:
        address = validate_email(typed, check_deliverability=False)
    except EmailNotValidError:
        raise NoIdentifierError(*_BAD_EMAIL) from None
    local = unicodedata.normalize("NFC", address.local_part.lower())
    return f"{local}@{(address.ascii_domain or address.domain).lower()}"
