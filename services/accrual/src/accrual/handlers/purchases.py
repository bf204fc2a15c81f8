"""Topic `purchases`: what a receipt earns, once; and confirmations, which make waiting points usable."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from accrual.domain.decisions import Refusal
from accrual.handlers.books import Books
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.confirmations import Confirmations, key_of, lots_confirmed
from accrual.handlers.receipts import Receipt, Receipts, receipt_of
from accrual.handlers.routes import Batch, Held, Route, lock_accounts
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
        self._held = Held[Receipt]()

    async def lock(self, connection: Connection, events: Sequence[Event[Any]]) -> None:
        """Lock the purchases, then identifiers and accounts; open accounts for holders who have none in the programme."""
        programmes = await self._catalogue.current(connection)
        now = self._clock()
        receipts = {id(event): receipt_of(event, programmes, now=now) for event in events if isinstance(event.data, PurchaseRecorded)}
        seen = await causes.lock_anchors(connection, _keys(receipts, events))
        lots = await lots_confirmed(connection, _later(events))
        wanted = (receipt.wanted for receipt in receipts.values() if receipt.wanted is not None)
        route = await lock_accounts(connection, wanted, also=(lot.account_id for lot in lots.values()))
        self._held.keep(connection, Batch(receipts, route, seen))

    async def decide(self, connection: Connection, events: Sequence[Event[Any]], *, now: datetime) -> tuple[list[Outcome], list[Message]]:
        """Decide the events in their order, each seeing what those before it did."""
        batch = self._held.of(connection)
        receipts = {id(event): batch.of(event) for event in events if isinstance(event.data, PurchaseRecorded)}
        keys = _keys(receipts, events)
        known = await causes.known_purchases(connection, keys if batch.seen is None else keys & batch.seen)
        self._held.keep(connection, replace(batch, seen=None))  # the next part of the batch may meet what this one accepts
        books = await _books(connection, receipts, batch.route, _later(events))
        desk = Receipts(books, batch.route, known, now=now)
        await desk.load(connection, receipts.values())
        owners = await holders.owners(connection, batch.route.locked) if len(receipts) < len(events) else {}
        later = Confirmations(books, desk, owners, now=now)
        outcomes = [desk.decide(receipts[id(event)]) if id(event) in receipts else later.decide(event) for event in events]
        await desk.save(connection)
        await books.save(connection, now=now)
        return outcomes, desk.messages


async def _books(connection: Connection, receipts: Mapping[int, Receipt], route: Route, later: Sequence[Event[Any]]) -> Books:
    """Read the accounts that the events are about, with the counters that their programmes ask for."""
    lots = await lots_confirmed(connection, later)
    account_ids, counted = {lot.account_id for lot in lots.values()}, set[Counted]()
    if not account_ids <= route.locked:
        raise Repeat("a lot moved to an account that is not locked")
    for receipt in receipts.values():
        if receipt.wanted is None or isinstance(receipt.programme, Refusal):
            continue
        account_id = route.to(receipt.wanted).account_id
        account_ids.add(account_id)
        counted.update((account_id, key) for key in receipt.programme.counters(receipt.fact))
    return await Books.open(connection, account_ids, counted=counted, lots=lots)


def _keys(receipts: Mapping[int, Receipt], events: Sequence[Event[Any]]) -> set[bytes]:
    """Return the keys of all purchases that these are about."""
    keys = {receipt.key for receipt in receipts.values()}
    return keys | {key for event in _later(events) if (key := key_of(event.data)) is not None}


def _later(events: Sequence[Event[Any]]) -> list[Event[Any]]:
    return [event for event in events if not isinstance(event.data, PurchaseRecorded)]
