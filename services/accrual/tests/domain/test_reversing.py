"""What a return takes: from which lots, and what becomes of points that are no longer there."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accrual.domain.document.lives import SpentPolicy
from accrual.domain.entries import Balance, Bucket, Movement, SystemAccount
from accrual.domain.ledger import Booking, claim, pay_debt, reverse
from accrual.domain.lots import Allocation, Lot, LotState
from accrual.domain.reversing import Due, Reversal, plan

from .builders import FRIDAY_NOON as NOW
from .builders import a_stamp, an_account

ISSUED = SystemAccount.ISSUED.id_in("shop")


def a_lot(number: int, remaining: int, *, pending: bool = False, expires_at: datetime | None = None, amount: int | None = None) -> Lot:
    return Lot(
        id=UUID(int=number),
        account_id=an_account().id,
        amount=amount or remaining,
        remaining=remaining,
        usable_from=NOW + timedelta(days=14) if pending else NOW,
        expires_at=expires_at,
        granted_at=NOW,
        state=LotState.PENDING if pending else LotState.AVAILABLE,
    )


def all_of(points: int, *, kept: int = 0, settled: int = 0, expired: int = 0) -> Due:
    return Due(points, kept, settled, expired)


def legs(booking: Booking) -> list[tuple[UUID, Bucket, int, int | None, int | None]]:
    return [(entry.account_id, entry.bucket, entry.amount, entry.balance_after, entry.lot_id and entry.lot_id.int) for entry in booking.transaction.entries]


def test_points_are_taken_from_the_purchases_own_then_from_usable_ones_as_they_would_be_spent_then_from_waiting_ones():
    own, waiting = a_lot(1, 10, amount=100), a_lot(2, 20, pending=True)
    late, soon = a_lot(3, 30, expires_at=NOW + timedelta(days=9)), a_lot(4, 40, expires_at=NOW + timedelta(days=1))
    found = plan(all_of(100), own=[own], others=[waiting, late, soon, own], at=NOW, spent="clamp")
    assert found.allocations == (Allocation(own.id, 10), Allocation(soon.id, 40), Allocation(late.id, 30), Allocation(waiting.id, 20))
    assert (found.taken, found.forgiven, found.debt) == (100, 0, 0)


def test_of_several_grants_for_one_purchase_those_that_wait_go_first():
    ready, waiting = a_lot(1, 50), a_lot(2, 50, pending=True)
    assert plan(all_of(60), own=[ready, waiting], others=[], at=NOW, spent="clamp").allocations == (Allocation(waiting.id, 50), Allocation(ready.id, 10))


@pytest.mark.parametrize(
    ("spent", "forgiven", "debt", "blocked"), [("clamp", 90, 0, False), ("debt", 0, 90, False), ("block", 90, 0, True)], ids=["clamp", "debt", "block"]
)
def test_what_is_no_longer_there_is_forgotten_or_owed_or_a_reason_to_refuse(*, spent: SpentPolicy, forgiven: int, debt: int, blocked: bool):
    found = plan(all_of(100), own=[a_lot(1, 10, amount=100)], others=[], at=NOW, spent=spent)
    assert (found.taken, found.forgiven, found.debt, found.blocked, found.points) == (10, forgiven, debt, blocked, 100)


def test_a_return_that_finds_all_its_points_is_not_blocked():
    assert not plan(all_of(100), own=[a_lot(1, 100)], others=[], at=NOW, spent="block").blocked


@pytest.mark.parametrize("booked", [True, False], ids=["booked", "not booked yet"])
def test_expired_points_are_gone_and_are_not_owed(*, booked: bool):
    """150 granted, 60 spent, 90 expired: the member owes the 60 that were of use, whether or not the clock was on time."""
    over = a_lot(1, 90, amount=150, expires_at=NOW)
    due = all_of(150, expired=90) if booked else all_of(150)
    own = [over._replace(remaining=0, state=LotState.EXPIRED) if booked else over]
    assert plan(due, own=own, others=[a_lot(2, 500, expires_at=NOW)], at=NOW, spent="debt") == Reversal((), 0, 60, blocked=False)
    half = due._replace(kept=75)
    assert plan(half, own=own, others=[a_lot(2, 500)], at=NOW, spent="debt") == Reversal((), 0, 0, blocked=False)


def test_what_earlier_returns_took_is_not_taken_again():
    assert plan(all_of(100, kept=40, settled=60), own=[a_lot(1, 40)], others=[], at=NOW, spent="debt").points == 0
    assert plan(all_of(100, kept=39, settled=60), own=[a_lot(1, 40)], others=[], at=NOW, spent="debt").points == 1


def test_a_reversal_is_one_transaction_with_two_legs_for_each_lot_and_for_the_debt():
    ready, waiting = a_lot(1, 30, amount=50), a_lot(2, 20, pending=True)
    account = an_account(pending=25, available=30)
    found = plan(all_of(60), own=[ready, waiting], others=[], at=NOW, spent="debt")
    booking = reverse(account, found, {ready.id: ready, waiting.id: waiting}, a_stamp())
    assert booking.transaction.operation is Movement.REVERSE
    assert legs(booking) == [
        (account.id, Bucket.PENDING, -20, 5, 2),
        (ISSUED, Bucket.SYSTEM, 20, None, 2),
        (account.id, Bucket.AVAILABLE, -30, 0, 1),
        (ISSUED, Bucket.SYSTEM, 30, None, 1),
        (account.id, Bucket.DEBT, -10, -10, None),
        (ISSUED, Bucket.SYSTEM, 10, None, None),
    ]
    assert (booking.accounts[0].balance, booking.accounts[0].version) == (Balance(pending=5, debt=-10), 1)
    assert [(lot.remaining, lot.state) for lot in booking.lots] == [(0, LotState.SPENT), (0, LotState.SPENT)]


def test_a_reversal_that_moves_nothing_writes_nothing():
    booking = reverse(an_account(), Reversal((), 90, 0, blocked=False), {}, a_stamp())
    assert (booking.transaction.entries, booking.accounts, booking.lots) == ((), (an_account(),), ())


def test_the_next_points_pay_what_is_owed():
    account = an_account(available=130)._replace(balance=Balance(available=130, debt=-60))
    late, soon = a_lot(1, 80), a_lot(2, 50, expires_at=NOW + timedelta(days=1))
    booking = pay_debt(account, [late, soon], a_stamp())
    assert booking.transaction.operation is Movement.PAY_DEBT
    assert legs(booking) == [
        (account.id, Bucket.AVAILABLE, -50, 80, 2),
        (account.id, Bucket.DEBT, 50, -10, 2),
        (account.id, Bucket.AVAILABLE, -10, 70, 1),
        (account.id, Bucket.DEBT, 10, 0, 1),
    ]
    assert booking.accounts[0].balance == Balance(available=70)
    assert [lot.remaining for lot in booking.lots] == [0, 70]


def test_only_usable_points_pay_and_an_account_without_debt_pays_nothing():
    owing = an_account()._replace(balance=Balance(pending=50, available=20, debt=-60))
    lots = [a_lot(1, 50, pending=True), a_lot(2, 20, expires_at=NOW)]
    for account in (owing, an_account(pending=50, available=20)):
        booking = pay_debt(account, lots, a_stamp())
        assert (booking.transaction.entries, booking.accounts, booking.lots) == ((), (account,), ())


def test_a_claim_takes_the_debt_along():
    guest, member = an_account(1)._replace(balance=Balance(debt=-60)), an_account(2)._replace(balance=Balance(debt=-5))
    booking = claim(guest, member, (), a_stamp())
    assert legs(booking) == [(guest.id, Bucket.DEBT, 60, 0, None), (member.id, Bucket.DEBT, -60, -65, None)]
    assert [account.balance for account in booking.accounts] == [Balance(), Balance(debt=-65)]


_LOTS = st.lists(st.tuples(st.integers(1, 50), st.booleans(), st.none() | st.integers(-1, 3), st.booleans()), max_size=6)


@settings(max_examples=60, deadline=None)
@given(made=_LOTS, granted=st.integers(0, 300), kept=st.integers(0, 300), settled=st.integers(0, 300), spent=st.sampled_from(("clamp", "debt", "block")))
def test_a_reversal_settles_exactly_what_is_due_out_of_living_lots(
    made: list[tuple[int, bool, int | None, bool]], granted: int, kept: int, settled: int, spent: SpentPolicy
):
    lots = {
        own: [
            a_lot(number, points, pending=pending, expires_at=None if days is None else NOW + timedelta(days=days))
            for number, (points, pending, days, mine) in enumerate(made)
            if mine is own
        ]
        for own in (True, False)
    }
    found = plan(all_of(granted, kept=kept, settled=settled), own=lots[True], others=lots[False], at=NOW, spent=spent)
    gone = sum(lot.remaining for lot in lots[True] if lot.expires_at is not None and lot.expires_at <= NOW)
    assert found.points == max(granted - kept - settled - gone, 0)
    by_id = {lot.id: lot for found in lots.values() for lot in found}
    assert all(0 < each.points <= by_id[each.lot_id].remaining for each in found.allocations)
    alive = sum(lot.remaining for lot in by_id.values() if lot.expires_at is None or lot.expires_at > NOW)
    assert found.forgiven + found.debt == max(found.points - alive, 0)
    account = an_account(
        pending=sum(lot.remaining for lot in by_id.values() if lot.state is LotState.PENDING),
        available=sum(lot.remaining for lot in by_id.values() if lot.state is LotState.AVAILABLE),
    )
    booking = reverse(account, found, by_id, a_stamp())
    assert sum(entry.amount for entry in booking.transaction.entries) == 0
    after = booking.accounts[0].balance
    assert after.pending + after.available == account.balance.pending + account.balance.available - found.taken
    assert after.debt == -found.debt
