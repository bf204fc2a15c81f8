"""When a partition stops rather than put everything aside, and how it goes on."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.batches.breaker import MOST_DEAD, MOST_IN_A_ROW, TOO_MANY, TOO_MANY_IN_A_ROW, WINDOW, Breaker
from shared.batches.offsets import OffsetTakenError, resume, stored
from shared.testing import NewDatabase

from .toy_service import HERE, MIGRATIONS, Toy, an_event, broken, in_order


@pytest.fixture
async def toy(database: NewDatabase) -> Toy:
    return Toy((await database(MIGRATIONS)).pool)


async def test_a_stream_of_nothing_but_bad_events_stops_before_the_one_too_many(toy: Toy):
    batches = await toy.settle_all(in_order([an_event(str(number), kind="crash") for number in range(200)]))
    assert batches[-1].pause_reason == TOO_MANY_IN_A_ROW
    assert await toy.counts() == {"dead_lettered": MOST_IN_A_ROW - 1}
    assert await toy.next() == MOST_IN_A_ROW - 1
    assert len(await toy.letters()) == MOST_IN_A_ROW - 1


async def test_unreadable_records_stop_a_partition_like_others(toy: Toy):
    records = in_order([an_event("good"), *(broken(value=b"%d" % number) for number in range(200))])
    batches = await toy.settle_all(records)
    assert batches[-1].pause_reason == TOO_MANY_IN_A_ROW
    assert await toy.counts() == {"granted": 1, "dead_lettered": MOST_IN_A_ROW - 1}


async def test_bad_events_among_good_ones_stop_a_partition_when_they_are_too_many(toy: Toy):
    kinds = ["survey", "poison"] * 200
    batches = await toy.settle_all(in_order([an_event(str(number), who=number, kind=kind) for number, kind in enumerate(kinds)]))
    assert batches[-1].pause_reason == TOO_MANY
    assert await toy.counts() == {"granted": MOST_DEAD + 1, "dead_lettered": MOST_DEAD}
    assert await toy.next() == 2 * MOST_DEAD + 1


async def test_a_partition_remembers_bad_events_of_earlier_batches(toy: Toy):
    batches = 0
    while not (await toy.settle(in_order([an_event(f"{batches}-{number}", kind="crash") for number in range(10)], first=await toy.next()))).pause_reason:
        batches += 1
        found = await stored(toy.pool, HERE)
        assert found is not None
        toy.breaker = found.breaker
    assert await toy.counts() == {"dead_lettered": MOST_IN_A_ROW - 1}


async def test_a_stopped_partition_takes_nothing_until_it_is_resumed(toy: Toy):
    await toy.settle_all(in_order([an_event(str(number), kind="crash") for number in range(60)]))
    rest = in_order([an_event(str(number)) for number in range(MOST_IN_A_ROW - 1, 60)], first=MOST_IN_A_ROW - 1)
    with pytest.raises(OffsetTakenError):
        await toy.settle(rest)
    assert await resume(toy.pool, topic="another", now=toy.clock()) == 0
    assert await resume(toy.pool, now=toy.clock()) == 1
    toy.breaker = Breaker()
    await toy.settle(rest)
    assert await toy.counts() == {"dead_lettered": MOST_IN_A_ROW - 1, "granted": 60 - MOST_IN_A_ROW + 1}


@example([True, False] * 150, 7)
@given(st.lists(st.booleans(), max_size=400), st.integers(1, 60))
def test_the_breaker_finds_the_same_record_however_the_stream_is_cut(stream: list[bool], size: int):
    whole = [place for place, dead in enumerate(stream) if dead]
    expected = Breaker().trip(range(len(stream)), whole)
    breaker, found = Breaker(), None
    for start in range(0, len(stream), size):
        offsets = range(start, min(start + size, len(stream)))
        dead = [place - start for place in whole if place in offsets]
        trip = breaker.trip(offsets, dead)
        if trip is not None:
            found = start + trip.index
            break
        breaker = breaker.after(offsets, dead)
    assert found == (None if expected is None else expected.index)


def test_bad_events_of_long_ago_are_forgotten():
    offsets = range(0, (MOST_DEAD + 50) * WINDOW // MOST_DEAD, WINDOW // MOST_DEAD)
    assert Breaker().trip(offsets, []) is None
    spread = Breaker(recent=tuple(offsets[:MOST_DEAD]))
    assert spread.trip([offsets[MOST_DEAD]], [0]) is None
    assert spread.trip([offsets[MOST_DEAD] - 1], [0]) is not None
