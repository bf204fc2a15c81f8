"""The dead letter of a record, and the way back: what its headers say of its past."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from contracts.envelope import Event, Record
from shared.batches.records import Fetched
from shared.outbox.message import Message

#: The code of a failure that no rule names: an unexpected exception.
INTERNAL_ERROR = "internal-error"
#: Headers that a dead letter adds to those of the record: dlq_code, dlq_reason, dlq_topic, dlq_partition, dlq_offset, dlq_timestamp
#: (milliseconds), dlq_service, dlq_attempts, dlq_first_failed_at.
LETTER_PREFIX = "dlq_"
#: Headers of a record that was sent again: redrive_topic, redrive_partition, redrive_offset, redrive_attempts, redrive_first_failed_at.
REDRIVE_PREFIX = "redrive_"
_OWN_PREFIXES = (LETTER_PREFIX, REDRIVE_PREFIX)
_REASON_LENGTH = 1000
_LARGEST = 2**63 - 1
_LARGEST_PARTITION = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a record is dead: a stable code, words for people, and as much of its identity as could be read."""

    code: str
    reason: str
    event_id: str | None = None
    source: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record was first met, and how often it has failed before."""

    topic: str
    partition: int
    offset: int
    attempts: int
    first_failed_at: str | None


def dead_letter_topic(topic: str, service: str) -> str:
    """Name the topic for what this service could not handle."""
    return f"{topic}.{service}.dlq"


def letter(record: Fetched, failure: Failure, event: Event[object] | None, *, service: str, now: datetime) -> Message:
    """Write the dead letter of a record: its own bytes, key and headers, and headers that say why, where and since when."""
    place = origin(record)
    told = {
        "code": failure.code,
        "reason": failure.reason[:_REASON_LENGTH],
        "topic": place.topic,
        "partition": place.partition,
        "offset": place.offset,
        "timestamp": record.timestamp_ms,
        "service": service,
        "attempts": place.attempts + 1,
        "first_failed_at": place.first_failed_at or now.astimezone(UTC).isoformat(),
    }
    own = _headers(LETTER_PREFIX, told)
    return Message(
        topic=dead_letter_topic(record.topic, service),
        key=record.key,
        id=(event.id if event else failure.event_id) or f"{place.topic}/{place.partition}:{place.offset}",
        source=(event.source if event else failure.source) or "",
        type=(event.type if event else failure.type) or "",
        time=None,
        value=record.value,
        headers=own_headers(record) + own,
    )


def redriven(dead: Record) -> Record:
    """Turn a dead letter back into the record it was, for the topic it came from, under the same event id."""
    told = _told(dead, LETTER_PREFIX)
    again = tuple((f"{REDRIVE_PREFIX}{name}", told[name]) for name in ("topic", "partition", "offset", "attempts", "first_failed_at") if name in told)
    return Record(topic=told["topic"].decode(), key=dead.key, value=dead.value, headers=own_headers(dead) + again)


def redrive_headers(place: Origin) -> tuple[tuple[str, bytes], ...]:
    """Write what a record says that is sent again: where it was first met, how often it has failed, and since when."""
    told = {"topic": place.topic, "partition": place.partition, "offset": place.offset, "attempts": place.attempts, "first_failed_at": place.first_failed_at}
    return _headers(REDRIVE_PREFIX, told)


def origin(record: Fetched) -> Origin:
    """Tell where a record was first met: here, unless it was sent again and says otherwise.

    A record goes back to the topic that it came from, so what it claims about another topic is not believed: nobody could be sent there.
    """
    told = _told(record, REDRIVE_PREFIX)
    partition, offset = _number(told.get("partition")), _number(told.get("offset"))
    if told.get("topic") != record.topic.encode() or partition is None or partition > _LARGEST_PARTITION or offset is None:
        return Origin(record.topic, record.partition, record.offset, 0, None)
    since = told.get("first_failed_at", b"").decode("ascii", "replace")[:40] or None
    return Origin(record.topic, partition, offset, _number(told.get("attempts")) or 0, since)


def own_headers(record: Record) -> tuple[tuple[str, bytes], ...]:
    """List the headers that its sender gave a record, without what dead letters and redrives added."""
    return tuple(header for header in record.headers if not header[0].startswith(_OWN_PREFIXES))


def _headers(prefix: str, told: Mapping[str, object]) -> tuple[tuple[str, bytes], ...]:
    return tuple((f"{prefix}{name}", str(value).encode("utf-8", "replace")) for name, value in told.items())


def _told(record: Record, prefix: str) -> Mapping[str, bytes]:
    return {name.removeprefix(prefix): value or b"" for name, value in record.headers if name.startswith(prefix)}


def _number(digits: bytes | None) -> int | None:
    if not digits or not digits.isdigit() or len(digits) > len(str(_LARGEST)):
        return None
    number = int(digits)
    return number if number <= _LARGEST else None
