"""Points put aside, used, given back, adjusted, forfeited and handed on, as ledger transactions. Pure, like `accrual.domain.ledger`.

Legs come two at a time: where the points leave, and where they arrive.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accrual.domain.entries import Account, Bucket, Entry, Movement, Stamp, SystemAccount, Transaction
from accrual.domain.ledger import Booking, booked
from accrual.domain.lots import Allocation, Lot, LotState, reduced, refilled

Lots = Mapping[UUID, Lot]


class Opening(NamedTuple):
    """A lot to be opened: its id, and until when its points live."""

    lot_id: UUID
    expires_at: datetime | None


def hold(account: Account, lots: Lots, allocations: Iterable[Allocation], stamp: Stamp) -> Booking:
    """Put usable points aside: available → held, out of their lots."""
    legs, changed = _Legs(account, stamp), list[Lot]()
    for lot_id, points in allocations:
        changed.append(_taken(lots[lot_id], points))
        legs.move(points, Bucket.AVAILABLE, Bucket.HELD, lot_id)
    return legs.booking(Movement.HOLD, changed)


def capture(account: Account, allocations: Iterable[Allocation], stamp: Stamp) -> Booking:
    """Use what was put aside: held → redeemed. Lots stay as they are."""
    legs = _Legs(account, stamp)
    for lot_id, points in allocations:
        legs.move(points, Bucket.HELD, SystemAccount.REDEEMED, lot_id)
    return legs.booking(Movement.CAPTURE, ())


def release(account: Account, lots: Lots, allocations: Iterable[Allocation], stamp: Stamp) -> Booking:
    """Give back what was put aside: held → available, into the lots it came from, expired or not."""
    legs, changed = _Legs(account, stamp), list[Lot]()
    for lot_id, points in allocations:
        changed.append(refilled(lots[lot_id], points=points))
        legs.move(points, Bucket.HELD, Bucket.AVAILABLE, lot_id)
    return legs.booking(Movement.RELEASE, changed)


def spend(account: Account, lots: Lots, allocations: Iterable[Allocation], stamp: Stamp, *, owed: int = 0) -> Booking:
    """Use usable points at once: available → redeemed. What is missing may be owed: debt → redeemed."""
    legs, changed = _Legs(account, stamp), list[Lot]()
    for lot_id, points in allocations:
        changed.append(_taken(lots[lot_id], points))
        legs.move(points, Bucket.AVAILABLE, SystemAccount.REDEEMED, lot_id)
    if owed:
        legs.move(owed, Bucket.DEBT, SystemAccount.REDEEMED, None)
    return legs.booking(Movement.SPEND, changed)


def restore(
    account: Account, lots: Lots, allocations: Iterable[Allocation], stamp: Stamp, *, no_longer_owed: int = 0, until: datetime | None = None
) -> Booking:
    """Give used points back: redeemed → available, into the lots they came from, and redeemed → debt.

    With `until`, the lots have expired: they are reopened, and live to that moment. One that had nothing left when its guest became a member
    stayed behind then, and follows now.
    """
    legs, changed = _Legs(account, stamp), list[Lot]()
    for lot_id, points in allocations:
        legs.move(points, SystemAccount.REDEEMED, Bucket.AVAILABLE, lot_id, expires_at=None if changed else until)
        changed.append(refilled(lots[lot_id], points=points, until=until)._replace(account_id=account.id))
    if no_longer_owed:
        legs.move(no_longer_owed, SystemAccount.REDEEMED, Bucket.DEBT, None)
    return legs.booking(Movement.RESTORE, changed)


def restore_anew(account: Account, points: int, stamp: Stamp, opening: Opening) -> Booking:
    """Give used points back that came out of no lot: redeemed → available. They were owed, and other points have paid for them. Opens a lot."""
    return _given(account, points, stamp, opening, out_of=SystemAccount.REDEEMED, operation=Movement.RESTORE)


def give(account: Account, points: int, stamp: Stamp, opening: Opening) -> Booking:
    """Give points by hand: adjusted → available. Opens a lot."""
    return _given(account, points, stamp, opening, out_of=SystemAccount.ADJUSTED, operation=Movement.ADJUST)


def take(account: Account, lots: Lots, allocations: Iterable[Allocation], stamp: Stamp, *, forfeit: bool) -> Booking:
    """Take usable points by hand: available → adjusted, or → forfeited."""
    legs, changed = _Legs(account, stamp), list[Lot]()
    for lot_id, points in allocations:
        changed.append(_taken(lots[lot_id], points))
        legs.move(points, Bucket.AVAILABLE, SystemAccount.FORFEITED if forfeit else SystemAccount.ADJUSTED, lot_id)
    return legs.booking(Movement.FORFEIT if forfeit else Movement.ADJUST, changed)


def transfer(source: Account, target: Account, lot: Lot, points: int, stamp: Stamp, opening: Opening) -> Booking:
    """Hand points of one lot on to another holder: available → available, where they open a lot. Accounts come back as source, target."""
    if source.id == target.id:
        raise ValueError(f"account {source.id} cannot hand points on to itself")
    remaining = source.balance._replace(available=source.balance.available - points)
    arrived = target.balance._replace(available=target.balance.available + points)
    if remaining.available < 0:
        raise ValueError(f"available would fall to {remaining.available}")
    entries = (
        Entry(source.id, source.version + 1, Bucket.AVAILABLE, -points, remaining.available, lot.id),
        Entry(target.id, target.version + 1, Bucket.AVAILABLE, points, arrived.available, opening.lot_id, stamp.occurred_at, opening.expires_at),
    )
    lots = (_taken(lot, points), _opened(target, points, stamp, opening))
    return booked(Transaction(stamp, Movement.TRANSFER, entries), [(source, remaining), (target, arrived)], lots)


def _given(account: Account, points: int, stamp: Stamp, opening: Opening, *, out_of: SystemAccount, operation: Movement) -> Booking:
    legs = _Legs(account, stamp)
    legs.move(points, out_of, Bucket.AVAILABLE, opening.lot_id, usable_from=stamp.occurred_at, expires_at=opening.expires_at)
    return legs.booking(operation, [_opened(account, points, stamp, opening)])


def _taken(lot: Lot, points: int) -> Lot:
    """Take points of a lot that are booked as available. One that waits must be activated first, or buckets would not add up."""
    if lot.state is not LotState.AVAILABLE:
        raise ValueError(f"lot {lot.id} is {lot.state}, not available")
    return reduced(lot, points=points)


def _opened(account: Account, points: int, stamp: Stamp, opening: Opening) -> Lot:
    at = stamp.occurred_at
    return Lot(opening.lot_id, account.id, points, points, at, opening.expires_at, at, LotState.AVAILABLE)


class _Legs:
    """The legs of a transaction at one holder's account."""

    def __init__(self, account: Account, stamp: Stamp) -> None:
        self._account, self._stamp = account, stamp
        self._balance = account.balance
        self._entries: list[Entry] = []

    def move(
        self,
        points: int,
        out_of: Bucket | SystemAccount,
        into: Bucket | SystemAccount,
        lot_id: UUID | None,
        *,
        usable_from: datetime | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        """Add the two legs of a movement. No bucket falls below its floor."""
        if points <= 0:
            raise ValueError(f"{points} points cannot be moved")
        self._entries.append(self._leg(out_of, -points, lot_id, None, None))
        self._entries.append(self._leg(into, points, lot_id, usable_from, expires_at))

    def booking(self, operation: Movement, lots: Sequence[Lot]) -> Booking:
        """Return what was moved. Nothing moved makes a booking without legs, which changes no version."""
        transaction = Transaction(self._stamp, operation, tuple(self._entries))
        return booked(transaction, [(self._account, self._balance)], tuple(lots)) if self._entries else Booking(transaction, (self._account,), ())

    def _leg(self, place: Bucket | SystemAccount, amount: int, lot_id: UUID | None, usable_from: datetime | None, expires_at: datetime | None) -> Entry:
        if isinstance(place, SystemAccount):
            return Entry(place.id_in(self._stamp.programme), None, Bucket.SYSTEM, amount, None, lot_id)
        after = self._balance._asdict()[place] + amount
        if after > 0 if place is Bucket.DEBT else after < 0:
            raise ValueError(f"{place} would become {after}")
        self._balance = self._balance._replace(**{place.value: after})
        return Entry(self._account.id, self._account.version + 1, place, amount, after, lot_id, usable_from, expires_at)
