"""Whatever comes, however often, in whatever order, over whatever partitions: one verdict an event, one effect, nothing unaccounted for."""

import asyncio
import itertools
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import inbox
from shared.batches.offsets import Position
from shared.batches.records import Fetched
from shared.testing import NewDatabase

from .toy_service import MIGRATIONS, SOURCE, Toy, ToyHandler, an_event, holder, in_order

#: What becomes of the event of this number, wherever and however often it comes.
KINDS = ("survey", "survey", "survey", "survey", "nothing", "poison", "crash")
VERDICTS = ("granted", "granted", "granted", "granted", "nothing-earned", "dead-lettered", "dead-lettered")
_runs = itertools.count()


@pytest.fixture
async def toy(database: NewDatabase) -> Toy:
    return Toy((await database(MIGRATIONS)).pool)


arrivals = st.lists(st.tuples(st.integers(0, 2), st.integers(0, len(KINDS) - 1)), max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals, st.integers(1, 12))
async def test_each_event_has_one_effect_however_it_comes(toy: Toy, came: list[tuple[int, int]], size: int):
    run = next(_runs)
    places = [Position("a-broker", f"run-{run}", partition) for partition in range(3)]

    async def consume(place: Position) -> None:
        """One process, with memory of its own, that takes so many records at a time."""
        mine = [_arrival(run, number) for partition, number in came if partition == place.partition]
        process = Toy(toy.pool, ToyHandler())
        for start in range(0, len(mine), size):
            await process.settle_all(in_order(mine[start : start + size], first=start), position=place)

    await asyncio.gather(*map(consume, places))
    read: Counter[str] = Counter()
    for place in places:
        if any(partition == place.partition for partition, _ in came):
            read += Counter(await toy.counts(place))
    times = Counter(number for _, number in came)
    expected: Counter[str] = Counter()
    for number, count in times.items():
        dead = VERDICTS[number] == "dead-lettered"
        expected[VERDICTS[number].replace("-", "_")] += count if dead else 1
        expected["duplicate"] += 0 if dead else count - 1
        found = await inbox.verdict_of(toy.pool, SOURCE, f"{run}-{number}")
        assert found is not None
        assert found.verdict == VERDICTS[number]
    assert read == +expected
    points = await toy.points()
    assert {number: points.get(_whose(run, number), 0) for number in times} == {number: int(VERDICTS[number] == "granted") for number in times}


def _whose(run: int, number: int) -> str:
    return holder(run * 100 + number)


def _arrival(run: int, number: int) -> Fetched:
    return an_event(f"{run}-{number}", who=run * 100 + number, kind=KINDS[number])
