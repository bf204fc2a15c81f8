"""Points put aside, used and given back: legs sum to zero, lots get back exactly what was taken of them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accrual.domain.entries import Account, Balance, SystemAccount
from accrual.domain.ledger import Booking
from accrual.domain.lots import Allocation, Lot, LotState, consume, expired, refilled
from accrual.domain.spending import bookings
from accrual.domain.spending.bookings import Opening

from .builders import FRIDAY_NOON, a_stamp, an_account

YEAR = timedelta(days=365)


def a_lot(number: int, points: int, *, expires_at: datetime | None = None) -> Lot:
    return Lot(UUID(int=number), UUID(int=1), points, points, FRIDAY_NOON, expires_at, FRIDAY_NOON, LotState.AVAILABLE)


def by_id(lots: Iterable[Lot]) -> dict[UUID, Lot]:
    return {lot.id: lot for lot in lots}


def legs(booking: Booking) -> list[tuple[str, int]]:
    system = {each.id_in("shop"): each.value for each in SystemAccount}
    return [(system.get(entry.account_id, entry.bucket.value), entry.amount) for entry in booking.transaction.entries]


def test_points_are_put_aside_used_and_given_back_out_of_and_into_their_lots():
    lots = by_id([a_lot(50, 60), a_lot(51, 40)])
    of = (Allocation(UUID(int=50), 60), Allocation(UUID(int=51), 10))
    held = bookings.hold(an_account(available=100), lots, of, a_stamp())
    assert legs(held) == [("available", -60), ("held", 60), ("available", -10), ("held", 10)]
    assert held.accounts[0].balance == Balance(available=30, held=70)
    assert [(lot.remaining, lot.state) for lot in held.lots] == [(0, LotState.SPENT), (30, LotState.AVAILABLE)]
    used = bookings.capture(held.accounts[0], of[:1], a_stamp(2))
    assert legs(used) == [("held", -60), ("redeemed", 60)]
    assert used.accounts[0].balance == Balance(available=30, held=10)
    back = bookings.release(used.accounts[0], by_id(held.lots), of[1:], a_stamp(3))
    assert legs(back) == [("held", -10), ("available", 10)]
    assert (back.accounts[0].balance, back.accounts[0].version, back.lots) == (Balance(available=40), 3, (lots[UUID(int=51)],))


def test_what_is_missing_of_a_late_capture_is_owed_and_given_back_as_such():
    lots = by_id([a_lot(50, 60)])
    spent = bookings.spend(an_account(available=60), lots, [Allocation(UUID(int=50), 60)], a_stamp(), owed=15)
    assert legs(spent) == [("available", -60), ("redeemed", 60), ("debt", -15), ("redeemed", 15)]
    assert spent.accounts[0].balance == Balance(debt=-15)
    back = bookings.restore(spent.accounts[0], by_id(spent.lots), [Allocation(UUID(int=50), 20)], a_stamp(2), no_longer_owed=15)
    assert legs(back) == [("redeemed", -20), ("available", 20), ("redeemed", -15), ("debt", 15)]
    assert back.accounts[0].balance == Balance(available=20)
    with pytest.raises(ValueError, match="would become 1"):
        bookings.restore(spent.accounts[0], {}, (), a_stamp(3), no_longer_owed=16)


def test_a_lot_that_has_expired_is_reopened_for_what_is_given_back():
    until = FRIDAY_NOON + YEAR
    gone = a_lot(50, 60, expires_at=FRIDAY_NOON)._replace(remaining=0, state=LotState.EXPIRED)
    back = bookings.restore(an_account(), by_id([gone]), [Allocation(gone.id, 25)], a_stamp(), until=until)
    (lot,) = back.lots
    assert (lot.remaining, lot.state, lot.expires_at) == (25, LotState.AVAILABLE, until)
    assert [entry.expires_at for entry in back.transaction.entries] == [None, until]


def test_points_given_by_hand_open_a_lot_and_taken_by_hand_leave_lots():
    given_ = bookings.give(an_account(), 30, a_stamp(), Opening(UUID(int=60), FRIDAY_NOON + YEAR))
    assert legs(given_) == [("adjusted", -30), ("available", 30)]
    (lot,) = given_.lots
    taken = bookings.take(given_.accounts[0], by_id([lot]), [Allocation(lot.id, 10)], a_stamp(2), forfeit=False)
    assert legs(taken) == [("available", -10), ("adjusted", 10)]
    forfeited = bookings.take(taken.accounts[0], by_id(taken.lots), [Allocation(lot.id, 20)], a_stamp(3), forfeit=True)
    assert legs(forfeited) == [("available", -20), ("forfeited", 20)]
    assert (forfeited.accounts[0].balance, forfeited.lots[0].state) == (Balance(), LotState.SPENT)


def test_points_handed_on_open_a_lot_where_they_arrive():
    lot = a_lot(50, 60)
    booking = bookings.transfer(an_account(1, available=60), an_account(2), lot, 25, a_stamp(), Opening(UUID(int=60), None))
    assert [account.balance.available for account in booking.accounts] == [35, 25]
    assert [(each.id, each.account_id.int, each.remaining) for each in booking.lots] == [(lot.id, 1, 35), (UUID(int=60), 2, 25)]
    with pytest.raises(ValueError, match="itself"):
        bookings.transfer(an_account(1), an_account(1), lot, 1, a_stamp(), Opening(UUID(int=60), None))


def test_more_than_there_is_is_never_booked():
    lots = by_id([a_lot(50, 60)])
    with pytest.raises(ValueError, match="cannot take"):
        bookings.hold(an_account(available=100), lots, [Allocation(UUID(int=50), 61)], a_stamp())
    with pytest.raises(ValueError, match="held would become -1"):
        bookings.capture(an_account(available=100), [Allocation(UUID(int=50), 1)], a_stamp())
    with pytest.raises(ValueError, match="cannot be moved"):
        bookings.capture(an_account(available=100), [Allocation(UUID(int=50), 0)], a_stamp())
    with pytest.raises(ValueError, match="cannot give"):
        refilled(lots[UUID(int=50)], points=1)
    waiting = lots[UUID(int=50)]._replace(state=LotState.PENDING)
    with pytest.raises(ValueError, match="not available"):
        bookings.spend(an_account(available=100), by_id([waiting]), [Allocation(waiting.id, 1)], a_stamp())


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 90), st.none() | st.integers(1, 60)), min_size=1, max_size=6), st.data())
def test_whatever_is_held_and_resolved_the_lots_and_the_balance_agree(amounts: list[tuple[int, int | None]], data: st.DataObject):
    lots = by_id(
        a_lot(50 + place, points, expires_at=None if days is None else FRIDAY_NOON + timedelta(days=days)) for place, (points, days) in enumerate(amounts)
    )
    account: Account = an_account(available=sum(points for points, _ in amounts))
    held: list[tuple[Allocation, ...]] = []
    redeemed = 0
    for number in range(data.draw(st.integers(1, 8))):
        if held and data.draw(st.booleans()):
            allocations = held.pop(data.draw(st.integers(0, len(held) - 1)))
            if data.draw(st.booleans()):
                booking = bookings.capture(account, allocations, a_stamp(number))
                redeemed += sum(points for _, points in allocations)
            else:
                booking = bookings.release(account, lots, allocations, a_stamp(number))
        else:
            found = consume(lots.values(), points=data.draw(st.integers(1, 60)), at=FRIDAY_NOON)
            if found is None:
                continue
            booking = bookings.hold(account, lots, found, a_stamp(number))
            held.append(found)
        (account,) = booking.accounts
        lots |= by_id(booking.lots)
        assert sum(entry.amount for entry in booking.transaction.entries) == 0
        assert account.balance.available == sum(lot.remaining for lot in lots.values() if not expired(lot, at=FRIDAY_NOON))
        assert account.balance.held == sum(points for each in held for _, points in each)
        assert account.balance.available + account.balance.held + redeemed == sum(points for points, _ in amounts)
