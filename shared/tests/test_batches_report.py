"""What the metrics say of a partition."""

import pytest
from prometheus_client import REGISTRY

from contracts.activities import ActivityRecorded
from shared.batches import report
from shared.batches.offsets import Position
from shared.ids import random_id
from shared.testing import NewDatabase

from .toy_service import MIGRATIONS, NOON, Toy, an_event, broken, in_order


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"loyalty_{name}", labels)


@pytest.fixture
async def toy(database: NewDatabase) -> Toy:
    toy = Toy((await database(MIGRATIONS)).pool)
    toy.clock.now = NOON
    toy.clock.advance(seconds=3)
    return toy


async def test_every_verdict_dead_letter_and_age_is_counted(toy: Toy):
    place = Position("a-broker", f"toy-{random_id().hex}", 0)
    records = in_order([an_event("a"), an_event("b"), an_event("a"), an_event("p", kind="poison"), broken()])
    settled = await toy.settle(records, position=place)
    report.settled(place, settled, seconds=0.2, now=toy.clock())
    kind = ActivityRecorded.type
    assert value("events_total", topic=place.topic, type=kind, verdict="granted") == 2
    assert value("events_total", topic=place.topic, type=kind, verdict="duplicate") == 1
    assert value("events_total", topic=place.topic, type=kind, verdict="dead-lettered") == 1
    assert value("events_total", topic=place.topic, type="unreadable", verdict="dead-lettered") == 1
    assert value("dead_letters_total", topic=place.topic, reason="bad-taste") == 1
    assert value("batch_events_sum", topic=place.topic) == 5
    assert value("event_age_seconds_count", topic=place.topic) == 5
    assert value("event_age_seconds_bucket", topic=place.topic, le="2.0") == 0
    assert value("event_age_seconds_bucket", topic=place.topic, le="5.0") == 4, "the broken record is from 1970"
    assert value("consumer_progress_timestamp_seconds", topic=place.topic, partition="0") == toy.clock().timestamp()


async def test_a_partition_that_is_taken_over_tells_when_it_last_moved_and_that_nothing_stops_it(toy: Toy):
    place = Position("a-broker", f"toy-{random_id().hex}", 0)
    report.found(place, moved_at=NOON)
    assert value("consumer_progress_timestamp_seconds", topic=place.topic, partition="0") == NOON.timestamp()
    assert value("consumer_paused", topic=place.topic, partition="0", reason="too-many-dead-letters") == 0


async def test_nothing_more_is_said_of_a_partition_that_went_away():
    place = Position("a-broker", f"toy-{random_id().hex}", 0)
    report.found(place, moved_at=NOON)
    report.paused(place, None, "too-many-dead-letters")
    assert value("consumer_paused", topic=place.topic, partition="0", reason="too-many-dead-letters") == 1
    report.forget(place)
    assert value("consumer_paused", topic=place.topic, partition="0", reason="too-many-dead-letters") is None
    assert value("consumer_progress_timestamp_seconds", topic=place.topic, partition="0") is None
