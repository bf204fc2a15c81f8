"""What of the points that paid for a purchase comes back with its goods."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accrual.domain.lots import Allocation
from accrual.domain.returns import Back, Returned
from accrual.domain.spending.giving_back import Spent, due_back, restoring, shared_out
from accrual.domain.spending.holds import Capture, Fault, Hold, HoldState, capture, parted, release

from .builders import FRIDAY_NOON, a_line, a_purchase

ONE, TWO = UUID(int=51), UUID(int=52)
PURCHASE = a_purchase(a_line(75_00, "a", line_id="1"), a_line(25_00, "b", line_id="2"))


def a_spend(*points: int, owed: int = 0) -> Spent:
    return Spent(UUID(int=9), UUID(int=1), tuple(Allocation(UUID(int=51 + place), amount) for place, amount in enumerate(points)), owed)


def a_hold(state: HoldState = HoldState.OPEN, captured: int = 0) -> Hold:
    return Hold(UUID(int=9), UUID(int=1), 100, FRIDAY_NOON, b"purchase", state, captured)


def test_points_come_back_in_proportion_to_the_money_and_all_with_the_last_of_it():
    assert due_back(90, PURCHASE, Returned()) == 0
    assert due_back(90, PURCHASE, Returned({"2": Back(1000, 25_00)})) == 22
    assert due_back(90, PURCHASE, Returned({"1": Back(1000, 75_00)})) == 67
    assert due_back(90, PURCHASE, Returned({"1": Back(1000, 75_00), "2": Back(1000, 1_00)})) == 90
    free = a_purchase(a_line(0, line_id="1"), a_line(0, line_id="2"))
    assert due_back(90, free, Returned({"1": Back(1000, 0)})) == 0
    assert due_back(90, free, Returned({"1": Back(1000, 0), "2": Back(1000, 0)})) == 90


def test_what_was_owed_comes_back_first_then_what_was_taken_last():
    spent = a_spend(30, 20, owed=10)
    first = restoring(spent, 25)
    assert (first.owed, first.allocations, first.points) == (10, (Allocation(TWO, 15),), 25)
    rest = restoring(first.after(), 60)
    assert (rest.owed, rest.allocations) == (0, (Allocation(TWO, 5), Allocation(ONE, 30)))
    assert restoring(rest.after(), 60).points == 0
    assert rest.after().back == spent.points == 60


def test_of_several_uses_the_last_comes_back_first():
    early, late = a_spend(30), a_spend(20)._replace(id=UUID(int=10))
    assert [(each.spent.id.int, each.points) for each in shared_out([early, late], 35)] == [(10, 20), (9, 15)]
    assert shared_out([early, late], 0) == []


@given(st.lists(st.integers(1, 90), min_size=1, max_size=4), st.integers(0, 50), st.lists(st.integers(1, 40_00), max_size=8))
def test_many_small_returns_give_back_what_one_large_one_does(points: list[int], owed: int, parts: list[int]):
    whole = a_purchase(a_line(200_00, line_id="1", quantity=1_000_000))
    spent, together = a_spend(*points, owed=owed), Returned()
    for part in parts:
        together = together.plus(Returned({"1": Back(1, part)}))
        for each in shared_out([spent], due_back(spent.points, whole, together)):
            spent = each.after()
    (at_once,) = shared_out([a_spend(*points, owed=owed)], due_back(spent.points, whole, together)) or [None]
    assert spent.back == (0 if at_once is None else at_once.points)
    assert at_once is None or sorted(spent.restored) == sorted(at_once.after().restored)
    taken = dict(spent.allocations)
    assert all(back <= taken[lot_id] for lot_id, back in spent.restored)


@pytest.mark.parametrize(
    ("hold", "captured", "released"),
    [
        (a_hold(), Capture(100, late=False), None),
        (a_hold(HoldState.CAPTURED, 70), Fault.HOLD_CAPTURED, Fault.HOLD_CAPTURED),
        (a_hold(HoldState.CAPTURED), Fault.HOLD_CAPTURED, Fault.HOLD_CAPTURED),
        (a_hold(HoldState.RELEASED), Fault.HOLD_RELEASED, Fault.HOLD_RELEASED),
        (a_hold(HoldState.EXPIRED), Capture(100, late=True), Fault.HOLD_EXPIRED),
        (a_hold(HoldState.EXPIRED, 70), Fault.HOLD_CAPTURED, Fault.HOLD_CAPTURED),
    ],
)
def test_a_hold_is_resolved_once_and_captured_late_once(hold: Hold, captured: Capture | Fault, released: Fault | None):
    assert capture(hold) == captured
    assert release(hold) == released


def test_a_part_of_a_hold_is_captured_out_of_the_lots_that_are_spent_first():
    assert capture(a_hold(), points=40) == Capture(40, late=False)
    assert capture(a_hold(), points=101) is Fault.OVER_CAPTURED
    taken, rest = parted([Allocation(ONE, 30), Allocation(TWO, 20)], 40)
    assert (taken, rest) == ((Allocation(ONE, 30), Allocation(TWO, 10)), (Allocation(TWO, 10),))
    assert parted([Allocation(ONE, 30)], 0) == ((), (Allocation(ONE, 30),))
    assert parted([Allocation(ONE, 30)], 30) == ((Allocation(ONE, 30),), ())
