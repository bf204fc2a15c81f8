"""How the clock reaches accrual."""

from datetime import datetime

from accrual.handlers.clockwork import Clockwork
from accrual.store import Connection, due
from shared.service import Job

#: Months of the ledger made ahead: a service that nobody restarts for a year still finds its partitions.
MONTHS_AHEAD = 12


async def _partitions(connection: Connection, now: datetime) -> int:
    return await due.make_partitions(connection, now=now, months=MONTHS_AHEAD)


JOBS = (
    Job(name="lots", every_seconds=15, run=Clockwork().turn),  # readers do not wait for it: they look at the dates themselves
    Job(name="partitions", every_seconds=6 * 3600, run=_partitions),
)
