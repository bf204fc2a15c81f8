"""What of a receipt was paid with points, where a programme lets that part earn nothing."""

from collections.abc import Sequence

from accrual.domain.amounts import Rounding, rounded
from accrual.domain.facts import Line, Payment, Purchase

_POINTS = "points"


def paid_lines(purchase: Purchase) -> tuple[Line, ...]:
    """Return the lines at the share of their prices that was paid by other means than points, as far as the receipt names its payments.

    Each line is rounded to the smallest coin by itself, so what comes back of one changes nothing about the others.
    """
    part, of = _part(purchase.payments)
    return purchase.lines if part == of else tuple(_reduced(line, part, of) for line in purchase.lines)


def paid_delivery(purchase: Purchase, amount: int) -> int:
    """Return the same share of what counts of the delivery."""
    part, of = _part(purchase.payments)
    return _of(amount, part, of)


def _part(payments: Sequence[Payment]) -> tuple[int, int]:
    total = sum(payment.amount for payment in payments)
    return total - sum(payment.amount for payment in payments if payment.kind == _POINTS), total


def _reduced(line: Line, part: int, of: int) -> Line:
    return Line(
        line_id=line.line_id,
        sku=line.sku,
        paid_amount=_of(line.paid_amount, part, of),
        category=line.category,
        brand=line.brand,
        labels=line.labels,
        quantity=line.quantity,
        list_amount=None if line.list_amount is None else _of(line.list_amount, part, of),
        tax_amount=_of(line.tax_amount, part, of),
    )


def _of(amount: int, part: int, of: int) -> int:
    return rounded(amount * part, of, Rounding.HALF_UP) if of else amount
