"""What a discount says of itself, to be checked with a pencil."""

from accrual.domain.amounts import written, written_exactly


def share(numerator: int, denominator: int, basis: int, digits: int, most: int | None) -> str:
    """`10% of 120.00, at most 9.00`."""
    return _at_most(f"{percent(numerator, denominator)} of {written(basis, digits)}", most, digits)


def amount(off: int, digits: int, most: int | None) -> str:
    """`50.00 off`."""
    return _at_most(f"{written(off, digits)} off", most, digits)


def pieces(free: int, numerator: int, denominator: int) -> str:
    """`1 piece free`, or `1 piece for 50% less`."""
    counted = f"{free} piece{'' if free == 1 else 's'}"
    return f"{counted} free" if numerator == denominator else f"{counted} for {percent(numerator, denominator)} less"


def percent(numerator: int, denominator: int) -> str:
    """Write a fraction as a percentage: `12.5%`."""
    return f"{written_exactly(numerator * 100, denominator, 0)}%"


def _at_most(words: str, most: int | None, digits: int) -> str:
    return words if most is None else f"{words}, at most {written(most, digits)}"
