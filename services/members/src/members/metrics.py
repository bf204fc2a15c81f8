"""What only members counts. Registrations that come by Kafka are in `loyalty_events_total`, by verdict."""

from prometheus_client import Counter

from shared.metrics import DEAD_LETTERS

REGISTRATIONS_BY_HTTP = Counter("loyalty_registrations_by_http_total", "Registrations that came by HTTP, by what became of them.", ["result"])

# What only this service's handlers find wrong with a record; the rest is in every service's list.
DEAD_LETTERS.labels("loyalty.registrations.v1", "undecryptable")
