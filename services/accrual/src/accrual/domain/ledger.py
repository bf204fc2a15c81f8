"""Turns decisions into ledger transactions. Pure: each function returns what changed, and changes nothing.

Every booking raises the version of each holder account in it by one, moves its hash on, and has legs that sum to zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from accrual.domain.chain import canonical, link
from accrual.domain.decisions import Grant
from accrual.domain.entries import Account, Balance, Bucket, Entry, Movement, Stamp, SystemAccount, Transaction
from accrual.domain.lots import Allocation, Lot, LotState, expired, in_order, reduced
from accrual.domain.reversing import Reversal


class Booking(NamedTuple):
    """A transaction with the holder accounts and the lots as they are after it."""

    transaction: Transaction
    accounts: tuple[Account, ...]
    lots: tuple[Lot, ...]


def grant(account: Account, decision: Grant, stamp: Stamp, *, lot_id: UUID) -> Booking:
    """Give points: issued → available, or → pending where they are not usable at the time of booking. Opens the lot."""
    pending = decision.usable_from > stamp.booked_at
    points = decision.points
    balance, bucket, after = _added(account.balance, points, pending=pending)
    version = account.version + 1
    entries = (
        Entry(SystemAccount.ISSUED.id_in(stamp.programme), None, Bucket.SYSTEM, -points, None, lot_id),
        Entry(account.id, version, bucket, points, after, lot_id, decision.usable_from, decision.expires_at),
    )
    transaction = Transaction(stamp, Movement.GRANT, entries)
    lot = Lot(
        id=lot_id,
        account_id=account.id,
        amount=points,
        remaining=points,
        usable_from=decision.usable_from,
        expires_at=decision.expires_at,
        granted_at=stamp.occurred_at,
        state=LotState.PENDING if pending else LotState.AVAILABLE,
        confirmable=decision.confirmable,
    )
    return Booking(transaction, (Account(account.id, version, balance, link(account.hash, canonical(transaction))),), (lot,))


def activate(account: Account, lot: Lot, stamp: Stamp) -> Booking:
    """Make a pending lot usable: pending → available."""
    if lot.state is not LotState.PENDING:
        raise ValueError(f"lot {lot.id} is {lot.state}, not pending")
    taken, _, pending = _added(account.balance, -lot.remaining, pending=True)
    balance, _, available = _added(taken, lot.remaining, pending=False)
    version = account.version + 1
    entries = (
        Entry(account.id, version, Bucket.PENDING, -lot.remaining, pending, lot.id),
        Entry(account.id, version, Bucket.AVAILABLE, lot.remaining, available, lot.id),
    )
    return booked(Transaction(stamp, Movement.ACTIVATE, entries), [(account, balance)], (lot._replace(state=LotState.AVAILABLE),))


def expire(account: Account, lot: Lot, stamp: Stamp) -> Booking:
    """Take what remains of a lot whose last day is over: available → expired. Only once: an expired lot has nothing left."""
    if lot.remaining == 0:
        raise ValueError(f"lot {lot.id} has nothing left to expire")
    balance, bucket, after = _added(account.balance, -lot.remaining, pending=lot.state is LotState.PENDING)
    entries = (
        Entry(account.id, account.version + 1, bucket, -lot.remaining, after, lot.id),
        Entry(SystemAccount.EXPIRED.id_in(stamp.programme), None, Bucket.SYSTEM, lot.remaining, None, lot.id),
    )
    return booked(Transaction(stamp, Movement.EXPIRE, entries), [(account, balance)], (lot._replace(remaining=0, state=LotState.EXPIRED),))


def claim(source: Account, target: Account, lots: Sequence[Lot], stamp: Stamp, *, held: Iterable[Allocation] = ()) -> Booking:
    """Move everything of one account into another, lots intact: their dates, their order and what remains of them.

    `lots` are all lots of the source that have points left or held: two legs for what is left, two for what its holds took out of each,
    and two for its debt. Accounts come back in the order source, target.
    A source with nothing in it gives a booking without legs, which changes no version: there is nothing to write.
    """
    if source.id == target.id:
        raise ValueError(f"account {source.id} cannot be moved into itself")
    out_of, into = source.balance, target.balance
    entries: list[Entry] = []
    for lot in lots:
        if not lot.remaining:
            continue
        pending = lot.state is LotState.PENDING
        out_of, bucket, left = _added(out_of, -lot.remaining, pending=pending)
        into, _, arrived = _added(into, lot.remaining, pending=pending)
        entries.append(Entry(source.id, source.version + 1, bucket, -lot.remaining, left, lot.id))
        entries.append(Entry(target.id, target.version + 1, bucket, lot.remaining, arrived, lot.id))
    for lot_id, points in held:
        out_of, into = out_of._replace(held=out_of.held - points), into._replace(held=into.held + points)
        entries.append(Entry(source.id, source.version + 1, Bucket.HELD, -points, out_of.held, lot_id))
        entries.append(Entry(target.id, target.version + 1, Bucket.HELD, points, into.held, lot_id))
    if out_of.debt:
        entries.append(Entry(source.id, source.version + 1, Bucket.DEBT, -out_of.debt, 0, None))
        into = into._replace(debt=into.debt + out_of.debt)
        entries.append(Entry(target.id, target.version + 1, Bucket.DEBT, out_of.debt, into.debt, None))
        out_of = out_of._replace(debt=0)
    if any(out_of):
        raise ValueError(f"the lots of account {source.id} do not add up to its balance")
    transaction = Transaction(stamp, Movement.CLAIM, tuple(entries))
    if not entries:
        return Booking(transaction, (source, target), ())
    moved = tuple(lot._replace(account_id=target.id) for lot in lots)
    return booked(transaction, [(source, out_of), (target, into)], moved)


def reverse(account: Account, reversal: Reversal, lots: Mapping[UUID, Lot], stamp: Stamp) -> Booking:
    """Take points back: out of lots, and what the policy lets the account owe out of its debt. Two legs for each; the other is → issued.

    Where nothing moves, because all is forgiven, the booking has no legs and changes no version, as with `claim`.
    """
    issued, version = SystemAccount.ISSUED.id_in(stamp.programme), account.version + 1
    balance, entries, changed = account.balance, list[Entry](), list[Lot]()
    for lot_id, points in reversal.allocations:
        lot = lots[lot_id]
        changed.append(reduced(lot, points=points))
        balance, bucket, after = _added(balance, -points, pending=lot.state is LotState.PENDING)
        entries.append(Entry(account.id, version, bucket, -points, after, lot_id))
        entries.append(Entry(issued, None, Bucket.SYSTEM, points, None, lot_id))
    if reversal.debt:
        balance = balance._replace(debt=balance.debt - reversal.debt)
        entries.append(Entry(account.id, version, Bucket.DEBT, -reversal.debt, balance.debt, None))
        entries.append(Entry(issued, None, Bucket.SYSTEM, reversal.debt, None, None))
    transaction = Transaction(stamp, Movement.REVERSE, tuple(entries))
    return booked(transaction, [(account, balance)], tuple(changed)) if entries else Booking(transaction, (account,), ())


def pay_debt(account: Account, lots: Iterable[Lot], stamp: Stamp) -> Booking:
    """Pay what the account owes, as far as its usable points go: available → debt, two legs for each lot, what expires first first.

    Where it owes nothing, or has nothing to pay with, the booking has no legs and changes no version.
    """
    balance, entries, changed = account.balance, list[Entry](), list[Lot]()
    for lot in in_order(lots):
        due = -balance.debt if lot.state is LotState.AVAILABLE and not expired(lot, at=stamp.booked_at) else 0
        points = min(lot.remaining, due)
        if points:
            changed.append(reduced(lot, points=points))
            balance, bucket, after = _added(balance, -points, pending=False)
            balance = balance._replace(debt=balance.debt + points)
            entries.append(Entry(account.id, account.version + 1, bucket, -points, after, lot.id))
            entries.append(Entry(account.id, account.version + 1, Bucket.DEBT, points, balance.debt, lot.id))
    transaction = Transaction(stamp, Movement.PAY_DEBT, tuple(entries))
    return booked(transaction, [(account, balance)], tuple(changed)) if entries else Booking(transaction, (account,), ())


def booked(transaction: Transaction, balances: Sequence[tuple[Account, Balance]], lots: tuple[Lot, ...]) -> Booking:
    """Return a transaction with its accounts one version further, at these balances, and its lots."""
    encoded = canonical(transaction)
    accounts = tuple(Account(account.id, account.version + 1, balance, link(account.hash, encoded)) for account, balance in balances)
    return Booking(transaction, accounts, lots)


def _added(balance: Balance, amount: int, *, pending: bool) -> tuple[Balance, Bucket, int]:
    """Return the balance with an amount added to one bucket, which bucket, and what is in it now. No bucket falls below zero."""
    bucket = Bucket.PENDING if pending else Bucket.AVAILABLE
    after = (balance.pending if pending else balance.available) + amount
    if after < 0:
        raise ValueError(f"{bucket} would fall to {after}")
    if pending:
        return Balance(after, balance.available, balance.held, balance.debt), bucket, after
    return Balance(balance.pending, after, balance.held, balance.debt), bucket, after
