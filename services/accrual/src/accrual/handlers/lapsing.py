"""What the clock does with entitlements: reservations lapse, choices that nobody made get their default, and what is over expires."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from accrual import metrics
from accrual.domain.programmes import Programmes
from accrual.domain.rewards.entitlements import Entitlement, State, StepName, expire, release
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.entitlements import Entitlements
from accrual.handlers.rewarding import Desk, choose_default
from accrual.handlers.rewards import SOURCE, Origin
from accrual.store import Connection, accounts, holders, shared
from accrual.store import entitlements as store
from accrual.store.shared import SharedKey
from shared.batches.errors import is_data
from shared.outbox import enqueue

log = structlog.get_logger(__name__)

#: Entitlements a transaction.
LIMIT = 200
#: An account at which something failed is left alone for so long.
PAUSE = timedelta(minutes=10)


class Lapsing:
    """Does what is due, and remembers where it could not. Readers look at the dates themselves and do not wait for it."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Take the compiled programmes."""
        self._catalogue = catalogue
        self._failed: dict[UUID, datetime] = {}

    async def turn(self, connection: Connection, now: datetime) -> int:
        """Do a bounded part of what is due, and return how much that was."""
        self._failed = {account_id: at for account_id, at in self._failed.items() if now < at + PAUSE}
        found = await store.due(connection, now=now, limit=LIMIT, but=self._failed)
        if not found:
            return 0
        await accounts.lock(connection, set(found.values()))
        programmes = await self._catalogue.current(connection)
        here = await store.by_ids(connection, found)
        await shared.lock(connection, _stock(here, programmes, now=now))
        for id_ in found:
            each = here[id_]
            if each.account_id == found[id_]:  # else it moved meanwhile, and is found the next time
                failure = await _try(connection, each, programmes, now=now)
                if failure is not None:
                    self._failed[each.account_id] = now
                    metrics.CLOCKWORK_FAILURES.inc()
                    log.error("an entitlement could not be turned", entitlement_id=str(id_), exc_info=failure)
        return len(found)


async def _try(connection: Connection, entitlement: Entitlement, programmes: Programmes, *, now: datetime) -> Exception | None:
    try:
        async with connection.transaction():
            await _one(connection, entitlement, programmes, now=now)
    except Exception as error:
        if not is_data(error):
            raise
        return error
    return None


async def _one(connection: Connection, entitlement: Entitlement, programmes: Programmes, *, now: datetime) -> None:
    """Do what is due of one entitlement, in the order in which it became due: first it is free again, then it may be over."""
    book = Entitlements([entitlement])
    owner = (await holders.owners(connection, [entitlement.account_id]))[entitlement.account_id].holder
    messages, one = [], entitlement
    if one.state is State.RESERVED and one.reserved_until is not None and one.reserved_until <= now:
        origin = _origin(one, StepName.RELEASED, one.reserved_until)
        free = release(one, purpose=None)
        if isinstance(free, Entitlement):
            one = free
            messages += book.change(one, StepName.RELEASED, owner=owner, origin=origin, now=now)
    over = expire(one, at=now)
    if over is not None and one.expires_at is not None:
        messages += book.change(over, StepName.EXPIRED, owner=owner, origin=_origin(one, StepName.EXPIRED, one.expires_at), now=now)
    elif one.state is State.OPEN and one.choose_by is not None and one.choose_by <= now:
        await choose_default(Desk(connection, programmes, _origin(one, StepName.CHOSEN, one.choose_by), now), one)
    await book.save(connection, now=now)
    await enqueue(connection, messages)


def _stock(found: Mapping[UUID, Entitlement], programmes: Programmes, *, now: datetime) -> set[SharedKey]:
    """Return the stocks from which choices that are due may take."""
    keys = set[SharedKey]()
    for each in found.values():
        version = programmes.version(each.programme, each.programme_version)
        choice = None if version is None else version.rewards.get(each.reward)
        if version is not None and choice is not None and each.choose_by is not None and each.choose_by <= now:
            keys.update(SharedKey(each.programme, *key) for key in version.rewards.shared(choice.choice, at=now))
    return keys


def _origin(entitlement: Entitlement, step: StepName, due_at: datetime) -> Origin:
    """Name the cause after the entitlement, the step and its date: done again after a restore, it has the same ids."""
    return Origin(SOURCE, f"{entitlement.id}/{step}/{due_at:%Y-%m-%dT%H:%M:%SZ}", "schedule", due_at)
