"""Recorded purchases: what each receipt of a batch earns, once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import orjson

from accrual.domain.decisions import Refusal
from accrual.domain.exchanges import as_exchanged
from accrual.domain.facts import Purchase
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.handlers import rewards
from accrual.handlers.bodies import body_of, purchase_of
from accrual.handlers.books import Books
from accrual.handlers.corrections import correct
from accrual.handlers.earning import Earning, earn, outcome_of
from accrual.handlers.keys import purchase_key, receipt_key
from accrual.handlers.pasts import Pasts
from accrual.handlers.reversals import Reversals
from accrual.handlers.rewards import Origin
from accrual.handlers.routes import Route
from accrual.store import Connection, causes
from accrual.store.causes import Decided, Discrepancy, Known, Refused
from accrual.store.holders import Wanted
from accrual.store.ledger import Cause
from contracts.envelope import Event
from contracts.purchases import PurchaseRecorded
from contracts.verdicts import Verdict
from shared.batches import Outcome, Repeat
from shared.ids import event_key

_DUPLICATE, _DIFFERS, _STALE = Outcome(Verdict.DUPLICATE), Outcome(Verdict.DUPLICATE, "differs"), Outcome(Verdict.STALE)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A recorded purchase, with the programme version that decides it (or why none does), and the account it needs, if any."""

    event: Event[PurchaseRecorded]
    key: bytes
    fact: Purchase
    programme: Programme | Refusal
    wanted: Wanted | None
    receipt_key: bytes | None

    @property
    def anchors(self) -> tuple[bytes, ...]:
        """Return where it meets all that is about it."""
        return (self.key,) if self.receipt_key is None else (self.key, self.receipt_key)

    @property
    def exchanged(self) -> bytes | None:
        """Return the key of the purchase for which this one is given, if it says so."""
        data = self.event.data
        return None if data.exchanged_purchase_id is None else purchase_key(data.merchant, data.exchanged_purchase_id)


def receipt_of(event: Event[PurchaseRecorded], programmes: Programmes, *, now: datetime) -> Receipt:
    """Read a purchase, and find the programme version that decides it."""
    data = event.data
    fact = purchase_of(data, identified=data.holder is not None)
    programme = programmes.select(fact, now=now)
    wanted = None if data.holder is None or isinstance(programme, Refusal) else Wanted(data.holder, programme.terms.id)
    numbered = receipt_key(data.merchant, data.store, data.receipt_number)
    return Receipt(event, purchase_key(data.merchant, data.purchase_id), fact, programme, wanted, numbered)


def origin_of(receipt: Receipt) -> Origin:
    """Tell what a reward's cause is, when a purchase brings it about."""
    event, data = receipt.event, receipt.event.data
    return Origin(event.source, event.id, "purchase", receipt.fact.occurred_at, data.merchant, data.purchase_id, None, event.traceparent)


class Receipts:
    """Decides the receipts of one batch in their order. Nothing is written before `save`."""

    def __init__(self, books: Books, route: Route, known: Mapping[bytes, Known], pasts: Pasts, reversals: Reversals, *, now: datetime) -> None:
        self._books = books
        self._route = route
        self._known = dict(known)
        self._pasts = pasts
        self._reversals = reversals
        self._now = now
        self._bodies: dict[tuple[bytes, int], bytes] = {}
        self._decided: list[Decided] = []
        self._refused: list[Refused] = []
        self._discrepancies: list[Discrepancy] = []
        self._messages = reversals.messages

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
        if isinstance(programme, Refusal):
            return self._refuse(receipt, programme)
        earning = self._earning(receipt, programme)
        if known is not None:
            return self._correct(receipt, earning)
        earned = earn(self._books, earning, now=self._now)
        if isinstance(earned, Refusal):
            return self._refuse(receipt, earned)
        decided, messages = earned
        self._pasts.accept(earning.programme.deciding(decided.programme_version), cast("Purchase", earning.fact), decided)
        self._messages += messages
        return self._accept(decided)

    def restore(self, receipt: Receipt) -> None:
        """Give points back that a purchase has used after goods of it had come back."""
        past = self._pasts.of(receipt.key)
        if past is not None:
            self._reversals.restore(past, origin_of(receipt))

    async def save(self, connection: Connection) -> None:
        """Write purchases with their decisions, refusals, and what differed."""
        await causes.add_purchases(connection, self._decided, decided_at=self._now)
        await causes.add_refusals(connection, self._refused, decided_at=self._now)
        await causes.add_discrepancies(connection, self._discrepancies, seen_at=self._now)

    def _correct(self, receipt: Receipt, earning: Earning) -> Outcome:
        past = self._pasts.of(receipt.key)
        if past is None:
            raise Repeat("a purchase was accepted meanwhile")
        corrected = correct(self._books, self._reversals, past, earning, now=self._now)
        if isinstance(corrected, Refusal):
            return self._refuse(receipt, corrected)
        self._pasts.put(corrected.past)
        if receipt.receipt_key is not None:
            self._pasts.name(receipt.receipt_key, receipt.key, receipt.fact.occurred_at)
        self._messages += corrected.messages
        return self._accept(corrected.decided)

    def _accept(self, decided: Decided) -> Outcome:
        self._known[decided.key] = Known(decided.revision, decided.grant_id, decided.account_id)
        self._bodies[decided.key, decided.revision] = decided.body
        self._decided.append(decided)
        return outcome_of(decided)

    def _earning(self, receipt: Receipt, programme: Programme) -> Earning:
        event, exchanged = receipt.event, None
        owned = None if receipt.wanted is None else self._route.to(receipt.wanted)
        fact: Purchase = receipt.fact
        if receipt.exchanged is not None:
            other = self._pasts.of(receipt.exchanged)
            if other is not None and owned is not None and other.account_id == owned.account_id and other.programme.terms.id == programme.terms.id:
                programme, fact, exchanged = other.programme, as_exchanged(fact, other.purchase), other.purchase
        return Earning(
            programme,
            fact,
            owned,
            origin_of(receipt),
            Cause(receipt.key, event.data.revision),
            event_key(event.source, event.id),
            body_of(event.data),
            receipt.receipt_key,
            exchanged,
        )

    def _repeated(self, receipt: Receipt, known: Known) -> Outcome:
        """Compare a purchase that was said before with what it said then, and whose it was."""
        revision, body = receipt.event.data.revision, body_of(receipt.event.data)
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

    def _refuse(self, receipt: Receipt, refusal: Refusal) -> Outcome:
        event, programme = receipt.event, receipt.programme
        origin, programme_id = origin_of(receipt), None if isinstance(programme, Refusal) else programme.terms.id
        refused = Refused(receipt.key, event_key(event.source, event.id), event.data.revision, refusal.reason, refusal.text, origin.occurred_at)
        self._refused.append(refused)
        message = rewards.refused(refusal.reason, refusal.text, programme=programme_id, holder=event.data.holder, origin=origin, now=self._now)
        self._messages.append(message)
        return Outcome(Verdict.REFUSED, refusal.reason)
