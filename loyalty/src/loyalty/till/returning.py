"""What comes back over the counter: which lines of which receipt, and how much is given back for them. Pure."""

from datetime import datetime

from contracts.purchases import Line, PurchaseRecorded, PurchaseReturned, ReturnedLine
from loyalty.console import Failure
from loyalty.till.basket import PIECE


def returned(receipt: PurchaseRecorded, return_id: str, line_id: str | None, pieces: int | None, *, at: datetime) -> PurchaseReturned:
    """Say that a receipt comes back: all of it, a line, or pieces of a line. Fails for a line that the receipt does not have."""
    lines = () if line_id is None else (_back(receipt, line_id, pieces),)
    return PurchaseReturned(
        merchant=receipt.merchant,
        purchase_id=receipt.purchase_id,
        return_id=return_id,
        zone=receipt.zone,
        holder=receipt.holder,
        lines=lines,
        currency=receipt.currency,
        occurred_at=at,
    )


def given_back(receipt: PurchaseRecorded, back: PurchaseReturned) -> int:
    """Return the money that goes back, in minor units."""
    return sum(line.amount for line in back.lines) if back.lines else sum(line.paid_amount for line in receipt.lines)


def _back(receipt: PurchaseRecorded, line_id: str, pieces: int | None) -> ReturnedLine:
    line: Line | None = next((line for line in receipt.lines if line.line_id == line_id), None)
    if line is None:
        raise Failure(f"Receipt {receipt.receipt_number} has no line {line_id}.", advice=f"It has {', '.join(line.line_id for line in receipt.lines)}.")
    quantity = line.quantity if pieces is None else pieces * PIECE
    if quantity > line.quantity:
        raise Failure(f"Line {line_id} of receipt {receipt.receipt_number} has {line.quantity // PIECE} pieces only.")
    # in whole minor units of what was paid, so that pieces given back one by one never come to more than the line
    return ReturnedLine(line_id=line_id, quantity=quantity, amount=line.paid_amount * quantity // line.quantity)
