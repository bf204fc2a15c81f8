from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from members.domain.waiting import Change, Waiting, fold

NOON = datetime(2025, 3, 10, 12, tzinfo=UTC)
histories = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=8).map(
    lambda totals: [Change(version=version, pending=pending, available=available) for version, (pending, available) in enumerate(totals, 1)]
)


@given(histories.flatmap(lambda history: st.tuples(st.just(history), st.lists(st.sampled_from(history), max_size=10), st.randoms())))
def test_changes_in_any_order_and_any_number_of_times_end_at_the_last(told: tuple[list[Change], list[Change], object]):
    history, repeated, order = told
    heard = [*history, *repeated]
    order.shuffle(heard)  # type: ignore[attr-defined]
    after, counted = fold(Waiting(), heard)
    last = history[-1]
    assert (after.version, after.pending, after.available) == (last.version, last.pending, last.available)
    versions = [change.version for change, counts in zip(heard, counted, strict=True) if counts]
    assert versions == sorted(set(versions))


def test_a_guest_has_until_the_first_lot_expires():
    first, second = UUID(int=1), UUID(int=2)
    changes = [
        Change(version=1, pending=0, available=10, opened={first: NOON + timedelta(days=9)}),
        Change(version=2, pending=0, available=30, opened={second: NOON + timedelta(days=30)}),
    ]
    after, _ = fold(Waiting(), changes)
    assert after.register_by(now=NOON) == NOON + timedelta(days=9)
    expired, _ = fold(after, [Change(version=3, pending=0, available=20, closed=frozenset({first}))])
    assert expired.register_by(now=NOON) == NOON + timedelta(days=30)
    assert after.register_by(now=NOON + timedelta(days=10)) == NOON + timedelta(days=30)


def test_points_that_never_expire_can_wait_for_ever():
    after, _ = fold(Waiting(), [Change(version=1, pending=5, available=0, opened={UUID(int=1): None})])
    assert after.register_by(now=NOON) is None


def test_nothing_waits_where_everything_moved():
    opened = Change(version=1, pending=0, available=10, opened={UUID(int=1): NOON + timedelta(days=9)})
    after, _ = fold(Waiting(), [opened, Change(version=2, pending=0, available=0, emptied=True)])
    assert (after.available, after.register_by(now=NOON), dict(after.lots)) == (0, None, {})
