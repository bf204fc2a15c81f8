"""Card numbers: four digits of the programme, eleven that nobody can guess, and one that finds a mistyped digit."""

import re

LENGTH = 16
PREFIX_LENGTH = 4
_DRAWN = LENGTH - PREFIX_LENGTH - 1
#: Numbers are printed in fours; people type them with blanks or hyphens, or with nothing between.
_BETWEEN = re.compile(r"[ \u00a0-]")
_SIXTEEN_DIGITS = re.compile(rf"[0-9]{{{LENGTH}}}")


def normal_form(typed: str, *, prefixes: frozenset[str]) -> str | None:
    """Return the sixteen digits of a card of one of these prefixes, or None where there is no such card."""
    digits = _BETWEEN.sub("", typed)
    if _SIXTEEN_DIGITS.fullmatch(digits) is None or digits[:PREFIX_LENGTH] not in prefixes:
        return None
    return digits if check_digit(digits[:-1]) == digits[-1] else None


def issue(prefix: str, *, randomness: bytes) -> str:
    """Return the card number that these random bytes stand for. Sixteen bytes leave no digit likelier than another."""
    body = f"{prefix}{int.from_bytes(randomness) % 10**_DRAWN:0{_DRAWN}d}"
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """Return Luhn's digit: it finds every single wrong digit, and every swap of neighbours but 09 and 90."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in body[::-2])
    plain = (int(digit) for digit in body[-2::-2])
    return str(-(sum(doubled) + sum(plain)) % 10)
