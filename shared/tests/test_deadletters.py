"""What a dead letter keeps, and that it becomes the same record again."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shared.batches.records import Fetched
from shared.deadletters import Failure, dead_letter_topic, letter, origin, redriven
from shared.outbox.relay import record_of
from shared.outbox.table import pack

NOW = datetime(2025, 3, 10, 12, tzinfo=UTC)
FAILURE = Failure("not-json", "unexpected end", event_id="e-1", source="urn:test", type="toy")

names = st.text(st.characters(codec="utf-8"), max_size=10).filter(lambda name: not name.startswith(("dlq_", "redrive_")))
headers = st.lists(st.tuples(names, st.none() | st.binary(max_size=20)), max_size=5).map(tuple)
records = st.builds(
    Fetched,
    topic=st.just("loyalty.purchases.v1"),
    key=st.none() | st.binary(max_size=20),
    value=st.none() | st.binary(max_size=50),
    headers=headers,
    partition=st.integers(0, 1000),
    offset=st.integers(0, 2**62),
    timestamp_ms=st.integers(0, 2**41),
)


def _sent(record: Fetched, failure: Failure = FAILURE) -> Fetched:
    """The dead letter as it comes out of its topic: through the outbox's columns."""
    message = letter(record, failure, None, service="accrual", now=NOW)
    assert message.headers is not None
    row = (1, message.id, message.topic, message.key, message.type, message.source, message.time, message.traceparent, pack(message.headers), message.value)
    out = record_of(row)
    return Fetched(out.topic, out.key, out.value, out.headers, partition=0, offset=0, timestamp_ms=0)


@given(records)
def test_a_dead_letter_keeps_every_byte_and_becomes_the_same_record_again(record: Fetched):
    dead = _sent(record)
    assert (dead.topic, dead.key, dead.value) == ("loyalty.purchases.v1.accrual.dlq", record.key, record.value)
    assert dead.headers[: len(record.headers)] == record.headers
    again = redriven(dead)
    assert (again.topic, again.key, again.value) == (record.topic, record.key, record.value)
    assert again.headers[: len(record.headers)] == record.headers
    place = origin(Fetched(again.topic, again.key, again.value, again.headers, partition=9, offset=9, timestamp_ms=9))
    assert (place.topic, place.partition, place.offset, place.attempts) == (record.topic, record.partition, record.offset, 1)


def test_a_dead_letter_says_why_where_and_since_when():
    record = Fetched("loyalty.purchases.v1", b"k", b"{", (("ce_id", b"e-1"),), partition=3, offset=41, timestamp_ms=1700000000000)
    assert _sent(record).headers == (
        ("ce_id", b"e-1"),
        ("dlq_code", b"not-json"),
        ("dlq_reason", b"unexpected end"),
        ("dlq_topic", b"loyalty.purchases.v1"),
        ("dlq_partition", b"3"),
        ("dlq_offset", b"41"),
        ("dlq_timestamp", b"1700000000000"),
        ("dlq_service", b"accrual"),
        ("dlq_attempts", b"1"),
        ("dlq_first_failed_at", b"2025-03-10T12:00:00+00:00"),
    )


@given(st.lists(st.tuples(st.sampled_from(["topic", "partition", "offset", "attempts", "first_failed_at"]), st.none() | st.binary(max_size=25)), max_size=6))
def test_whatever_a_record_claims_about_its_past_can_be_read(claims: list[tuple[str, bytes | None]]):
    claimed = (("redrive_topic", b"t"), *((f"redrive_{name}", value) for name, value in claims))
    place = origin(Fetched("t", b"k", b"v", claimed, partition=1, offset=2, timestamp_ms=3))
    assert 0 <= place.partition < 2**31
    assert 0 <= place.offset < 2**63
    assert place.topic == "t"


def test_a_dead_letter_topic_is_named_after_topic_and_service():
    assert dead_letter_topic("loyalty.purchases.v1", "accrual") == "loyalty.purchases.v1.accrual.dlq"
