"""What is done with a hold: its points are put aside, used, or given back. Each hold is resolved once, whoever comes first."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID

from accrual.domain.chain import microseconds
from accrual.domain.ledger import expire
from accrual.domain.lots import Allocation, expired
from accrual.domain.spending import bookings, holds
from accrual.domain.spending.holds import Fault, Hold, HoldState, parted
from accrual.handlers import handing_in, rewards, telling
from accrual.handlers.debts import pay
from accrual.handlers.rewards import Origin
from accrual.handlers.spending import Purpose, Spending, step_of
from accrual.store.holds import Made
from contracts.rewards import RewardExpired
from contracts.spending import RewardReleased, RewardSpent


def put_aside(spending: Spending, hold: Hold, told: Made, origin: Origin, *, version: int) -> None:
    """Put a hold's points aside, which must be usable, by a programme version. A hold may have none: then nothing is booked."""
    spending.made.append((hold, told))
    spending.holds[hold.id], spending.taken[hold.id] = hold, ()
    if not hold.points:
        return
    allocations = spending.consumed(hold.account_id, hold.points)
    stamp = spending.stamp(hold.id, hold.account_id, origin, evidence=_evidence(hold, told), version=version)
    booking = bookings.hold(spending.books.account(hold.account_id), spending.lots(allocations), allocations, stamp)
    account = spending.book(booking, "held", hold.points)
    spending.taken[hold.id] = allocations
    spending.allocate(hold.id, allocations)
    owner = spending.owners[account.id].holder
    if owner is not None:
        spending.messages.append(telling.held(account, hold, spending.left(allocations), stamp, owner=owner, origin=origin))


def capture(spending: Spending, hold_id: UUID, origin: Origin, *, points: int | None = None) -> Hold | Fault:
    """Use the points of a hold: all, or so many; the rest is given back. One that has expired is used late: what is missing is owed.

    Its rewards are used with the points.
    """
    found = holds.capture(spending.holds[hold_id], points=points)
    if isinstance(found, Fault):
        return found
    hold = handing_in.hand_over(spending, spending.holds[hold_id], origin)
    purpose = Purpose(hold.id, hold.purchase_key)
    if found.late:
        step = step_of(f"{hold.id}/late", hold.expires_at)
        owed = spending.spend(hold.account_id, found.points, origin, step, purpose, short=True).owed if found.points else 0
        return _resolved(spending, hold._replace(captured=found.points, owed=owed))
    used, rest = parted(spending.taken[hold_id], found.points)
    if used:
        step = step_of(f"{hold.id}/captured", hold.expires_at)
        stamp = spending.stamp(rewards.change_id(step, RewardSpent.type, ""), hold.account_id, origin, evidence=purpose.evidence)
        account = spending.book(bookings.capture(spending.books.account(hold.account_id), used, stamp), "spent", found.points)
        spending.use(account, used, 0, purpose, stamp, origin)
    release_id = _give_back(spending, hold, rest, origin, "rest")
    return _resolved(spending, hold._replace(state=HoldState.CAPTURED, captured=found.points, resolved_at=spending.now, release_id=release_id))


def release(spending: Spending, hold_id: UUID, origin: Origin | None = None) -> Hold | Fault:
    """Give the points of a hold back, and its rewards: because somebody says so, or, without an origin, because its time is over."""
    hold = spending.holds[hold_id]
    fault = holds.release(hold)
    if fault is not None:
        return fault
    expired_ = step_of(f"{hold.id}/expired", hold.expires_at)
    handing_in.set_free(spending, hold, origin or expired_)
    if origin is None:
        release_id = _give_back(spending, hold, spending.taken[hold_id], expired_, "expired")
        return _resolved(spending, hold._replace(state=HoldState.EXPIRED, resolved_at=spending.now, release_id=release_id))
    release_id = _give_back(spending, hold, spending.taken[hold_id], origin, "released")
    return _resolved(spending, hold._replace(state=HoldState.RELEASED, resolved_at=spending.now, release_id=release_id))


def release_overdue(spending: Spending, account_id: UUID) -> None:
    """Give back what holds of an account keep whose time is over: nobody waits for the clock's work."""
    for hold in list(spending.holds.values()):
        if hold.account_id == account_id and hold.state is HoldState.OPEN and hold.expires_at <= spending.now:
            release(spending, hold.id)


def _give_back(
    spending: Spending, hold: Hold, allocations: Sequence[Allocation], origin: Origin, reason: Literal["released", "expired", "rest"]
) -> UUID | None:
    """Give points back to the lots they came from. In one whose last day is over they expire at once; what is owed is paid."""
    if not allocations:
        return None
    step = step_of(f"{hold.id}/released", hold.expires_at)
    stamp = spending.stamp(rewards.change_id(step, RewardReleased.type, ""), hold.account_id, origin)
    books, owner = spending.books, spending.owners[hold.account_id].holder
    points = sum(amount for _, amount in allocations)
    account = spending.book(bookings.release(books.account(hold.account_id), spending.lots(allocations), allocations, stamp), "released", points)
    lots = spending.lots(allocations)
    if owner is not None:
        back = [(lots[lot_id], amount) for lot_id, amount in allocations]
        spending.messages.append(telling.released(account, hold, back, stamp, owner=owner, origin=origin, reason=reason))
    for lot in lots.values():
        if expired(lot, at=spending.now):
            of_lot = stamp._replace(transaction_id=rewards.change_id(step, f"{RewardExpired.type}/{lot.id}", ""))
            account = spending.book(expire(books.account(lot.account_id), lot, of_lot), "expired", lot.remaining)
            if owner is not None:
                spending.messages.append(rewards.expired(account, lot, lot.remaining, of_lot, owner=owner, origin=origin))
    spending.messages += pay(books, hold.account_id, stamp, owner=owner, origin=origin)
    return stamp.transaction_id


def _resolved(spending: Spending, hold: Hold) -> Hold:
    spending.holds[hold.id] = spending.resolved[hold.id] = hold
    return hold


def _evidence(hold: Hold, told: Made) -> bytes:
    """Return what the ledger keeps of what is told of a hold."""
    parts = (told.body, hold.purchase_key or b"", _moment(hold.expires_at), _moment(told.made_at), (told.permit or "").encode())
    return sha256(b"".join((*parts, *(id_.bytes for id_ in hold.entitlements)))).digest()


def _moment(moment: datetime) -> bytes:
    return microseconds(moment).to_bytes(8, signed=True)
