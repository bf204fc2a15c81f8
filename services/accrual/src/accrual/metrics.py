"""What accrual counts, beside what every service does."""

from prometheus_client import Counter, Gauge

POINTS = Counter(
    "loyalty_points_total",
    "Points booked, in the programme's smallest unit; forgiven: due back from a return, and neither taken nor owed.",
    ["programme", "movement"],
)

CLOCKWORK_FAILURES = Counter("loyalty_clockwork_failures_total", "Times that lots of one account could not be activated or expired; the log says which.")

WAITING_EVENTS = Gauge(
    "loyalty_waiting_events", "Returns, confirmations and cancellations whose purchase has not come; 0 from a process that does not lead the schedule."
)


def expect_programme(programme: str) -> None:
    """Set to 0 what may be booked in a programme, so that the first points are seen as a rise."""
    for movement in (
        "granted", "activated", "expired", "moved", "reversed", "forgiven", "debt-paid", "held", "released", "spent", "restored", "adjusted", "forfeited",
        "transferred",
    ):  # fmt: skip
        POINTS.labels(programme, movement)
