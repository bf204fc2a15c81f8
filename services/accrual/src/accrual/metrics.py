"""What accrual counts, beside what every service does."""

from prometheus_client import Counter

POINTS = Counter(
    "loyalty_points_total",
    "Points booked, in the programme's smallest unit. A batch that is repeated counts again: for rates, not for books.",
    ["programme", "movement"],
)
