"""What a return would take: the same decision as for its event, made on a snapshot, and nothing written."""

from datetime import datetime

from accrual.domain.decisions import Reason, Refusal
from accrual.domain.programmes import Programmes
from accrual.handlers.finding import find, holder_of
from accrual.handlers.loading import load
from accrual.handlers.returns import Returns
from accrual.handlers.reversals import Reversals, Taken
from accrual.handlers.rewards import SOURCE
from accrual.handlers.routes import Batch, Route
from accrual.handlers.sequels import sequel_of
from accrual.store import Connection
from contracts.envelope import Event
from contracts.purchases import PurchaseReturned
from contracts.verdicts import Verdict

_UNKNOWN = Refusal(Reason.UNKNOWN_PURCHASE, "no such purchase was accepted; the return would wait for it")


async def quote_return(connection: Connection, programmes: Programmes, data: PurchaseReturned, *, now: datetime) -> list[Taken] | Refusal:
    """Return what would be taken of each purchase concerned, or why nothing can be given back."""
    sequel = sequel_of(Event("quote", SOURCE, data.type, now, data), programmes, now=now)
    found = await find(connection, [sequel])
    route = Route(locked=found.accounts)  # nobody is locked: the snapshot stands still by itself
    loaded = await load(connection, [sequel], Batch({}, route, frozenset(found.purchases), frozenset(), programmes))
    reversals = Reversals(loaded.books, loaded.owners, [], now=now)
    desk = Returns(loaded, reversals, now=now)
    wanted = holder_of(sequel)
    outcome = desk.decide(sequel, account_id=None if wanted is None else loaded.found.holders.get(wanted))
    if outcome.verdict is Verdict.WAITING:
        return _UNKNOWN
    return desk.refusals[-1] if outcome.verdict is Verdict.REFUSED else desk.taken
