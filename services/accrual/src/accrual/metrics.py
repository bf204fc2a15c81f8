"""What accrual counts, beside what every service does."""

from prometheus_client import Counter

POINTS = Counter(
    "loyalty_points_total",
    "Points booked, in the programme's smallest unit. A batch that is repeated counts again: for rates, not for books.",
    ["programme", "movement"],
)


def expect_programme(programme: str) -> None:
    """Set to 0 what may be booked in a programme, so that the first points are seen as a rise."""
    for movement in ("granted", "activated", "expired", "moved"):
        POINTS.labels(programme, movement)
