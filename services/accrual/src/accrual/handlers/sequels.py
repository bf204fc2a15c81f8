"""What comes after a purchase (a return, a cancellation, a confirmation), with the keys of what it names, or why it cannot be taken."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from accrual.domain.decisions import Reason, Refusal
from accrual.domain.facts import Purchase
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.handlers.bodies import Later, later_body, read_later
from accrual.handlers.keys import purchase_key, receipt_key, return_key
from accrual.handlers.rewards import Origin
from accrual.store.waiting import Waiter
from contracts.envelope import Event
from contracts.purchases import PurchaseConfirmed, PurchaseReturned
from shared.ids import event_key

#: A confirmation may come late: it takes nothing from anybody.
_FORBIDDING = {True: frozenset({Reason.UNKNOWN_MERCHANT, Reason.IN_THE_FUTURE}), False: frozenset(Reason) - {Reason.NOT_IN_FORCE}}


@dataclass(frozen=True, slots=True)
class Sequel:
    """An event that follows a purchase. A purchase id counts before a number on a receipt; one with neither leaves the purchase open."""

    event: Event[Any]
    event_key: bytes
    purchase_key: bytes | None
    receipt_key: bytes | None
    return_key: bytes | None
    body: bytes
    programme: Programme | None = None  #: the version in force at its time
    refusal: Refusal | None = None

    @property
    def anchor(self) -> bytes | None:
        """Return where it waits, if its purchase is not known yet."""
        return self.purchase_key or self.receipt_key

    @property
    def holder(self) -> str | None:
        """Return whose purchase it must be. A purchase id says for certain which one is meant; a number on a receipt may be somebody else's too."""
        return None if self.receipt_key is None else self.event.data.holder

    @property
    def keys(self) -> frozenset[bytes]:
        """Return all keys that it names."""
        return frozenset(key for key in (self.purchase_key, self.receipt_key, self.return_key) if key is not None)

    def origin(self, purchase_id: str | None = None) -> Origin:
        """Tell what it is as the cause of a change. Where it does not name the purchase, the caller does."""
        event, data = self.event, self.event.data
        occurred_at = data.occurred_at.astimezone(UTC)
        return Origin(event.source, event.id, "purchase", occurred_at, data.merchant, purchase_id or data.purchase_id, None, event.traceparent)

    def waiter(self, anchor: bytes) -> Waiter:
        """Return the row under which it waits."""
        event = self.event
        occurred_at = event.data.occurred_at.astimezone(UTC)
        return Waiter(self.event_key, anchor, self.return_key, occurred_at, event.source, event.id, event.type, event.traceparent, self.body, self.holder)


def sequel_of(event: Event[Later], programmes: Programmes, *, now: datetime) -> Sequel:
    """Read an event that follows a purchase, and judge what can be judged without the purchase."""
    data = event.data
    found = programmes.select(Purchase(data.merchant, "", (), "", data.occurred_at.astimezone(UTC)), now=now)
    refused = isinstance(found, Refusal) and found.reason in _FORBIDDING[isinstance(data, PurchaseConfirmed)]
    return _sequel(event, later_body(data), found if isinstance(found, Programme) else None, found if refused and isinstance(found, Refusal) else None)


def waited(waiter: Waiter) -> Sequel:
    """Read one that has waited."""
    data = read_later(waiter.type, waiter.body).model_copy(update={"holder": waiter.holder})
    return _sequel(Event(waiter.event_id, waiter.source, waiter.type, waiter.occurred_at, data, waiter.traceparent), waiter.body, None, None)


def keys_of(sequels: Iterable[Sequel]) -> set[bytes]:
    """Return all keys that these name."""
    return {key for sequel in sequels for key in sequel.keys}


def _sequel(event: Event[Later], body: bytes, programme: Programme | None, refusal: Refusal | None) -> Sequel:
    data = event.data
    return Sequel(
        event=event,
        event_key=event_key(event.source, event.id),
        purchase_key=None if data.purchase_id is None else purchase_key(data.merchant, data.purchase_id),
        receipt_key=receipt_key(data.merchant, data.store, data.receipt_number) if data.purchase_id is None else None,
        return_key=return_key(data.merchant, data.return_id) if isinstance(data, PurchaseReturned) else None,
        body=body,
        programme=programme,
        refusal=refusal,
    )
