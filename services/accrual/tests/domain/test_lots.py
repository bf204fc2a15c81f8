"""Lots: what is left, what counts when, and what is taken first."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accrual.domain.entries import Balance
from accrual.domain.lots import Allocation, Lot, LotState, balance_of, consume, reduced, usable

START = datetime(2026, 11, 20, tzinfo=UTC)


def a_lot(number: int = 1, amount: int = 100, *, expires_at: datetime | None = None, **more: object) -> Lot:
    values = {"remaining": amount, "usable_from": START, "granted_at": START, "state": LotState.AVAILABLE} | more
    return Lot(id=UUID(int=number), account_id=UUID(int=1), amount=amount, expires_at=expires_at, **values)  # type: ignore[arg-type]


def test_the_lot_that_expires_first_is_spent_first_case_t_42():
    late, soon = a_lot(1, expires_at=datetime(2027, 6, 1, tzinfo=UTC)), a_lot(2, expires_at=datetime(2027, 1, 1, tzinfo=UTC))
    assert consume([late, soon], points=100, at=START) == (Allocation(soon.id, 100),)


def test_never_expiring_lots_are_spent_last_and_older_ones_first():
    never = a_lot(1)
    younger = a_lot(2, expires_at=datetime(2027, 1, 1, tzinfo=UTC), granted_at=START + timedelta(hours=1))
    older = a_lot(3, expires_at=datetime(2027, 1, 1, tzinfo=UTC))
    taken = consume([never, younger, older], points=250, at=START)
    assert taken == (Allocation(older.id, 100), Allocation(younger.id, 100), Allocation(never.id, 50))


def test_more_than_there_is_takes_nothing_case_t_49():
    assert consume([a_lot(1, 90)], points=100, at=START) is None
    gone = [a_lot(1, 300, expires_at=START), a_lot(2, 200, expires_at=START)]
    assert consume(gone, points=1, at=START) is None


def test_points_not_usable_yet_are_not_spent():
    assert consume([a_lot(state=LotState.PENDING, usable_from=START + timedelta(seconds=1))], points=1, at=START) is None


def test_a_balance_never_counts_points_not_usable_yet_or_gone():
    lots = [
        a_lot(1, 1, state=LotState.PENDING, usable_from=START + timedelta(days=1)),
        a_lot(2, 10, state=LotState.PENDING),  # due, though nobody has activated it yet
        a_lot(3, 100, expires_at=START),  # over, though nobody has expired it yet
        a_lot(4, 1_000, expires_at=START + timedelta(microseconds=1)),
    ]
    assert balance_of(lots, at=START) == Balance(pending=1, available=1_010)


def test_a_confirmed_lot_is_usable_before_its_date():
    assert usable(a_lot(state=LotState.AVAILABLE, usable_from=START + timedelta(days=9)), at=START)


def test_a_lot_that_has_been_used_up_is_spent():
    assert reduced(a_lot(amount=10), points=10).state is LotState.SPENT
    assert reduced(a_lot(amount=10), points=9).remaining == 1


@pytest.mark.parametrize("points", [0, -1, 11])
def test_a_lot_gives_neither_more_than_it_has_nor_nothing(points: int):
    with pytest.raises(ValueError, match="cannot take"):
        reduced(a_lot(amount=10), points=points)


_LOTS = st.lists(st.tuples(st.integers(1, 50), st.none() | st.integers(-2, 5), st.integers(0, 3), st.booleans()), max_size=8)


@given(made=_LOTS, points=st.integers(1, 200))
def test_spending_takes_exactly_what_was_asked_or_nothing_at_all(made: list[tuple[int, int | None, int, bool]], points: int):
    lots = [
        a_lot(
            number,
            amount,
            expires_at=None if days is None else START + timedelta(days=days),
            granted_at=START - timedelta(days=age),
            state=LotState.PENDING if pending else LotState.AVAILABLE,
            usable_from=START + timedelta(days=1) if pending else START,
        )
        for number, (amount, days, age, pending) in enumerate(made)
    ]
    spendable = balance_of(lots, at=START).available
    taken = consume(lots, points=points, at=START)
    assert (taken is None) == (spendable < points)
    if taken is not None:
        by_id = {lot.id: lot for lot in lots}
        assert sum(each.points for each in taken) == points
        left = [reduced(by_id[each.lot_id], points=each.points) for each in taken]
        untouched = [lot for lot in lots if lot.id not in {each.lot_id for each in taken}]
        assert balance_of([*left, *untouched], at=START).available == spendable - points
