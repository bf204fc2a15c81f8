"""Topic `purchases`: what a receipt earns, once; and confirmations, which make waiting points usable."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accrual.domain.decisions import Refusal
from accrual.handlers.books import Books
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.confirmations import Confirmations, lots_confirmed
from accrual.handlers.receipts import Receipt, Receipts, purchase_key, receipt_of
from accrual.handlers.routes import Route, Routes
from accrual.store import Connection, causes, holders
from accrual.store.accounts import Counted
from contracts.envelope import Event
from contracts.purchases import PurchaseRecorded
from shared.batches import Outcome, Repeat
from shared.clock import Clock
from shared.outbox import Message


class Purchases:
    """Gives each purchase its verdict. One (merchant, purchase id, revision) earns once, under whatever event id."""

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._routes = Routes()

    async def lock(self, connection: Connection, events: Sequence[Event[Any]]) -> None:
        """Lock the purchases, then identifiers and accounts; open accounts for holders who have none in the programme."""
        programmes = await self._catalogue.current(connection)
        await causes.lock_anchors(connection, _keys(events))
        now = self._clock()
        receipts = [receipt_of(event, programmes, now=now) for event in events if isinstance(event.data, PurchaseRecorded)]
        lots = await lots_confirmed(connection, _later(events))
        wanted = [receipt.wanted for receipt in receipts if receipt.wanted is not None]
        await self._routes.lock(connection, wanted, also=[lot.account_id for lot in lots.values()])

    async def decide(self, connection: Connection, events: Sequence[Event[Any]], *, now: datetime) -> tuple[list[Outcome], list[Message]]:
        """Decide the events in their order, each seeing what those before it did."""
        programmes = await self._catalogue.current(connection)
        route = self._routes.of(connection)
        receipts = [receipt_of(event, programmes, now=now) if isinstance(event.data, PurchaseRecorded) else None for event in events]
        recorded = [receipt for receipt in receipts if receipt is not None]
        known = await causes.known_purchases(connection, _keys(events))
        books = await _books(connection, recorded, route, events)
        desk = Receipts(books, route, known, now=now)
        await desk.load(connection, recorded)
        owners = await holders.owners(connection, route.locked) if len(recorded) < len(events) else {}
        later = Confirmations(books, desk, owners, now=now)
        outcomes = [
            desk.decide(receipt) if receipt is not None or later is None else later.decide(event) for event, receipt in zip(events, receipts, strict=True)
        ]
        await desk.save(connection)
        await books.save(connection, now=now)
        return outcomes, desk.messages


async def _books(connection: Connection, receipts: Sequence[Receipt], route: Route, events: Sequence[Event[Any]]) -> Books:
    """Read the accounts that the events are about, with the counters that their programmes ask for."""
    lots = await lots_confirmed(connection, _later(events))
    account_ids, counted = {lot.account_id for lot in lots.values()}, set[Counted]()
    if not account_ids <= route.locked:
        raise Repeat("a lot moved to an account that is not locked")
    for receipt in receipts:
        if receipt.wanted is None or isinstance(receipt.programme, Refusal):
            continue
        account_id = route.to(receipt.wanted).account_id
        account_ids.add(account_id)
        counted.update((account_id, key) for key in receipt.programme.counters(receipt.fact))
    return await Books.open(connection, account_ids, counted=counted, lots=lots)


def _keys(events: Sequence[Event[Any]]) -> set[bytes]:
    keys = {purchase_key(event.data.merchant, event.data.purchase_id) if event.data.purchase_id else None for event in events}
    return {key for key in keys if key is not None}


def _later(events: Sequence[Event[Any]]) -> list[Event[Any]]:
    return [event for event in events if not isinstance(event.data, PurchaseRecorded)]
