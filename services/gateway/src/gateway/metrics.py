"""The gateway's own figures. Requests by route, method and status are counted by the service runner."""

from prometheus_client import Counter, Histogram

SERVICES = ("accrual", "members")
#: answered: a reply or a problem of its own. late: no answer before the deadline. down: no connection, or a cut one.
#: failed: a 5xx. wrong: an answer that is too large, of another shape, or that refuses the gateway itself.
RESULTS = ("answered", "late", "down", "failed", "wrong")
PARTS = ("member", "accounts")

ASKED = Counter("loyalty_gateway_asked_total", "Questions to the owning services, by how they ended.", ("asked", "result"))
ASKED_SECONDS = Histogram(
    "loyalty_gateway_asked_seconds",
    "How long the owning services took to answer.",
    ("asked",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5),
)
#: taken: every replica has it. invalid: of a request with an event that is not as its contract says. unconfirmed: perhaps taken, perhaps not.
EVENT_RESULTS = ("taken", "invalid", "unconfirmed")
EVENTS = Counter("loyalty_gateway_events_total", "Events that callers sent, by what became of the request.", ("result",))
PARTIAL = Counter("loyalty_gateway_partial_total", "Composed answers that had to say that a part is missing.", ("part",))

for _service in SERVICES:
    ASKED_SECONDS.labels(_service)
    for _result in RESULTS:
        ASKED.labels(_service, _result)
for _result in EVENT_RESULTS:
    EVENTS.labels(_result)
for _part in PARTS:
    PARTIAL.labels(_part)
