"""What only members counts. Registrations that come by Kafka are in `loyalty_events_total`, by verdict."""

from prometheus_client import Counter

REGISTRATIONS_BY_HTTP = Counter("loyalty_registrations_by_http_total", "Registrations that came by HTTP, by what became of them.", ["result"])
