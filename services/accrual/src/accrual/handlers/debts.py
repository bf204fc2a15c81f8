"""What an account owes is paid by the next points that become available."""

from uuid import UUID

from accrual.domain.entries import NO_EVIDENCE, Bucket, Stamp
from accrual.handlers import rewards
from accrual.handlers.books import Books
from accrual.handlers.rewards import Origin
from contracts.rewards import RewardDebtPaid
from shared.outbox import Message


def pay(books: Books, account_id: UUID, stamp: Stamp, *, owner: str | None, origin: Origin) -> list[Message]:
    """Pay what the account owes, if it owes anything and has something to pay with; `stamp` is that of the change which brought the points."""
    paid = stamp._replace(
        transaction_id=rewards.change_id(origin, f"{RewardDebtPaid.type}/{stamp.transaction_id}", owner or ""), programme_version=0, evidence=NO_EVIDENCE
    )
    booking = books.pay_debt(account_id, paid)
    if booking is None or owner is None:
        return []
    left = {lot.id: lot.remaining for lot in booking.lots}
    legs = [entry for entry in booking.transaction.entries if entry.bucket is Bucket.AVAILABLE and entry.lot_id is not None]
    lots = tuple((entry.lot_id, -entry.amount, left[entry.lot_id]) for entry in legs if entry.lot_id is not None)
    return [rewards.debt_paid(booking.accounts[0], lots, paid, owner=owner, origin=origin)]
