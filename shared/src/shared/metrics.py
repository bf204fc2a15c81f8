"""Every metric that all services have, in one list. Labels are closed sets; never the id of a person or an event.

A service's own metrics stand in its module `metrics`, with the same prefix.
"""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from contracts.catalogue import TYPES
from contracts.faults import Fault
from contracts.verdicts import Verdict

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, which nobody asks for

PREFIX = "loyalty_"
_AGE = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300)
_HTTP = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5)
_BATCH = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
#: What the stored offset can say of a commit whose answer was lost.
COMMIT_RESULTS = (COMMITTED, ROLLED_BACK) = ("committed", "rolled-back")
_SIZE = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2000)

# What came in, and what became of it.
EVENTS = Counter(PREFIX + "events_total", "Events that were given a verdict.", ["topic", "type", "verdict"])
EVENT_AGE = Histogram(PREFIX + "event_age_seconds", "From a record's append to the commit of its effect.", ["topic"], buckets=_AGE)
BATCH_SECONDS = Histogram(PREFIX + "batch_seconds", "Time of one batch transaction, retries included.", ["topic"], buckets=_BATCH)
BATCH_EVENTS = Histogram(PREFIX + "batch_events", "Records in one batch.", ["topic"], buckets=_SIZE)

# How far behind, and whether it moves.
CONSUMER_LAG_SECONDS = Gauge(PREFIX + "consumer_lag_seconds", "Age of the first record in hand that is not processed; 0 if none.", ["topic", "partition"])
CONSUMER_LAG_RECORDS = Gauge(PREFIX + "consumer_lag_records", "Records between the stored offset and the end.", ["topic", "partition"])
CONSUMER_PROGRESS = Gauge(PREFIX + "consumer_progress_timestamp_seconds", "When the partition last moved, by whomever.", ["topic", "partition"])
CONSUMER_PAUSED = Gauge(PREFIX + "consumer_paused", "1 while a partition is stopped, by reason.", ["topic", "partition", "reason"])
CONSUMER_PARTITIONS = Gauge(PREFIX + "consumer_partitions", "Partitions that this process owns.", ["topic"])
TOPIC_PARTITIONS = Gauge(PREFIX + "topic_partitions", "Partitions that the topic has; 0 while the broker does not answer.", ["topic"])
REBALANCES = Counter(PREFIX + "rebalances_total", "Times that the owned partitions changed.", ["topic"])
OFFSETS_LOST = Counter(PREFIX + "offsets_lost_total", "Records that the broker no longer had when we asked for them.", ["topic"])
COMMITS_UNKNOWN = Counter(PREFIX + "commits_unknown_total", "Commits whose outcome was unknown, by what the stored offset said.", ["result"])

# What goes out.
OUTBOX_ROWS = Gauge(PREFIX + "outbox_rows", "Messages that wait to be sent.", ["shard"])
OUTBOX_OLDEST_AGE = Gauge(PREFIX + "outbox_oldest_age_seconds", "Age of the oldest message that waits to be sent; 0 if none.", ["shard"])
DEAD_LETTERS = Counter(PREFIX + "dead_letters_total", "Records put aside with a verdict.", ["topic", "reason"])
DEAD_LETTERS_WAITING = Gauge(PREFIX + "dead_letters_waiting", "Records put aside that nobody has redriven or discarded.", ["topic", "reason"])

# Whether what is stored is right.
INVARIANT_VIOLATIONS = Gauge(PREFIX + "invariant_violations", "Rows that contradict an invariant, as of its last check; 100 stand for more.", ["invariant"])
INVARIANT_CHECKED = Gauge(PREFIX + "invariant_checked_timestamp_seconds", "When an invariant was last checked to the end; 0 if not by us.", ["invariant"])

# What people and programs ask.
HTTP_REQUESTS = Counter(PREFIX + "http_requests_total", "HTTP requests answered, by route template.", ["route", "method", "status"])
HTTP_SECONDS = Histogram(PREFIX + "http_request_seconds", "Time to answer an HTTP request.", ["route", "method", "status"], buckets=_HTTP)

# The clock's work.
JOB_RUNS = Counter(PREFIX + "job_runs_total", "Runs of a scheduled job.", ["job", "result"])
JOB_DONE = Counter(PREFIX + "job_done_total", "Things that a scheduled job did.", ["job"])

# The process and what it stands on.
CLOCK_SKEW = Gauge(PREFIX + "clock_skew_seconds", "Clock of PostgreSQL minus ours.")
DB_POOL_IN_USE = Gauge(PREFIX + "db_pool_in_use", "Database connections in use.")
BUILD_INFO = Gauge(PREFIX + "build_info", "1, with the version that runs.", ["version"])


def expect_events(topics: Iterable[str]) -> None:
    """Set to 0 what the consumer of these topics may count, so that the first failure is seen as a rise."""
    for topic in topics:
        for name, entry in TYPES.items():
            if entry.topic == topic:
                for verdict in Verdict:
                    EVENTS.labels(topic, name, verdict.value)
        for verdict in (Verdict.DEAD_LETTERED, Verdict.DUPLICATE):
            EVENTS.labels(topic, "unreadable", verdict.value)
        for fault in (*(fault.value for fault in Fault), "internal-error"):
            DEAD_LETTERS.labels(topic, fault)
        for family in (EVENT_AGE, BATCH_SECONDS, BATCH_EVENTS, CONSUMER_PARTITIONS, TOPIC_PARTITIONS, REBALANCES, OFFSETS_LOST):
            family.labels(topic)
    for result in COMMIT_RESULTS:
        COMMITS_UNKNOWN.labels(result)


def expect_shards(shards: Iterable[int]) -> None:
    """Set to 0 what waits in these shards of the outbox, until it is measured."""
    for shard in shards:
        OUTBOX_ROWS.labels(shard)
        OUTBOX_OLDEST_AGE.labels(shard)


def forget_violations(invariants: Iterable[str]) -> None:
    """Set to 0 what is known of these invariants: nothing yet, or somebody else looks now. When we last looked stays as it is, from 0 on."""
    for invariant in invariants:
        INVARIANT_VIOLATIONS.labels(invariant).set(0)
        INVARIANT_CHECKED.labels(invariant)


def expect_requests(routes: Iterable[tuple[str, str]]) -> None:
    """Set to 0 what the routes (template, method) may answer at worst."""
    for route, method in routes:
        for status in ("200", "500", "503"):
            HTTP_REQUESTS.labels(route, method, status)
        HTTP_SECONDS.labels(route, method, "200")
