"""Tell the metrics and the log what became of a batch."""

import contextlib
from bisect import bisect_left
from collections import Counter
from datetime import datetime

import structlog
from prometheus_client import Histogram

from contracts.verdicts import Verdict
from shared.batches.breaker import REASONS
from shared.batches.items import Item
from shared.batches.offsets import Position
from shared.batches.transaction import Settled
from shared.metrics import (
    BATCH_EVENTS,
    BATCH_SECONDS,
    CONSUMER_LAG_RECORDS,
    CONSUMER_LAG_SECONDS,
    CONSUMER_PAUSED,
    CONSUMER_PROGRESS,
    DEAD_LETTERS,
    EVENT_AGE,
    EVENTS,
    OFFSETS_LOST,
)

log = structlog.get_logger(__name__)

UNREADABLE = "unreadable"
"""The label of a record whose type nobody knows."""


def settled(position: Position, batch: Settled, *, seconds: float, now: datetime) -> None:
    """Count a batch that was committed."""
    topic = position.topic
    counts = Counter(
        (item.event.type if item.event is not None else UNREADABLE, outcome.verdict) for item, outcome in zip(batch.items, batch.outcomes, strict=True)
    )
    for (type_, verdict), count in counts.items():
        EVENTS.labels(topic, type_, verdict).inc(count)
    age, now_ms = EVENT_AGE.labels(topic), now.timestamp() * 1000
    for timestamp_ms, count in Counter(item.record.timestamp_ms for item in batch.items).items():
        _observe(age, max(0.0, now_ms - timestamp_ms) / 1000, count)
    BATCH_SECONDS.labels(topic).observe(seconds)
    BATCH_EVENTS.labels(topic).observe(len(batch.items))
    CONSUMER_PROGRESS.labels(topic, position.partition).set(now.timestamp())
    for item, outcome in zip(batch.items, batch.outcomes, strict=True):
        if outcome.verdict is Verdict.DEAD_LETTERED:
            DEAD_LETTERS.labels(topic, outcome.reason).inc()
            log.warning(
                "record dead-lettered",
                topic=topic,
                partition=position.partition,
                offset=item.record.offset,
                event_id=item.event.id if item.event is not None else None,
                trace_id=_trace_id(item),
                code=outcome.reason,
            )


def _trace_id(item: Item) -> str | None:
    """Tell the trace that the record belongs to, as the till began it."""
    traceparent = item.event.traceparent if item.event is not None else None
    return traceparent.split("-")[1] if traceparent is not None else None


def _observe(histogram: Histogram, value: float, count: int) -> None:
    """Observe one value many times: what was appended together has one age, and counting one by one costs as much as deciding."""
    bounds = histogram._upper_bounds  # noqa: SLF001  the library can only count one by one
    histogram._buckets[bisect_left(bounds, value)].inc(count)  # noqa: SLF001
    histogram._sum.inc(value * count)  # noqa: SLF001


def found(position: Position, *, moved_at: datetime) -> None:
    """Show where a partition that is ours now stands: when it last moved is told from the database, so a crash does not make it look fresh."""
    CONSUMER_PROGRESS.labels(position.topic, position.partition).set(moved_at.timestamp())
    for reason in REASONS:
        CONSUMER_PAUSED.labels(position.topic, position.partition, reason)


def paused(position: Position, before: str | None, now: str | None) -> None:
    """Show whether a partition stands still on purpose, and why."""
    if before is not None and now is None:
        CONSUMER_PAUSED.labels(position.topic, position.partition, before).set(0)
        log.info("partition resumed", topic=position.topic, partition=position.partition)
    if now is not None and now != before:
        CONSUMER_PAUSED.labels(position.topic, position.partition, now).set(1)
        log.error("partition stopped", topic=position.topic, partition=position.partition, reason=now)


def forget(position: Position) -> None:
    """Say nothing more of a partition that somebody else has now."""
    labels = position.topic, position.partition
    for gauge in (CONSUMER_LAG_RECORDS, CONSUMER_LAG_SECONDS, CONSUMER_PROGRESS):
        with contextlib.suppress(KeyError):
            gauge.remove(*labels)
    CONSUMER_PAUSED.remove_by_labels({"topic": position.topic, "partition": str(position.partition)})


def lost(position: Position, records: int) -> None:
    """Count records that were gone before they could be read."""
    OFFSETS_LOST.labels(position.topic).inc(records)
    log.error("records lost", topic=position.topic, partition=position.partition, records=records)
