"""What a bad record can do to others: nothing."""

import math
from dataclasses import replace

import pytest

from contracts.verdicts import Verdict
from shared import inbox
from shared.batches.handler import Outcome
from shared.batches.records import Fetched
from shared.deadletters import redriven
from shared.ids import event_key
from shared.testing import NewDatabase

from .toy_service import MIGRATIONS, SOURCE, UNSAYABLE, Toy, an_event, broken, holder, in_order, reward_id


@pytest.fixture
async def toy(database: NewDatabase) -> Toy:
    return Toy((await database(MIGRATIONS)).pool)


@pytest.mark.parametrize("kind", ["poison", "crash", "too-many", "nul", *UNSAYABLE])
async def test_a_bad_event_is_dead_lettered_and_its_neighbours_are_unhurt(toy: Toy, kind: str):
    records = [an_event(str(number), who=number, kind=kind if number == 41 else "survey") for number in range(64)]
    settled = await toy.settle(in_order(records))
    assert settled.outcomes[41] == Outcome(Verdict.DEAD_LETTERED, "bad-taste" if kind == "poison" else "internal-error")
    assert await toy.points() == {holder(number): 1 for number in range(64) if number != 41}
    assert await toy.rewards() == [reward_id(str(number), holder(number)) for number in range(64) if number != 41]
    assert await toy.counts() == {"granted": 63, "dead_lettered": 1}
    assert len(toy.handler.asked) - 1 <= 2 * math.log2(64)
    (letter,) = await toy.letters()
    assert (letter.topic, letter.key, letter.value) == ("toy.toy.dlq", records[41].key, records[41].value)


async def test_several_bad_events_leave_the_order_of_the_others_as_it_was(toy: Toy):
    bad = {0, 1, 17, 50, 99}
    settled = await toy.settle(in_order([an_event(str(number), kind="poison" if number in bad else "survey") for number in range(100)]))
    assert {place for place, outcome in enumerate(settled.outcomes) if outcome.verdict is Verdict.DEAD_LETTERED} == bad
    assert await toy.rewards() == [reward_id(str(number), holder(1)) for number in range(100) if number not in bad]


async def test_an_event_that_cannot_even_be_locked_is_found_and_put_aside(toy: Toy):
    records = in_order([an_event(str(number), who=number, kind="unlockable" if number == 5 else "survey") for number in range(12)])
    batches = await toy.settle_all(records)
    outcomes = [outcome.verdict for batch in batches for outcome in batch.outcomes]
    assert outcomes == ["granted"] * 5 + ["dead-lettered"] + ["granted"] * 6
    assert await toy.counts() == {"granted": 11, "dead_lettered": 1}


async def test_an_unreadable_record_gets_a_verdict_under_its_place(toy: Toy):
    await toy.settle(in_order([an_event("a"), broken(), an_event("b")]))
    assert await toy.counts() == {"granted": 2, "dead_lettered": 1}
    assert await toy.pool.fetchval("select verdict from inbox where key = $1", event_key("toy", "0:1")) == "dead-lettered"


async def test_an_unreadable_record_with_an_id_gets_its_verdict_under_it(toy: Toy):
    await toy.settle([broken(value=b'{"a":NaN}', headers=an_event("spoilt").headers)])
    found = await inbox.verdict_of(toy.pool, SOURCE, "spoilt")
    assert found == inbox.StoredVerdict(Verdict.DEAD_LETTERED, "not-json", toy.clock())


async def test_an_unreadable_repeat_of_an_event_that_counted_is_a_duplicate(toy: Toy):
    good = an_event("a")
    settled = await toy.settle(in_order([good, broken(headers=good.headers)]))
    assert [outcome.verdict for outcome in settled.outcomes] == ["granted", "duplicate"]
    assert await toy.letters() == []


async def test_a_good_event_after_an_unreadable_one_of_the_same_id_counts(toy: Toy):
    good = an_event("a")
    settled = await toy.settle(in_order([broken(headers=good.headers), good]))
    assert [outcome.verdict for outcome in settled.outcomes] == ["dead-lettered", "granted"]
    assert await toy.verdicts() == ["granted"]


async def test_a_repeat_of_a_poison_event_is_decided_by_itself(toy: Toy):
    records = in_order([an_event("a"), an_event("p", kind="poison"), an_event("p"), an_event("b")])
    batches = await toy.settle_all(records)
    assert [[outcome.verdict for outcome in batch.outcomes] for batch in batches] == [["granted", "dead-lettered"], ["granted", "granted"]]
    assert await toy.points() == {holder(1): 3}


async def test_a_redriven_event_counts_after_the_repair_and_only_once(toy: Toy):
    await toy.settle([an_event("p", kind="poison")])
    (letter,) = await toy.letters()
    again, repaired = redriven(letter), an_event("p")
    assert (again.topic, again.key) == ("toy", repaired.key)
    record = replace(repaired, headers=again.headers)
    settled = await toy.settle(in_order([record, record], first=1))
    assert [outcome.verdict for outcome in settled.outcomes] == ["granted", "duplicate"]
    assert await toy.verdicts() == ["granted"]


async def test_a_redriven_record_that_fails_again_keeps_its_first_place_and_counts_its_attempts(toy: Toy):
    record, first_failed_at = broken(offset=0), toy.clock().isoformat()
    for attempt in (1, 2, 3):
        await toy.settle([record])
        letter = (await toy.letters())[-1]
        told = dict(letter.headers)
        assert told["dlq_attempts"] == b"%d" % attempt
        assert (told["dlq_topic"], told["dlq_partition"], told["dlq_offset"]) == (b"toy", b"0", b"0")
        assert told["dlq_first_failed_at"].decode() == first_failed_at
        again = redriven(letter)
        record = Fetched("toy", again.key, again.value, again.headers, partition=0, offset=attempt, timestamp_ms=1)
        toy.clock.advance(hours=1)
    assert await toy.verdicts() == ["dead-lettered"]
    assert await toy.counts() == {"dead_lettered": 3}
