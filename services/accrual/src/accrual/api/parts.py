"""What the routes stand on."""

import asyncio
from dataclasses import dataclass

from accrual.handlers.catalogue import Catalogue
from accrual.store.snapshots import Pool
from shared.auth import Verifier
from shared.clock import Clock

#: What has waited so long for its purchase is shown to operators: a till that was offline for days has spoken by then.
WAITING_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that a route needs to answer."""

    pool: Pool
    clock: Clock
    verifier: Verifier
    nudge: asyncio.Event
    catalogue: Catalogue
    waiting_days: int = WAITING_DAYS
