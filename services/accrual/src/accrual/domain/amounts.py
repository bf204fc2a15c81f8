"""Exact amounts: currencies' minor units, rounding of rationals, and how numbers are written for people."""

from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import gcd

#: The largest amount of points that one grant may be: the wire's limit, far above any receipt.
MAX_POINTS = 10**15

_USUAL_DIGITS = 2
#: ISO 4217 currencies whose minor unit is not a hundredth.
_OTHER_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


#: Decimals beyond a point's own that are still easier to read than a fraction.
_EXTRA_DIGITS = 4


class Rounding(StrEnum):
    """What becomes of a fraction of the smallest unit of points."""

    FLOOR = "floor"
    HALF_UP = "half_up"
    CEIL = "ceil"


def minor_digits(currency: str) -> int:
    """Return how many digits a currency has after the point: 2 for RUB, 0 for JPY."""
    return _OTHER_DIGITS.get(currency, _USUAL_DIGITS)


def in_units(amount: Decimal, digits: int) -> int | None:
    """Return a decimal amount in units of 10^-digits; None where it is finer than that."""
    scaled = Fraction(amount) * 10**digits
    return scaled.numerator if scaled.denominator == 1 else None


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """Round a rational that is not negative to a whole number."""
    if rounding is Rounding.FLOOR:
        return numerator // denominator
    if rounding is Rounding.CEIL:
        return -(-numerator // denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def written(units: int, digits: int) -> str:
    """Write an amount that is not negative, given in units of 10^-digits: `written(12050, 2)` is `120.50`."""
    if digits == 0:
        return str(units)
    figures = str(units).zfill(digits + 1)
    return f"{figures[:-digits]}.{figures[-digits:]}"


def written_exactly(numerator: int, denominator: int, digits: int) -> str:
    """Write a rational amount of units: as a decimal where that is exact and short, else as a fraction of a whole, `190/3`."""
    units, rest = divmod(numerator, denominator)
    if rest == 0:
        return written(units, digits)
    finer, rest = divmod(numerator * 10**_EXTRA_DIGITS, denominator)
    if rest == 0:
        return written(finer, digits + _EXTRA_DIGITS).rstrip("0")
    shared = gcd(numerator, denominator * 10**digits)
    return f"{numerator // shared}/{denominator * 10**digits // shared}"
