"""Card numbers: four digits of the programme, eleven that nobody can guess, and one that finds a mistyped digit."""

LENGTH = 16
PREFIX_LENGTH = 4
_DRAWN = LENGTH - PREFIX_LENGTH - 1


def issue(prefix: str, *, randomness: bytes) -> str:
    """Return the card number that these random bytes stand for. Sixteen bytes leave no digit likelier than another."""
    body = f"{prefix}{int.from_bytes(randomness) % 10**_DRAWN:0{_DRAWN}d}"
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """Return Luhn's digit: it finds every single wrong digit, and every swap of neighbours but 09 and 90."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in body[::-2])
    plain = (int(digit) for digit in body[-2::-2])
    return str(-(sum(doubled) + sum(plain)) % 10)
