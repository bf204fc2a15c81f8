"""Numbers as people read them: thousands apart, no more digits than help."""

from calendar import month_abbr
from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction

from accrual.domain.amounts import minor_digits

Number = int | float | Fraction
Format = Callable[[float], str]

MINUS = "\N{MINUS SIGN}"
_LARGE, _MILLION, _THOUSAND = 1000, 1_000_000, 1_000


def whole(value: Number) -> str:
    """`1,234`."""
    return f"{round(value):,}".replace("-", MINUS)


def percent(share: Number, digits: int = 1) -> str:
    """`12.5 %` of a share of 0.125."""
    return f"{float(share) * 100:,.{digits}f} %".replace("-", MINUS)


def short(value: Number) -> str:
    """`1.2 m`, `35 k`: for axes."""
    size = abs(float(value))
    if size >= _MILLION:
        return f"{_trimmed(float(value) / _MILLION)} m".replace("-", MINUS)
    if size >= 10 * _THOUSAND:
        return f"{_trimmed(float(value) / _THOUSAND)} k".replace("-", MINUS)
    return f"{float(value):,.0f}".replace("-", MINUS) if size >= _THOUSAND or value == int(value) else _trimmed(float(value)).replace("-", MINUS)


def _trimmed(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def day(moment: date) -> str:
    """`9 June 2011`."""
    return f"{moment.day} {moment:%B %Y}"


def months_named(months: Sequence[tuple[int, int]]) -> list[str]:
    """`Jun '11`."""
    return [f"{month_abbr[month]} \N{RIGHT SINGLE QUOTATION MARK}{year % 100:02}" for year, month in months]


class Money:
    """Writes amounts of one currency that are given in minor units."""

    def __init__(self, currency: str) -> None:
        """Take the currency's ISO code."""
        self.currency = currency
        self._digits = minor_digits(currency)
        self._scale = float(10**self._digits)

    def major(self, minor: Number) -> float:
        """Return an amount in major units, for drawing."""
        return float(minor) / self._scale

    def __call__(self, minor: Number) -> str:
        """`GBP 1,234` from a thousand on, `GBP 12.50` below."""
        amount = self.major(minor)
        digits = 0 if abs(amount) >= _LARGE else self._digits
        sign = MINUS if round(amount, digits) < 0 else ""
        return f"{sign}{self.currency} {abs(amount):,.{digits}f}"


class Points:
    """Writes points that are given in a programme's smallest unit."""

    def __init__(self, name: str, decimals: int) -> None:
        """Take what the programme calls its points, and their decimals."""
        self.name = name
        self._scale: int = 10**decimals

    def major(self, units: Number) -> float:
        """Return whole points, for drawing."""
        return float(units) / self._scale

    def __call__(self, units: Number) -> str:
        """`1,234`."""
        return whole(Fraction(units) / self._scale)
