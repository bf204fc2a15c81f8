"""Holds that nobody resolved in time: their points are given back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from accrual import metrics
from accrual.domain.spending.holds import HoldState
from accrual.handlers import holding
from accrual.handlers.holds import close, opened
from accrual.store import Connection
from accrual.store import holds as store
from shared.batches import Repeat
from shared.batches.errors import is_data

log = structlog.get_logger(__name__)

#: Holds a transaction: as many accounts stay locked for some ten milliseconds.
LIMIT = 200
#: An account at which something failed is left alone for so long, and stands in nobody's way meanwhile.
PAUSE = timedelta(minutes=10)


class Overdue:
    """Expires what is due, and remembers where it could not."""

    def __init__(self) -> None:
        self._failed: dict[UUID, datetime] = {}

    async def turn(self, connection: Connection, now: datetime) -> int:
        """Expire a bounded number of holds, and return for how many it was done or tried."""
        self._failed = {account_id: at for account_id, at in self._failed.items() if now < at + PAUSE}
        due = await store.to_expire(connection, now=now, limit=LIMIT, but=self._failed)
        if due and not await _try(connection, due, now=now):
            for account_id in sorted(set(due.values())):
                alone = {hold_id: owner for hold_id, owner in due.items() if owner == account_id}
                if not await _try(connection, alone, now=now):
                    self._failed[account_id] = now
                    metrics.CLOCKWORK_FAILURES.inc()
        return len(due)


async def _try(connection: Connection, due: Mapping[UUID, UUID], *, now: datetime) -> bool:
    """Expire these holds, or none of them: False if that is because of what one of them is, or where its account went."""
    try:
        async with connection.transaction():
            spending = await opened(connection, set(due.values()), now=now)
            for hold_id in due:
                hold = spending.holds.get(hold_id)  # whoever resolved it meanwhile has taken it out of the open ones
                if hold is not None and hold.state is HoldState.OPEN:
                    holding.release(spending, hold_id)
            await close(connection, spending)
    except Repeat:
        return False
    except Exception as error:
        if not is_data(error):
            raise
        log.exception("holds could not be expired", holds=len(due))
        return False
    spending.books.count()
    return True
