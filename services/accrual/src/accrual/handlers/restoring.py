"""Points that paid for something come back with it: in proportion, into the lots they came from."""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from accrual.domain.entries import Stamp
from accrual.domain.facts import Purchase
from accrual.domain.ledger import Booking
from accrual.domain.lifetimes import days_in, expiry_of, start_of
from accrual.domain.lots import Allocation, expired
from accrual.domain.programme import Programme
from accrual.domain.returns import Returned
from accrual.domain.spending import bookings
from accrual.domain.spending.bookings import Opening
from accrual.domain.spending.giving_back import Restoring, due_back, shared_out
from accrual.handlers import rewards, telling
from accrual.handlers.debts import pay
from accrual.handlers.keys import deed_key
from accrual.handlers.rewards import Origin
from accrual.handlers.spending import Spending
from accrual.store.holds import Restoral
from accrual.store.ledger import Cause, Opened
from contracts.spending import RewardRestored


def give_back_for(spending: Spending, programme: Programme, purchase_key: bytes, purchase: Purchase, returned: Returned, origin: Origin) -> int:
    """Give back what is due of the points that paid for a purchase, once so much of it came back. Returns how many points came back now."""
    spends = spending.spends.get(purchase_key)
    if not spends:
        return 0
    found = shared_out(spends, due_back(sum(spent.points for spent in spends), purchase, returned))
    for restoring in found:
        give_back(spending, programme, restoring, origin)
    after = {restoring.spent.id: restoring.after() for restoring in found}
    spending.spends[purchase_key] = [after.get(spent.id, spent) for spent in spends]
    return sum(restoring.points for restoring in found)


def give_back(spending: Spending, programme: Programme, restoring: Restoring, origin: Origin) -> None:
    """Give back used points. A lot whose last day is over is reopened for the programme's grace days; debts are paid with what came back."""
    lots = spending.lots(restoring.allocations)
    alive = [each for each in restoring.allocations if not expired(lots[each.lot_id], at=spending.now)]
    gone = [each for each in restoring.allocations if expired(lots[each.lot_id], at=spending.now)]
    account_id = restoring.spent.account_id
    owed = min(restoring.owed, -spending.books.account(account_id).balance.debt)
    if alive or owed:
        _restore(spending, restoring, alive, origin, "alive", owed=owed)
    if gone:
        _restore(spending, restoring, gone, origin, "reopened", programme=programme)
    if restoring.owed > owed:
        _anew(spending, restoring, restoring.owed - owed, origin, programme)
    stamp = _stamp(spending, restoring, origin, "pay")
    spending.messages += pay(spending.books, account_id, stamp, owner=spending.owners[account_id].holder, origin=origin)


def _restore(
    spending: Spending, restoring: Restoring, allocations: Sequence[Allocation], origin: Origin, part: str, *, owed: int = 0, programme: Programme | None = None
) -> None:
    """Give points back into their lots. With a programme, because these have expired."""
    account = spending.books.account(restoring.spent.account_id)
    stamp, until = _stamp(spending, restoring, origin, part), None
    if programme is not None:
        today, zone = spending.now.astimezone(programme.terms.zone).date(), programme.terms.zone
        until = start_of(today + timedelta(days=days_in(programme.document.spending.grace) + 1), zone)
    booking = bookings.restore(account, spending.lots(allocations), allocations, stamp, no_longer_owed=owed, until=until)
    _booked(spending, restoring, booking, allocations, owed, origin)


def _anew(spending: Spending, restoring: Restoring, points: int, origin: Origin, programme: Programme) -> None:
    """Give points back that were owed, and for which others have paid meanwhile: as if granted today."""
    stamp = _stamp(spending, restoring, origin, "anew")
    today, zone = spending.now.astimezone(programme.terms.zone).date(), programme.terms.zone
    expires_at = None if programme.terms.expiry is None else expiry_of(programme.terms.expiry, today, zone)
    lot_id: UUID = stamp.transaction_id
    stamp = stamp._replace(occurred_at=spending.now)
    booking = bookings.restore_anew(spending.books.account(restoring.spent.account_id), points, stamp, Opening(lot_id, expires_at))
    (account,), (lot,) = booking.accounts, booking.lots
    spending.books.opened(Opened(lot, Cause(deed_key("restoral", str(lot_id)), None), account.version))
    _booked(spending, restoring, booking, [Allocation(lot_id, points)], 0, origin)


def _booked(spending: Spending, restoring: Restoring, booking: Booking, allocations: Sequence[Allocation], owed: int, origin: Origin) -> None:
    points, stamp = sum(amount for _, amount in allocations), booking.transaction.stamp
    account = spending.book(booking, "restored", points + owed)
    spending.restored(Restoral(stamp.transaction_id, restoring.spent.id, account.id, points, owed), allocations)
    owner = spending.owners[account.id].holder
    if owner is not None:
        lots = spending.lots(allocations)
        back = [(lots[lot_id], amount) for lot_id, amount in allocations]
        spending.messages.append(telling.restored(account, restoring.spent.id, back, owed, stamp, owner=owner, origin=origin))


def _stamp(spending: Spending, restoring: Restoring, origin: Origin, part: str) -> Stamp:
    """Return the stamp of a part of what comes back. The cause names it for ever: it gives this use of points back once."""
    spent = restoring.spent
    id_ = rewards.change_id(origin, f"{RewardRestored.type}/{spent.id}/{part}", "")
    return spending.stamp(id_, spent.account_id, origin, evidence=sha256(spent.id.bytes).digest())
