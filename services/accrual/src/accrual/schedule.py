"""How the clock reaches accrual."""

from datetime import datetime

from accrual import metrics
from accrual.handlers import approving
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.clockwork import Clockwork
from accrual.handlers.lapsing import Lapsing
from accrual.handlers.overdue import Overdue
from accrual.handlers.raffling import close_one
from accrual.handlers.referrals import Referring
from accrual.handlers.reminding import Reminding
from accrual.handlers.reserving import lapse
from accrual.handlers.settling import Settling
from accrual.store import Connection, due, quotes, waiting
from shared.service import Job

#: Months of the ledger made ahead: a service that nobody restarts for a year still finds its partitions.
MONTHS_AHEAD = 12

#: Quotes forgotten at once: at 200 a second a minute's worth is 12,000.
QUOTES = 5_000


async def _partitions(connection: Connection, now: datetime) -> int:
    return await due.make_partitions(connection, now=now, months=MONTHS_AHEAD)


async def _waiting(connection: Connection, _: datetime) -> int:
    metrics.WAITING_EVENTS.set(await waiting.count(connection))
    return 0


async def _quotes(connection: Connection, now: datetime) -> int:
    return await quotes.forget(connection, now=now, limit=QUOTES)


def _count_no_more() -> None:
    metrics.WAITING_EVENTS.set(0)  # whoever leads now counts, and the largest figure is the true one


def jobs(catalogue: Catalogue) -> tuple[Job, ...]:
    """Return everything that is due from time to time."""
    return (
        *JOBS,
        Job(name="entitlements", every_seconds=15, run=Lapsing(catalogue).turn),
        Job(name="contests", every_seconds=60, run=Settling(catalogue).turn),
        Job(name="reminders", every_seconds=900, run=Reminding(catalogue).turn),
        Job(name="referrals", every_seconds=60, run=Referring(catalogue).turn),
    )


_CLOCKWORK = Clockwork()

JOBS = (
    Job(name="lots", every_seconds=15, run=_CLOCKWORK.turn),  # readers do not wait for it: they look at the dates themselves
    Job(name="guests", every_seconds=3600, run=_CLOCKWORK.guests),
    Job(name="holds", every_seconds=5, run=Overdue().turn),
    Job(name="raffles", every_seconds=5, run=close_one),
    Job(name="reservations", every_seconds=15, run=lapse),
    Job(name="social", every_seconds=60, run=approving.lapse),
    Job(name="partitions", every_seconds=6 * 3600, run=_partitions),
    Job(name="quotes", every_seconds=60, run=_quotes),
    Job(name="waiting", every_seconds=60, run=_waiting, ended=_count_no_more),
)
