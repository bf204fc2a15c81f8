"""How a partition's records become batches: from its stored offset, without a hole, whatever the broker hands out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from shared.batches.buffer import BATCH_BYTES, BATCH_RECORDS, Buffer, GapError
from shared.batches.lane import Lane
from shared.batches.offsets import resume
from shared.batches.records import Fetched
from shared.testing import NewDatabase, eventually

from .toy_service import HERE, MIGRATIONS, Toy, an_event, cancelled, in_order


@dataclass
class ScriptedFeed:
    """A log in memory that hands out what it is told to, with the holes it is told to have."""

    log: list[Fetched]
    hand_in: Callable[[list[Fetched]], None] = lambda _: None
    hidden_once: set[int] = field(default_factory=set)
    seeks: list[int] = field(default_factory=list)
    first: int = 0

    def seek(self, offset: int) -> None:
        self.seeks.append(offset)
        hidden, self.hidden_once = self.hidden_once, set()
        coming = [record for record in self.log if record.offset >= offset and record.offset not in hidden]
        asyncio.get_running_loop().call_soon(lambda: self.hand_in(coming))

    async def earliest(self) -> int:
        return self.first


@dataclass
class LaneAtWork:
    toy: Toy
    feed: ScriptedFeed
    lane: Lane
    running: asyncio.Task[None]
    nudge: asyncio.Event


Start = Callable[[ScriptedFeed], LaneAtWork]


@pytest.fixture
async def start(database: NewDatabase) -> AsyncIterator[Start]:
    toy = Toy((await database(MIGRATIONS)).pool)
    started: list[LaneAtWork] = []

    def begin(feed: ScriptedFeed) -> LaneAtWork:
        nudge = asyncio.Event()
        lane = Lane(toy.topic, HERE, feed, slots=asyncio.Semaphore(2), nudge=nudge)
        feed.hand_in = lane.hand_in
        started.append(LaneAtWork(toy, feed, lane, asyncio.create_task(lane.run()), nudge))
        return started[-1]

    yield begin
    for each in started:
        await cancelled(each.running)


async def test_a_partition_is_read_from_its_first_record_when_it_never_was_read(start: Start):
    at_work = start(ScriptedFeed([an_event(str(offset), offset=offset) for offset in range(7, 12)], first=7))
    await eventually(lambda: at_work.lane.reached == 12)
    assert at_work.feed.seeks == [7]
    assert await at_work.toy.counts() == {"granted": 5}
    assert at_work.nudge.is_set()


async def test_what_is_fetched_before_the_stored_offset_is_known_is_dropped(start: Start):
    feed = ScriptedFeed([])
    at_work = start(feed)
    at_work.lane.hand_in([an_event("early", offset=5)])
    await eventually(lambda: at_work.lane.reached == 0)
    at_work.lane.hand_in(in_order([an_event("a")]))
    await eventually(lambda: at_work.lane.reached == 1)
    assert await at_work.toy.counts() == {"granted": 1}


async def test_a_hole_that_the_broker_does_not_repeat_is_fetched_again(start: Start):
    at_work = start(ScriptedFeed([an_event(str(offset), offset=offset) for offset in range(10)], hidden_once={4, 5}))
    await eventually(lambda: at_work.lane.reached == 10)
    assert at_work.feed.seeks == [0, 4]
    assert await at_work.toy.counts() == {"granted": 10}


async def test_only_a_hole_that_the_broker_repeats_is_accepted_and_counted(start: Start):
    at_work = start(ScriptedFeed([an_event(str(offset), offset=offset) for offset in range(10) if offset not in {0, 4, 5, 8}]))
    await eventually(lambda: at_work.lane.reached == 10)
    assert at_work.feed.seeks == [0, 0], "all holes of one fetch are checked by one more"
    assert await at_work.toy.counts() == {"granted": 6, "gaps": 4}


async def test_records_before_the_cursor_and_repeated_ones_are_dropped(start: Start):
    at_work = start(ScriptedFeed([an_event(str(offset), offset=offset) for offset in range(5)]))
    await eventually(lambda: at_work.lane.reached == 5)
    at_work.lane.hand_in([an_event(str(offset), offset=offset) for offset in (3, 4, 5, 6, 5, 6, 7)])
    await eventually(lambda: at_work.lane.reached == 8)
    assert at_work.toy.handler.asked == [5, 3]
    assert await at_work.toy.counts() == {"granted": 8}


async def test_after_somebody_else_was_there_a_lane_lets_go_and_reads_the_stored_offset_again(start: Start):
    log = [an_event(str(offset), offset=offset) for offset in range(6)]
    at_work = start(ScriptedFeed(log[:2]))
    await eventually(lambda: at_work.lane.reached == 2)
    await at_work.toy.settle(log[2:4], expected=2)  # another process
    at_work.feed.log = log
    at_work.lane.hand_in(log[2:6])
    await eventually(lambda: at_work.lane.reached == 6)
    assert at_work.feed.seeks == [0, 4]
    assert await at_work.toy.counts() == {"granted": 6}


async def test_a_stopped_partition_goes_on_by_itself_after_it_was_resumed(start: Start):
    log = [an_event(str(offset), offset=offset, kind="crash" if offset < 60 else "survey") for offset in range(100)]
    at_work = start(ScriptedFeed(log))
    await eventually(lambda: at_work.lane.pause_reason is not None)
    assert not at_work.lane.wants_more
    at_work.feed.log = in_order([an_event(str(offset)) for offset in range(100)])
    await resume(at_work.toy.pool, now=at_work.toy.clock())
    await eventually(lambda: at_work.lane.reached == 100)
    assert at_work.lane.pause_reason is None
    assert await at_work.toy.counts() == {"dead_lettered": 49, "granted": 51}


async def test_a_log_that_lost_its_tail_is_read_again_and_nothing_counts_twice(start: Start):
    log = [an_event(str(offset), offset=offset) for offset in range(6)]
    at_work = start(ScriptedFeed(log))
    await eventually(lambda: at_work.lane.reached == 6)
    at_work.feed.log = [*log[:3], an_event("new", offset=3)]
    at_work.lane.rewind(0)
    await eventually(lambda: at_work.lane.reached == 4)
    assert await at_work.toy.counts() == {"granted": 7, "duplicate": 3, "gaps": -6}
    assert sum((await at_work.toy.points()).values()) == 7


async def test_a_lane_ends_after_the_batch_in_hand(start: Start):
    at_work = start(ScriptedFeed([an_event("a")]))
    await eventually(lambda: at_work.lane.reached == 1)
    at_work.lane.stop()
    await asyncio.wait_for(at_work.running, 5)


def test_batches_are_limited_by_number_and_by_size():
    small = Buffer()
    small.add([an_event("a", offset=offset) for offset in range(2 * BATCH_RECORDS)])
    assert small.full
    assert len(small.take(0)) == BATCH_RECORDS
    assert not small.full
    large = Buffer()
    large.add([Fetched("toy", b"k", b"x" * (BATCH_BYTES // 3), (), partition=0, offset=offset, timestamp_ms=0) for offset in range(6)])
    assert large.full
    assert len(large.take(0)) == 4


def test_a_hole_is_not_accepted_the_first_time():
    buffer = Buffer()
    records = [an_event("a", offset=offset) for offset in (2, 3)]
    buffer.add(records)
    with pytest.raises(GapError):
        buffer.take(0)
    buffer.add(records)
    assert [record.offset for record in buffer.take(0)] == [2, 3]
