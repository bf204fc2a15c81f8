"""What a return would take: the same decision as for its event, made on a snapshot, and nothing written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accrual.domain.decisions import Reason, Refusal
from accrual.domain.programmes import Programmes
from accrual.handlers import captures, pasts
from accrual.handlers.books import Books
from accrual.handlers.finding import find, holder_of
from accrual.handlers.loading import load
from accrual.handlers.receipts import Receipt
from accrual.handlers.returns import Returns
from accrual.handlers.reversals import NOTHING_TAKEN, Reversals, Taken
from accrual.handlers.rewards import SOURCE
from accrual.handlers.routes import Batch, Route
from accrual.handlers.sequels import Sequel, sequel_of
from accrual.store import Connection, returns
from contracts.envelope import Event
from contracts.purchases import PurchaseReturned
from contracts.verdicts import Verdict

_UNKNOWN = Refusal(Reason.UNKNOWN_PURCHASE, "no such purchase was accepted; the return would wait for it")


@dataclass(frozen=True, slots=True)
class Quoted:
    """What would be taken of each purchase concerned: nothing, where the return was accepted before."""

    taken: Sequence[Taken]
    repeated: bool = False


async def quote_return(connection: Connection, programmes: Programmes, data: PurchaseReturned, *, now: datetime) -> Quoted | Refusal:
    """Return what would be taken, or why nothing can be given back."""
    sequel = sequel_of(Event("quote", SOURCE, data.type, now, data), programmes, now=now)
    found = await find(connection, [sequel])
    paying = await captures.accounts_of(connection, [], found, frozenset(), followed=True)
    route = Route(locked=found.accounts | paying)  # nobody is locked: the snapshot stands still by itself
    batch: Batch[Receipt | Sequel] = Batch({}, route, frozenset(found.purchases), frozenset(), programmes)
    loaded = await load(connection, [sequel], batch)
    spending = await captures.spending_of(connection, loaded, [sequel], batch, [], now=now)
    reversals = Reversals(loaded.books, loaded.owners, [], now=now, spending=spending)
    desk = Returns(loaded, reversals, now=now)
    wanted = holder_of(sequel)
    outcome = desk.decide(sequel, account_id=None if wanted is None else loaded.found.holders.get(wanted))
    if outcome.verdict is Verdict.DUPLICATE:
        taken = await _kept(connection, programmes, sequel)
        return Quoted(taken, repeated=True) if taken else _UNKNOWN
    if outcome.verdict is Verdict.WAITING:
        return _UNKNOWN
    return desk.refusals[-1] if outcome.verdict is Verdict.REFUSED else Quoted(desk.taken)


async def _kept(connection: Connection, programmes: Programmes, sequel: Sequel) -> list[Taken]:
    """Say of all purchases from which an accepted return took what they keep now. One that still waits took from none."""
    keys = [] if sequel.return_key is None else await returns.taken_from(connection, sequel.return_key)
    found, _ = await pasts.load(connection, keys, programmes)
    books = await Books.open(connection, {past.account_id for past in found if past.account_id is not None})
    return [Taken(past, NOTHING_TAKEN, past.kept(), None if past.account_id is None else books.account(past.account_id)) for past in found]
