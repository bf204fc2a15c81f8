"""What the routes stand on."""

import asyncio
from dataclasses import dataclass

from fastapi import Request

from accrual.handlers.catalogue import Catalogue
from accrual.store.snapshots import Pool
from shared.auth import Verifier
from shared.clock import Clock
from shared.problems import Problem

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
    one_step: bool = False  #: documents may be published without a second person


async def document_text(request: Request) -> str:
    """Return the document that was sent. Raises the Problem `malformed`."""
    try:
        return (await request.body()).decode()
    except UnicodeDecodeError:
        raise Problem(400, "malformed", "The document is no UTF-8 text") from None
