"""Topic `purchases`: what a receipt earns, once; and what follows it: returns, cancellations, confirmations, corrections."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from accrual.handlers import captures, reserving
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.counting import lock_for_purchases
from accrual.handlers.finding import find, holder_of
from accrual.handlers.loading import Loaded, load
from accrual.handlers.receipts import Receipt, Receipts, receipt_of
from accrual.handlers.returns import Returns, Told
from accrual.handlers.reversals import Reversals
from accrual.handlers.routes import Batch, Held, Route, lock_accounts
from accrual.handlers.sequels import Sequel, keys_of, sequel_of
from accrual.handlers.spending import Spending
from accrual.store import Connection, causes, referrals, returns
from contracts.envelope import Event
from contracts.purchases import PurchaseRecorded
from contracts.verdicts import Verdict
from shared.batches import Outcome
from shared.clock import Clock
from shared.outbox import Message


class Purchases:
    """Gives each purchase its verdict. One (merchant, purchase id, revision) earns once, under whatever event id."""

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._held = Held[Receipt | Sequel]()

    async def lock(self, connection: Connection, events: Sequence[Event[Any]]) -> None:
        """Lock the purchases, then identifiers and accounts, then what is counted together; open accounts for holders who have none in the programme."""
        programmes = await self._catalogue.current(connection)
        now = self._clock()
        read: dict[int, Receipt | Sequel] = {
            id(event): receipt_of(event, programmes, now=now) if isinstance(event.data, PurchaseRecorded) else sequel_of(event, programmes, now=now)
            for event in events
        }
        receipts = [each for each in read.values() if isinstance(each, Receipt)]
        sequels = [each for each in read.values() if isinstance(each, Sequel)]
        found = await find(connection, sequels)
        anchors = frozenset({key for receipt in receipts for key in receipt.anchors} | keys_of(sequels) | found.purchases.keys())
        seen = await causes.lock_anchors(connection, anchors)
        wanted = (receipt.wanted for receipt in receipts if receipt.wanted is not None)
        paying = await captures.accounts_of(connection, receipts, found, seen, followed=bool(sequels))
        route = await lock_accounts(connection, wanted, also=found.accounts | paying)
        reserved = reserving.causes_of(receipts)
        followed = found.purchases.keys() | {receipt.key for receipt in receipts if receipt.key in seen} | reserved
        common = await lock_for_purchases(connection, receipts, programmes, followed=followed)
        self._held.keep(connection, Batch(read, route, anchors, seen, programmes, common, reserved))

    async def decide(self, connection: Connection, events: Sequence[Event[Any]], *, now: datetime) -> tuple[list[Outcome], list[Message]]:
        """Decide the events in their order, each seeing what those before it did."""
        batch = self._held.of(connection)
        read = [batch.of(event) for event in events]
        loaded = await load(connection, read, batch)
        self._held.keep(connection, replace(batch, seen=None))  # the next part of the batch may meet what this one accepts
        messages: list[Message] = []
        spending = await captures.spending_of(connection, loaded, read, batch, messages, now=now)
        reversals = Reversals(loaded.books, loaded.owners, messages, now=now, spending=spending)
        desk = Receipts(loaded.books, batch.route, loaded.known, loaded.pasts, reversals, now=now)
        await desk.load(connection, [each for each in read if isinstance(each, Receipt)])
        after = Returns(loaded, reversals, now=now)
        outcomes = [_decide(each, desk, after, loaded, batch.route, spending) for each in read]
        await desk.save(connection)
        await reserving.forget(connection, spending, (each for each in read if isinstance(each, Receipt)))
        await returns.add_reversals(connection, reversals.rows, decided_at=now)
        if reversals.rows and batch.programmes.refer:
            await referrals.look_at_once(connection, [row.purchase_key for row in reversals.rows], now=now)
        await returns.add_confirmations(connection, after.confirmations, decided_at=now)
        await causes.add_discrepancies(connection, after.discrepancies, seen_at=now)
        await loaded.room.save(connection, now=now)
        await loaded.books.save(connection, now=now)
        await spending.save(connection)
        outcomes[-1] = replace(outcomes[-1], committed=loaded.books.count)
        return outcomes, messages


def _decide(each: Receipt | Sequel, desk: Receipts, after: Returns, loaded: Loaded, route: Route, spending: Spending) -> Outcome:
    if isinstance(each, Sequel):
        wanted = holder_of(each)
        owned = None if wanted is None else route.found.get(wanted)
        account_id = None if wanted is None else owned.account_id if owned is not None else loaded.found.holders.get(wanted)
        return after.decide(each, account_id=account_id)
    reserving.give_back(loaded.books, spending, each)
    outcome = desk.decide(each)
    if captures.capture_named(spending, each):
        desk.restore(each)
    if not (loaded.room or outcome.verdict is Verdict.REFUSED):
        return outcome
    told = Told(each.key, each.receipt_key, each.fact.occurred_at, known=desk.known(each.key) is not None)
    return after.after(told, outcome)
