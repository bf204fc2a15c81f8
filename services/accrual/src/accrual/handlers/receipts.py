"""Recorded purchases: what each receipt of a batch earns, once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import orjson
from pydantic import TypeAdapter

from accrual.domain.decisions import Refusal
from accrual.domain.facts import Line, Purchase
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.handlers import rewards
from accrual.handlers.books import Books
from accrual.handlers.earning import Earning, earn, outcome_of
from accrual.handlers.rewards import Origin
from accrual.handlers.routes import Route
from accrual.store import Connection, causes
from accrual.store.causes import Decided, Discrepancy, Known, Refused
from accrual.store.holders import Wanted
from accrual.store.ledger import Cause
from contracts.envelope import Event
from contracts.purchases import PurchaseRecorded
from contracts.verdicts import Verdict
from shared.batches import Outcome
from shared.ids import event_key
from shared.outbox import Message

CORRECTION_NOT_OPEN = "correction-not-open"
_DUPLICATE, _DIFFERS, _STALE = Outcome(Verdict.DUPLICATE), Outcome(Verdict.DUPLICATE, "differs"), Outcome(Verdict.STALE)
_BODIES = TypeAdapter(PurchaseRecorded)
_HOLDER = {"holder"}


@dataclass(frozen=True, slots=True)
class Receipt:
    """A recorded purchase, with the programme version that decides it (or why none does), and the account it needs, if any."""

    event: Event[PurchaseRecorded]
    key: bytes
    fact: Purchase
    programme: Programme | Refusal
    wanted: Wanted | None


def receipt_of(event: Event[PurchaseRecorded], programmes: Programmes, *, now: datetime) -> Receipt:
    """Read a purchase, and find the programme version that decides it."""
    data = event.data
    fact = Purchase(
        merchant=data.merchant,
        purchase_id=data.purchase_id,
        lines=cast("tuple[Line, ...]", data.lines),  # a wire line has every field of a domain line, under the same name
        currency=data.currency,
        occurred_at=data.occurred_at.astimezone(UTC),
        store=data.store,
        zone=data.zone,
        channel=data.channel,
        delivery_amount=data.delivery_amount,
        identified=data.holder is not None,
    )
    programme = programmes.select(fact, now=now)
    wanted = None if data.holder is None or isinstance(programme, Refusal) else Wanted(data.holder, programme.terms.id)
    return Receipt(event, purchase_key(data.merchant, data.purchase_id), fact, programme, wanted)


def purchase_key(merchant: str, purchase_id: str) -> bytes:
    """Return the key under which everything about a purchase is found."""
    return event_key(merchant, purchase_id)


def _origin_of(receipt: Receipt) -> Origin:
    """Tell what a reward's cause is, when a purchase brings it about."""
    event, data = receipt.event, receipt.event.data
    return Origin(event.source, event.id, "purchase", receipt.fact.occurred_at, data.merchant, data.purchase_id, None, event.traceparent)


class Receipts:
    """Decides the receipts of one batch in their order. Nothing is written before `save`."""

    def __init__(self, books: Books, route: Route, known: Mapping[bytes, Known], *, now: datetime) -> None:
        self._books = books
        self._route = route
        self._known = dict(known)
        self._now = now
        self._bodies: dict[tuple[bytes, int], bytes] = {}
        self._decided: list[Decided] = []
        self._refused: list[Refused] = []
        self._discrepancies: list[Discrepancy] = []
        self.messages: list[Message] = []

    async def load(self, connection: Connection, receipts: Iterable[Receipt]) -> None:
        """Read what repeated purchases said the first time."""
        repeated = {(receipt.key, receipt.event.data.revision) for receipt in receipts if receipt.key in self._known}
        self._bodies |= await causes.bodies(connection, repeated)

    def known(self, key: bytes) -> Known | None:
        """Return the accepted revision of a purchase, one of this batch included."""
        return self._known.get(key)

    def decide(self, receipt: Receipt) -> Outcome:
        """Give a receipt its verdict."""
        known, revision, programme = self._known.get(receipt.key), receipt.event.data.revision, receipt.programme
        if known is not None and revision <= known.revision:
            return self._repeated(receipt, known) if revision == known.revision else _STALE
        if known is not None:
            return self._refuse(receipt, CORRECTION_NOT_OPEN, f"revision {known.revision} was accepted; corrections are not taken yet")
        if isinstance(programme, Refusal):
            return self._refuse(receipt, programme.reason, programme.text)
        earned = earn(self._books, self._earning(receipt, programme), now=self._now)
        if isinstance(earned, Refusal):
            return self._refuse(receipt, earned.reason, earned.text)
        decided, message = earned
        self._known[receipt.key] = Known(revision, decided.grant_id, decided.account_id)
        self._bodies[receipt.key, revision] = decided.body
        self._decided.append(decided)
        if message is not None:
            self.messages.append(message)
        return outcome_of(decided)

    async def save(self, connection: Connection) -> None:
        """Write purchases with their decisions, refusals, and what differed."""
        await causes.add_purchases(connection, self._decided, decided_at=self._now)
        await causes.add_refusals(connection, self._refused, decided_at=self._now)
        await causes.add_discrepancies(connection, self._discrepancies, seen_at=self._now)

    def _earning(self, receipt: Receipt, programme: Programme) -> Earning:
        event = receipt.event
        return Earning(
            programme,
            receipt.fact,
            None if receipt.wanted is None else self._route.to(receipt.wanted),
            _origin_of(receipt),
            Cause(receipt.key, event.data.revision),
            event_key(event.source, event.id),
            _body(event.data),
        )

    def _repeated(self, receipt: Receipt, known: Known) -> Outcome:
        """Compare a purchase that was said before with what it said then, and whose it was."""
        revision, body = receipt.event.data.revision, _body(receipt.event.data)
        before, other_holder = self._bodies[receipt.key, revision], self._is_anothers(receipt, known)
        if before == body and not other_holder:
            return _DUPLICATE
        one, other = orjson.loads(before), orjson.loads(body)
        fields = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name)) + ["holder"] * other_holder
        self._discrepancies.append(Discrepancy(receipt.key, revision, event_key(receipt.event.source, receipt.event.id), fields, body))
        return _DIFFERS

    def _is_anothers(self, receipt: Receipt, known: Known) -> bool:
        """Tell whether a repeated purchase names somebody else than before; bodies are kept without the holder, so accounts are compared."""
        if isinstance(receipt.programme, Refusal):
            return False  # no programme decides it any more, so nobody's account was looked for
        return known.account_id != (None if receipt.wanted is None else self._route.to(receipt.wanted).account_id)

    def _refuse(self, receipt: Receipt, reason: str, text: str) -> Outcome:
        event, programme = receipt.event, receipt.programme
        origin, programme_id = _origin_of(receipt), None if isinstance(programme, Refusal) else programme.terms.id
        refused = Refused(receipt.key, event_key(event.source, event.id), event.data.revision, reason, text, origin.occurred_at)
        self._refused.append(refused)
        self.messages.append(rewards.refused(reason, text, programme=programme_id, holder=event.data.holder, origin=origin, now=self._now))
        return Outcome(Verdict.REFUSED, reason)


def _body(data: PurchaseRecorded) -> bytes:
    """Write what is kept of a purchase: everything but whose it is, and what says nothing."""
    return _BODIES.dump_json(data, exclude=_HOLDER, exclude_defaults=True)
