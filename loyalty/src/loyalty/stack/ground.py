"""What services stand on: a broker with its topics, and a PostgreSQL with databases and roles; ours, or given addresses."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

import psycopg

from loyalty.console import COULD_NOT, Failure
from loyalty.stack import state
from loyalty.stack.guardian import Guardian
from loyalty.stack.places import Places
from loyalty.stack.programs import WITH_DATABASE, Ground
from shared.local import BrokerKind, LocalBroker, LocalServerError, start_broker, start_postgres
from shared.local.keys import make_keys
from shared.postgres import ServiceUrls, provision

Say = Callable[[str], None]
FORGETS = "The small broker keeps everything in memory: what is in Kafka is forgotten on stop. With Java 17 and Maven, Apache Kafka is used."


@dataclass(frozen=True, slots=True)
class Laid:
    """The ground, and what kind it is."""

    ground: Ground
    broker: state.Broker
    database: Literal["embedded", "given"]


@dataclass(frozen=True, slots=True)
class Hands:
    """Who looks after what is started: a guardian for the worst, a cleanup for the end, and somebody who is told."""

    guardian: Guardian
    cleanup: ExitStack
    say: Say


def lay(places: Places, *, broker: BrokerKind | None, given: Mapping[str, str], hands: Hands) -> Laid:
    """Start what `given` (the environment) names no address for, and prepare the databases. The cleanup stops what is started here.

    Call it in the main thread: PostgreSQL dies with the thread that starts it. The broker, which takes longer, starts beside it; its folder is
    entrusted to the guardian before.
    """
    keys = make_keys(places.keys)
    bootstrap_servers, admin_url = given.get("KAFKA_BOOTSTRAP_SERVERS"), given.get("DATABASE_URL")
    try:
        with ThreadPoolExecutor(max_workers=1) as beside:
            starting = None if bootstrap_servers else _starting(beside, places, broker, hands=hands)
            databases = _databases(admin_url or _postgres(places, hands=hands))
            kind = _started(starting.result(), hands.say) if starting else state.Broker(kind="given", bootstrap_servers=bootstrap_servers or "")
    except LocalServerError as error:
        raise Failure(str(error), advice=f"The logs are in {places.folder}.") from error
    return Laid(Ground(kind.bootstrap_servers, databases, keys), kind, "given" if admin_url else "embedded")


def _starting(beside: ThreadPoolExecutor, places: Places, kind: BrokerKind | None, *, hands: Hands) -> Future[LocalBroker]:
    hands.say("Broker: starting …")
    hands.guardian.entrust_folder(places.broker)
    starting = beside.submit(start_broker, places.broker, kind=kind, die_with_parent=False)
    hands.cleanup.callback(_stop, starting)
    return starting


def _stop(starting: Future[LocalBroker]) -> None:
    if starting.exception() is None:
        starting.result().stop()


def _started(local: LocalBroker, say: Say) -> state.Broker:
    say(f"Broker: {'Apache Kafka' if local.kind == 'kafka' else 'Tansu'} at {local.bootstrap_servers}.")
    if local.kind == "tansu":
        say(FORGETS)
    return state.Broker(kind=local.kind, bootstrap_servers=local.bootstrap_servers)


def _postgres(places: Places, *, hands: Hands) -> str:
    hands.say("PostgreSQL: starting …")
    local = start_postgres(places.postgres)
    hands.cleanup.callback(local.stop)
    hands.guardian.entrust(local.served.pid)
    hands.say(f"PostgreSQL: on port {local.served.ports[0]}.")
    return local.url


def _databases(admin_url: str) -> dict[str, ServiceUrls]:
    try:
        return {name: provision(admin_url, service=name) for name in WITH_DATABASE}
    except psycopg.Error as error:
        advice = "DATABASE_URL has to name a role that may create databases and roles, for example postgresql://postgres:…@host/postgres."
        raise Failure(f"The databases cannot be prepared: {error}", advice=advice, code=COULD_NOT) from error
