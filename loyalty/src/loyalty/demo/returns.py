"""What comes back: some purchases of the last weeks, whole or in part; one told before its purchase, and one more than was bought."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from contracts.envelope import Event, Record, encode
from contracts.purchases import PurchaseRecorded, PurchaseReturned, ReturnedLine
from loyalty.demo.dice import Dice
from loyalty.demo.purchases import SOURCE

RETURNED_PERCENT = 6
LONGEST_DAYS = 10

Dated = tuple[datetime, Record]
"""A record, and when it is told."""


def returns_of(receipts: Sequence[PurchaseRecorded], *, dice: Dice) -> list[Dated]:
    """Make the returns of some purchases, told days after them; all happen before the last purchase does."""
    last = max((receipt.occurred_at for receipt in receipts), default=None)
    chosen = [receipt for receipt in receipts if receipt.holder and dice.chance(RETURNED_PERCENT, "returned", receipt.purchase_id)]
    if last is None or not chosen:
        return []
    told = [_told(_return(receipt, number=1, lines=_lines(receipt, dice), at=_later(receipt, last, dice))) for receipt in chosen]
    first = chosen[0]
    # A courier's message may overtake the receipt; and somebody hands the same slip in twice.
    told[0] = (first.occurred_at - timedelta(seconds=1), told[0][1])
    twice = next((receipt for receipt in reversed(chosen) if not _lines(receipt, dice)), first)
    return [*told, _told(_return(twice, number=2, lines=(), at=last)), *_rest_of(first, dice, at=last)]


def _rest_of(receipt: PurchaseRecorded, dice: Dice, *, at: datetime) -> Iterable[Dated]:
    """Return what a part left: all of it in two steps takes exactly what one step would."""
    if _lines(receipt, dice):
        yield _told(_return(receipt, number=3, lines=(), at=at))


def _lines(receipt: PurchaseRecorded, dice: Dice) -> tuple[ReturnedLine, ...]:
    """Choose what comes back: one line of several, or everything, which no line needs to name."""
    if len(receipt.lines) == 1 or dice.chance(50, "returned whole", receipt.purchase_id):
        return ()
    line = dice.one_of(receipt.lines, "returned line", receipt.purchase_id)
    return (ReturnedLine(line_id=line.line_id, quantity=line.quantity, amount=line.paid_amount),)


def _later(receipt: PurchaseRecorded, last: datetime, dice: Dice) -> datetime:
    return min(receipt.occurred_at + timedelta(days=dice.between(1, LONGEST_DAYS, "returned after", receipt.purchase_id)), last)


def _return(receipt: PurchaseRecorded, *, number: int, lines: tuple[ReturnedLine, ...], at: datetime) -> PurchaseReturned:
    return PurchaseReturned(
        merchant=receipt.merchant,
        purchase_id=receipt.purchase_id,
        return_id=f"{receipt.purchase_id}-back-{number}",
        store=receipt.store,
        holder=receipt.holder,
        zone=receipt.zone,
        lines=lines,
        currency=receipt.currency,
        occurred_at=at,
    )


def _told(data: PurchaseReturned) -> Dated:
    return data.occurred_at, encode(Event(id=data.return_id, source=SOURCE, type=data.type, time=data.occurred_at, data=data))
