"""What the routes stand on."""

import asyncio
from dataclasses import dataclass

from accrual.handlers.catalogue import Catalogue
from accrual.store.snapshots import Pool
from shared.auth import Verifier
from shared.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that a route needs to answer."""

    pool: Pool
    clock: Clock
    verifier: Verifier
    nudge: asyncio.Event
    catalogue: Catalogue
