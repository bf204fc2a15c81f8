"""A broker, a PostgreSQL and keys for one machine: for development, the demo and the tests, on 127.0.0.1 only."""

from shared.local.broker import BrokerKind, LocalBroker, start_broker
from shared.local.postgres import LocalPostgres, start_postgres
from shared.local.processes import LocalServerError

__all__ = ["BrokerKind", "LocalBroker", "LocalPostgres", "LocalServerError", "start_broker", "start_postgres"]
