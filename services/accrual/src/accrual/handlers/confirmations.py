"""Confirmed purchases: delivered, or past their return window. Points that waited for that become usable."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from accrual.domain.entries import Stamp
from accrual.domain.lots import Lot, LotState
from accrual.handlers import rewards
from accrual.handlers.books import Books
from accrual.handlers.receipts import Receipts, purchase_key
from accrual.handlers.rewards import Origin
from accrual.store import Connection, causes, ledger
from accrual.store.holders import Owner
from contracts.envelope import Event
from contracts.purchases import PurchaseCancelled, PurchaseConfirmed, PurchaseReturned
from contracts.rewards import RewardActivated
from contracts.verdicts import Verdict
from shared.batches import Outcome

RETURNS_NOT_OPEN = "returns-not-open"
UNKNOWN_PURCHASE = "unknown-purchase"
NAMED_BY_RECEIPT = "receipt-numbers-not-open"
_TEXTS = {
    RETURNS_NOT_OPEN: "returns and cancellations are not taken yet; the record stays in its topic",
    UNKNOWN_PURCHASE: "no such purchase was accepted before its confirmation",
    NAMED_BY_RECEIPT: "a purchase is found by its purchase id only; by receipt number not yet",
}
_APPLIED, _NOTHING_WAITED = Outcome(Verdict.APPLIED), Outcome(Verdict.APPLIED, "nothing-to-activate")

Later = PurchaseConfirmed | PurchaseReturned | PurchaseCancelled
"""What may come after a purchase."""


async def lots_confirmed(connection: Connection, events: Iterable[Event[Later]]) -> dict[UUID, Lot]:
    """Read the lots of confirmed purchases that were accepted before this batch."""
    keys = {key for event in events if isinstance(event.data, PurchaseConfirmed) and (key := key_of(event.data)) is not None}
    if not keys:
        return {}
    known = await causes.known_purchases(connection, keys)
    return await ledger.lots(connection, [purchase.grant_id for purchase in known.values() if purchase.grant_id is not None])


def key_of(data: Later) -> bytes | None:
    """Return the key of the purchase that is named, if it is named by its id."""
    return None if data.purchase_id is None else purchase_key(data.merchant, data.purchase_id)


class Confirmations:
    """Decides what comes after purchases, in one batch with them."""

    def __init__(self, books: Books, receipts: Receipts, owners: Mapping[UUID, Owner], *, now: datetime) -> None:
        self._books = books
        self._receipts = receipts
        self._owners = owners
        self._now = now

    def decide(self, event: Event[Later]) -> Outcome:
        """Activate what a confirmation sets free; refuse by name what is not taken yet."""
        key = key_of(event.data)
        if not isinstance(event.data, PurchaseConfirmed):
            return self._refuse(event, RETURNS_NOT_OPEN)
        if key is None:
            return self._refuse(event, NAMED_BY_RECEIPT)
        purchase = self._receipts.known(key)
        if purchase is None:
            return self._refuse(event, UNKNOWN_PURCHASE)
        lot = None if purchase.grant_id is None else self._books.lot(purchase.grant_id)
        if lot is None or lot.state is not LotState.PENDING or not lot.confirmable:
            return _NOTHING_WAITED
        self._activate(event, lot)
        return _APPLIED

    def _activate(self, event: Event[Later], lot: Lot) -> None:
        owner, programme = self._owners[lot.account_id]
        origin = _origin_of(event)
        stamp = Stamp(
            transaction_id=rewards.change_id(origin, RewardActivated.type, owner or ""),
            cause_source=origin.source,
            cause_event=origin.event_id,
            programme=programme,
            programme_version=0,
            occurred_at=origin.occurred_at,
            booked_at=self._now,
        )
        account = self._books.activate(lot, stamp)
        if owner is not None:
            self._receipts.messages.append(rewards.activated(account, lot, stamp, owner=owner, origin=origin))

    def _refuse(self, event: Event[Later], reason: str) -> Outcome:
        message = rewards.refused(reason, _TEXTS[reason], programme=None, holder=event.data.holder, origin=_origin_of(event), now=self._now)
        self._receipts.messages.append(message)
        return Outcome(Verdict.REFUSED, reason)


def _origin_of(event: Event[Later]) -> Origin:
    data = event.data
    return Origin(event.source, event.id, "purchase", data.occurred_at.astimezone(UTC), data.merchant, data.purchase_id, None, event.traceparent)
