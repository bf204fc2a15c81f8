"""What the batch transaction promises for one partition: one verdict each, once, whoever comes and whatever is in the records."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from contracts.verdicts import Verdict
from shared import inbox
from shared.batches.handler import Repeat
from shared.batches.offsets import OffsetTakenError, Position, begin
from shared.batches.offsets import stored as stored_offset
from shared.ids import event_key
from shared.testing import NewDatabase

from .toy_service import HERE, MIGRATIONS, SOURCE, Toy, an_event, cancelled, holder, in_order


@pytest.fixture
async def toy(database: NewDatabase) -> Toy:
    return Toy((await database(MIGRATIONS)).pool)


async def test_each_event_gets_one_verdict_and_what_follows_is_in_the_outbox_in_order(toy: Toy):
    settled = await toy.settle(in_order([an_event("a"), an_event("b", kind="nothing"), an_event("c", who=2)]))
    assert settled.next == 3
    assert [outcome.verdict for outcome in settled.outcomes] == ["granted", "nothing-earned", "granted"]
    assert await toy.points() == {holder(1): 1, holder(2): 1}
    assert await toy.counts() == {"granted": 2, "nothing_earned": 1}
    assert len(await toy.rewards()) == 2
    found = await inbox.verdict_of(toy.pool, SOURCE, "b")
    assert found == inbox.StoredVerdict("nothing-earned", "no-rule", toy.clock())
    assert await inbox.verdict_of(toy.pool, SOURCE, "never") is None


async def test_replaying_the_same_records_changes_nothing(toy: Toy):
    records = [an_event("a"), an_event("b", kind="poison"), an_event("c", who=2)]
    await toy.settle(in_order(records))
    before = await toy.points(), await toy.rewards(), await toy.verdicts()
    settled = await toy.settle(in_order(records, first=3))
    assert [outcome.verdict for outcome in settled.outcomes] == ["duplicate", "dead-lettered", "duplicate"]
    assert (await toy.points(), await toy.rewards(), await toy.verdicts()) == before
    assert await toy.counts() == {"granted": 2, "dead_lettered": 2, "duplicate": 2}


async def test_a_duplicate_inside_a_batch_counts_once(toy: Toy):
    settled = await toy.settle(in_order([an_event("a"), an_event("b"), an_event("a")]))
    assert [outcome.verdict for outcome in settled.outcomes] == ["granted", "granted", "duplicate"]
    assert await toy.points() == {holder(1): 2}


async def test_the_same_id_from_another_source_is_another_event(toy: Toy):
    record = an_event("a", offset=1)
    other = replace(record, headers=tuple((name, b"urn:test:till" if name == "ce_source" else value) for name, value in record.headers))
    await toy.settle([an_event("a"), other])
    assert await toy.points() == {holder(1): 2}


async def test_a_batch_from_a_stale_offset_is_refused_and_leaves_nothing(toy: Toy):
    await toy.settle(in_order([an_event("a")]))
    with pytest.raises(OffsetTakenError):
        await toy.settle([an_event("b")], expected=0)
    assert await toy.points() == {holder(1): 1}
    assert await toy.verdicts() == ["granted"]


async def test_of_two_owners_of_one_partition_one_wins_and_the_other_changes_nothing(toy: Toy):
    records = in_order([an_event(str(number), who=number) for number in range(20)])
    await toy.next()
    results = await asyncio.gather(*(toy.settle(records, expected=0) for _ in range(4)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["OffsetTakenError"] * 3 + ["Settled"]
    assert sum((await toy.points()).values()) == 20
    assert await toy.counts() == {"granted": 20}


async def test_a_partition_of_a_new_incarnation_of_the_broker_starts_anew(toy: Toy):
    await toy.settle(in_order([an_event("a")]))
    again = Position("another-broker", "toy", 0)
    settled = await toy.settle(in_order([an_event("a"), an_event("b")]), position=again)
    assert settled.next == 2
    assert [outcome.verdict for outcome in settled.outcomes] == ["duplicate", "granted"]


async def test_an_accepted_gap_is_counted(toy: Toy):
    await toy.settle([an_event("a", offset=3), an_event("b", offset=4), an_event("c", offset=9)])
    assert await toy.next() == 10
    assert await toy.counts() == {"granted": 3, "gaps": 7}


async def test_one_event_in_two_partitions_at_once_counts_once(toy: Toy):
    there = Position("a-broker", "toy", 1)
    meeting = asyncio.Barrier(2)
    waits = 2

    async def meet(_: object) -> None:
        nonlocal waits
        if waits:
            waits -= 1
            await meeting.wait()

    toy.handler.before_decide = meet
    # Different holders, so that no lock of the handler's keeps them apart: only the inbox knows.
    here, other = an_event("a", who=1), an_event("a", who=2, partition=1)
    await asyncio.gather(toy.settle([here]), toy.settle([other], position=there))
    assert sum((await toy.points()).values()) == 1
    assert len(await toy.rewards()) == 1
    verdicts = {**await toy.counts()}, {**await toy.counts(there)}
    assert sorted(map(str, verdicts)) == ["{'duplicate': 1}", "{'granted': 1}"]


async def test_a_batch_is_repeated_from_the_start_when_the_handler_asks_for_it(toy: Toy):
    refusals = 3

    async def refuse(_: object) -> None:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise Repeat

    toy.handler.before_decide = refuse
    await toy.settle(in_order([an_event("a"), an_event("b")]))
    assert await toy.points() == {holder(1): 2}
    assert toy.handler.asked == [2, 2, 2, 2]


async def test_a_handler_that_never_stops_asking_is_given_up(toy: Toy):
    async def refuse(_: object) -> None:
        raise Repeat

    toy.handler.before_decide = refuse
    with pytest.raises(Repeat):
        await toy.settle([an_event("a")])
    assert await toy.next() == 0


async def test_a_connection_killed_in_the_middle_loses_and_doubles_nothing(toy: Toy):
    async def kill(connection: asyncpg.Connection) -> None:
        toy.handler.before_decide = None
        await connection.execute("select pg_terminate_backend(pg_backend_pid())")

    toy.handler.before_decide = kill
    records = in_order([an_event("a"), an_event("b")])
    with pytest.raises(Exception, match="terminat"):
        await toy.settle(records)
    assert await toy.points() == {}
    await toy.settle(records)
    assert await toy.points() == {holder(1): 2}
    assert await toy.counts() == {"granted": 2}


async def test_a_deadlock_is_nobodys_poison(toy: Toy):
    async def deadlock(_: object) -> None:
        raise asyncpg.DeadlockDetectedError("deadlock detected")

    toy.handler.before_decide = deadlock
    with pytest.raises(Exception, match="deadlock"):
        await toy.settle(in_order([an_event("a"), an_event("b")]))
    assert toy.handler.asked == [2]
    assert await toy.letters() == []


async def test_a_batch_cancelled_in_the_middle_leaves_nothing(toy: Toy):
    reached = asyncio.Event()

    async def hang(_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    toy.handler.before_decide = hang
    task = asyncio.create_task(toy.settle([an_event("a")]))
    await reached.wait()
    await cancelled(task)
    toy.handler.before_decide = None
    await toy.settle([an_event("a")])
    assert await toy.points() == {holder(1): 1}


async def test_what_a_waiting_event_came_to_replaces_its_verdict_and_nothing_else_does(toy: Toy):
    await inbox.insert(toy.pool, {event_key(SOURCE, "w"): (Verdict.WAITING, None), event_key(SOURCE, "g"): (Verdict.GRANTED, None)}, now=toy.clock())
    later = toy.clock() + timedelta(hours=1)
    changes = {event_key(SOURCE, name): (Verdict.REVERSED, "its-purchase-came") for name in "wg"}
    await inbox.resolve(toy.pool, changes, now=later)
    assert await inbox.verdict_of(toy.pool, SOURCE, "w") == inbox.StoredVerdict(Verdict.REVERSED, "its-purchase-came", later)
    assert await inbox.verdict_of(toy.pool, SOURCE, "g") == inbox.StoredVerdict(Verdict.GRANTED, None, toy.clock())


async def test_the_database_refuses_a_record_without_a_verdict(toy: Toy):
    await begin(toy.pool, HERE, first=5, now=toy.clock())
    with pytest.raises(Exception, match="every_record_has_one_verdict"):
        await toy.pool.execute("update consumer_offset set next = 6")
    found = await stored_offset(toy.pool, HERE)
    assert found is not None
    assert found.next == 5
