"""The ledger: legs sum to zero, balances follow entries, lots conserve, whatever happens in whatever order."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accrual.domain.chain import GENESIS, canonical, link
from accrual.domain.decisions import Explanation, Grant
from accrual.domain.entries import Account, Balance, Bucket, Movement, SystemAccount
from accrual.domain.ledger import Booking, activate, claim, expire, grant, pay_debt, reverse
from accrual.domain.lots import Lot, LotState, expired, reduced
from accrual.domain.reversing import Due, plan

from .builders import FRIDAY_NOON, a_stamp, an_account


def a_grant(points: int = 100, *, pending: bool = False, lives_days: int | None = None) -> Grant:
    usable_from = FRIDAY_NOON + timedelta(days=14) if pending else FRIDAY_NOON
    return Grant(Explanation(points), usable_from, None if lives_days is None else FRIDAY_NOON + timedelta(days=lives_days))


def legs(booking: Booking) -> list[tuple[UUID, Bucket, int]]:
    return [(entry.account_id, entry.bucket, entry.amount) for entry in booking.transaction.entries]


def test_a_grant_usable_at_once_goes_to_available():
    account = an_account(available=5)
    booking = grant(account, a_grant(100), a_stamp(), lot_id=UUID(int=50))
    (after,), (lot,) = booking.accounts, booking.lots
    assert legs(booking) == [(SystemAccount.ISSUED.id_in("shop"), Bucket.SYSTEM, -100), (account.id, Bucket.AVAILABLE, 100)]
    assert (after.version, after.balance) == (1, Balance(available=105))
    assert (lot.id, lot.amount, lot.remaining, lot.state) == (UUID(int=50), 100, 100, LotState.AVAILABLE)


def test_a_grant_usable_later_waits_in_pending_and_is_activated():
    granted = grant(an_account(), a_grant(100, pending=True), a_stamp(), lot_id=UUID(int=50))
    assert granted.accounts[0].balance == Balance(pending=100)
    activated = activate(granted.accounts[0], granted.lots[0], a_stamp(2))
    assert (activated.accounts[0].balance, activated.accounts[0].version) == (Balance(available=100), 2)
    assert activated.lots[0].state is LotState.AVAILABLE


def test_old_history_is_usable_at_once():
    """A grant whose waiting time is over when it is booked never waits."""
    late = a_stamp(booked_at=FRIDAY_NOON + timedelta(days=14))
    assert grant(an_account(), a_grant(100, pending=True), late, lot_id=UUID(int=50)).accounts[0].balance == Balance(available=100)


def test_a_lot_is_activated_once():
    granted = grant(an_account(), a_grant(100), a_stamp(), lot_id=UUID(int=50))
    with pytest.raises(ValueError, match="not pending"):
        activate(granted.accounts[0], granted.lots[0], a_stamp(2))


def test_what_is_left_of_a_lot_expires_and_nothing_twice_case_t_47():
    granted = grant(an_account(), a_grant(150, lives_days=1), a_stamp(), lot_id=UUID(int=50))
    spent = Account(granted.accounts[0].id, 2, Balance(available=100), granted.accounts[0].hash)
    booking = expire(spent, reduced(granted.lots[0], points=50), a_stamp(2))
    assert legs(booking) == [(spent.id, Bucket.AVAILABLE, -100), (SystemAccount.EXPIRED.id_in("shop"), Bucket.SYSTEM, 100)]
    assert booking.accounts[0].balance == Balance()
    assert booking.lots[0].state is LotState.EXPIRED
    with pytest.raises(ValueError, match="nothing left"):
        expire(booking.accounts[0], booking.lots[0], a_stamp(3))


def test_a_claim_moves_everything_with_lots_intact_case_t_79():
    guest, member = an_account(1), an_account(2, available=200)
    first = grant(guest, a_grant(60), a_stamp(), lot_id=UUID(int=50))
    second = grant(first.accounts[0], a_grant(40, pending=True, lives_days=400), a_stamp(2), lot_id=UUID(int=51))
    booking = claim(second.accounts[0], member, (*first.lots, *second.lots), a_stamp(3))
    source, target = booking.accounts
    assert (source.balance, source.version) == (Balance(), 3)
    assert (target.balance, target.version) == (Balance(pending=40, available=260), 1)
    assert [(lot.id, lot.account_id, lot.remaining, lot.expires_at) for lot in booking.lots] == [
        (lot.id, member.id, lot.remaining, lot.expires_at) for lot in (*first.lots, *second.lots)
    ]


def test_a_claim_of_nothing_writes_nothing():
    booking = claim(an_account(1), an_account(2), (), a_stamp())
    assert booking.transaction.entries == ()
    assert booking.accounts == (an_account(1), an_account(2))


def test_a_claim_refuses_lots_that_do_not_add_up_and_an_account_of_its_own():
    with pytest.raises(ValueError, match="do not add up"):
        claim(an_account(1, available=10), an_account(2), (), a_stamp())
    with pytest.raises(ValueError, match="into itself"):
        claim(an_account(1), an_account(1), (), a_stamp())


def test_no_bucket_falls_below_zero():
    lot = grant(an_account(), a_grant(100), a_stamp(), lot_id=UUID(int=50)).lots[0]
    with pytest.raises(ValueError, match="would fall"):
        expire(an_account(available=99), lot, a_stamp(2))


def test_system_accounts_have_one_id_each_for_ever():
    assert str(SystemAccount.ISSUED.id_in("shop")) == str(SystemAccount.ISSUED.id_in("shop"))
    ids = {account.id_in(programme) for account in SystemAccount for programme in ("shop", "other")}
    assert len(ids) == 2 * len(SystemAccount)
    assert {each.version for each in ids} == {8}


_HOLDERS = (Bucket.PENDING, Bucket.AVAILABLE)
_STEPS = st.lists(
    st.tuples(st.sampled_from(("grant", "grant", "activate", "expire", "claim", "reverse", "reverse")), st.integers(0, 2), st.integers(1, 500), st.booleans()),
    max_size=25,
)


class _Books:
    """Three accounts and all that was ever booked."""

    def __init__(self) -> None:
        self.accounts = {number: an_account(number + 1) for number in range(3)}
        self.lots: dict[UUID, Lot] = {}
        self.bookings: list[Booking] = []
        self.gone = 0
        self.hashes = dict.fromkeys((account.id for account in self.accounts.values()), GENESIS)

    def book(self, booking: Booking) -> None:
        if booking.transaction.entries:
            self.bookings.append(booking)
        for number, account in self.accounts.items():
            self.accounts[number] = next((after for after in booking.accounts if after.id == account.id), account)
        self.lots.update({lot.id: lot for lot in booking.lots})

    def of(self, number: int, state: LotState | None = None) -> list[Lot]:
        mine = [lot for lot in self.lots.values() if lot.account_id == self.accounts[number].id and lot.remaining]
        return [lot for lot in mine if state is None or lot.state is state]

    def take(self, step: tuple[str, int, int, bool], number: int) -> None:
        name, who, points, pending = step
        account, stamp = self.accounts[who], a_stamp(number)
        if name == "grant":
            self.book(grant(account, a_grant(points, pending=pending, lives_days=points), stamp, lot_id=UUID(int=100 + number)))
        elif name == "claim":
            self.book(claim(account, self.accounts[(who + 1) % 3], self.of(who), stamp))
        elif name == "activate" and self.of(who, LotState.PENDING):
            self.book(activate(account, self.of(who, LotState.PENDING)[0], stamp))
        elif name == "expire" and self.of(who):
            self.gone += self.of(who)[0].remaining
            self.book(expire(account, self.of(who)[0], stamp))
        elif name == "reverse":
            due, lots = Due(granted=points, kept=0, settled=0, expired=0), {lot.id: lot for lot in self.of(who)}
            found = plan(due, own=self.of(who)[:1], others=lots.values(), at=FRIDAY_NOON, spent="debt" if pending else "clamp")
            self.book(reverse(account, found, lots, stamp))
        for owing in range(3):  # whoever owes pays before anything else becomes available
            self.book(pay_debt(self.accounts[owing], self.of(owing), a_stamp(100 + 3 * number + owing)))


@settings(max_examples=50, deadline=None)
@given(steps=_STEPS)
def test_whatever_happens_the_books_are_in_order(steps: list[tuple[str, int, int, bool]]):
    books = _Books()
    for number, step in enumerate(steps):
        books.take(step, number)
    totals: Counter[tuple[UUID, Bucket]] = Counter()
    running: Counter[tuple[UUID, Bucket]] = Counter()
    versions: Counter[UUID] = Counter()
    for booking in books.bookings:
        entries = booking.transaction.entries
        assert sum(entry.amount for entry in entries) == 0
        for account_id in {entry.account_id for entry in entries if entry.version is not None}:
            versions[account_id] += 1
            books.hashes[account_id] = link(books.hashes[account_id], canonical(booking.transaction))
        for entry in entries:
            totals[entry.account_id, entry.bucket] += entry.amount
            if entry.version is not None:
                running[entry.account_id, entry.bucket] += entry.amount
                assert entry.version == versions[entry.account_id]
                assert entry.balance_after == running[entry.account_id, entry.bucket]
                assert entry.balance_after <= 0 if entry.bucket is Bucket.DEBT else entry.balance_after >= 0
    for number, account in books.accounts.items():
        assert account.balance == Balance(totals[account.id, Bucket.PENDING], totals[account.id, Bucket.AVAILABLE], debt=totals[account.id, Bucket.DEBT])
        assert account.balance.debt == 0 or account.balance.available == 0
        assert account.balance.pending == sum(lot.remaining for lot in books.of(number, LotState.PENDING))
        assert account.balance.available == sum(lot.remaining for lot in books.of(number, LotState.AVAILABLE))
        assert (account.version, account.hash) == (versions[account.id], books.hashes[account.id])
    assert totals[SystemAccount.EXPIRED.id_in("shop"), Bucket.SYSTEM] == books.gone
    for lot in books.lots.values():
        moved = [entry.amount for booking in books.bookings for entry in booking.transaction.entries if entry.lot_id == lot.id and entry.bucket in _HOLDERS]
        assert sum(moved) == lot.remaining >= 0


def test_activation_and_expiry_due_on_one_day_are_booked_in_that_order():
    granted = grant(an_account(), a_grant(100, pending=True, lives_days=20), a_stamp(), lot_id=UUID(int=50))
    activated = activate(granted.accounts[0], granted.lots[0], a_stamp(2))
    assert expired(activated.lots[0], at=FRIDAY_NOON + timedelta(days=20))
    gone = expire(activated.accounts[0], activated.lots[0], a_stamp(3))
    assert [booking.transaction.operation for booking in (granted, activated, gone)] == [Movement.GRANT, Movement.ACTIVATE, Movement.EXPIRE]
    assert gone.accounts[0].balance == Balance()
