"""Decides what follows purchases: what comes back is resolved, points are taken, what waited is brought in."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple, cast
from uuid import UUID

import orjson

from accrual.domain.decisions import Reason, Refusal
from accrual.domain.returns import AskedLine, AskedReturn, Returned, left_of, resolve, spread
from accrual.handlers import rewards
from accrual.handlers.confirmations import confirm
from accrual.handlers.corrections import NOTHING_TO_TAKE
from accrual.handlers.loading import Loaded
from accrual.handlers.pasts import Past
from accrual.handlers.reversals import Reversals, Taken, Why
from accrual.handlers.sequels import Sequel
from accrual.store.causes import Discrepancy
from accrual.store.returns import Confirmed
from contracts.purchases import PurchaseCancelled, PurchaseConfirmed, PurchaseReturned
from contracts.verdicts import Verdict
from shared.batches import Outcome

_WAITING, _DUPLICATE, _DIFFERS = Outcome(Verdict.WAITING), Outcome(Verdict.DUPLICATE), Outcome(Verdict.DUPLICATE, "differs")
_REVERSED, _NOTHING = Outcome(Verdict.REVERSED), Outcome(Verdict.APPLIED, NOTHING_TO_TAKE)
_CANCELLED = Refusal(Reason.PURCHASE_CANCELLED, "the purchase was cancelled")
_REFUSED = Refusal(Reason.PURCHASE_REFUSED, "the purchase that it follows was refused")
_NOT_NAMED = Refusal(Reason.PURCHASE_NOT_NAMED, "it names no purchase, and the programme does not look for one")
_UNKNOWN = Refusal(Reason.UNKNOWN_PURCHASE, "no purchase of this holder is known")
_BROUGHT_ABOUT = frozenset({Verdict.GRANTED, Verdict.NOTHING_EARNED, Verdict.REVERSED, Verdict.APPLIED})


class Told(NamedTuple):
    """A recorded purchase that was just decided: whoever waited for it may go on."""

    key: bytes
    receipt_key: bytes | None
    happened_at: datetime
    known: bool  #: some revision of it was accepted


class Returns:
    """Decides, in one batch with purchases, what follows them. Nothing is written here."""

    def __init__(self, loaded: Loaded, reversals: Reversals, *, now: datetime) -> None:
        """Take what the batch has loaded."""
        self._books = loaded.books
        self._pasts = loaded.pasts
        self._room = loaded.room
        self._reversals = reversals
        self._told = dict(loaded.told)
        self._owners = loaded.owners
        self._leads = loaded.leads
        self._refused = set(loaded.refused)
        self._now = now
        self._messages = reversals.messages
        self.discrepancies: list[Discrepancy] = []
        self.confirmations: list[Confirmed] = []
        self.taken: list[Taken] = []
        self.refusals: list[Refusal] = []

    def decide(self, sequel: Sequel, *, account_id: UUID | None = None) -> Outcome:
        """Give an event its verdict. The account is that of a return's holder, where it names no purchase."""
        again = self._repeated(sequel)
        if again is not None:
            return again
        if sequel.anchor is None:
            return self._unnamed(sequel, account_id)
        past = self._followed(sequel)
        if past is not None:
            return self._apply(sequel, past)
        if sequel.refusal is not None:
            return self.refuse(sequel, sequel.refusal)
        if sequel.purchase_key in self._refused:
            return self.refuse(sequel, _REFUSED)
        self._room.wait(sequel, sequel.anchor)
        self._remember(sequel)
        return _WAITING

    def after(self, told: Told, outcome: Outcome) -> Outcome:
        """Bring in who waited for a purchase just decided, and let its outcome say what came of them. With a refused one they are refused.

        But another purchase may have the same number on its receipt: who named that waits on.
        """
        refused = outcome.verdict is Verdict.REFUSED and not told.known
        if refused:
            self._refused.add(told.key)
        if not refused and outcome.verdict not in _BROUGHT_ABOUT:
            return outcome
        resolved = {}
        for sequel in self._room.leaving(told.key, told.receipt_key, meant=lambda each: self._named(each, told)):
            past = self._pasts.of(told.key)
            came = self.refuse(sequel, _REFUSED) if past is None or refused else self._apply(sequel, past)
            if came.verdict is Verdict.REFUSED and sequel.return_key is not None:
                self._told.pop(sequel.return_key, None)
            self._room.resolve(sequel, came)
            resolved[sequel.event_key] = came.verdict, came.reason
        return replace(outcome, resolved=resolved) if resolved else outcome

    def refuse(self, sequel: Sequel, refusal: Refusal) -> Outcome:
        """Refuse an event by name. It takes nothing and leaves no entry."""
        programme = None if sequel.programme is None else sequel.programme.terms.id
        data = sequel.event.data
        message = rewards.refused(refusal.reason, refusal.text, programme=programme, holder=data.holder, origin=sequel.origin(), now=self._now)
        self._messages.append(message)
        self.refusals.append(refusal)
        return Outcome(Verdict.REFUSED, refusal.reason)

    def _repeated(self, sequel: Sequel) -> Outcome | None:
        """Compare a return that was told before with what it said then."""
        before = None if sequel.return_key is None else self._told.get(sequel.return_key)
        if before is None or sequel.return_key is None:
            return None
        if before == sequel.body:
            return _DUPLICATE
        one, other = orjson.loads(before), orjson.loads(sequel.body)
        fields = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
        self.discrepancies.append(Discrepancy(sequel.return_key, 0, sequel.event_key, fields, sequel.body))
        return _DIFFERS

    def _followed(self, sequel: Sequel) -> Past | None:
        if sequel.purchase_key is not None:
            return self._pasts.of(sequel.purchase_key)
        if sequel.receipt_key is None:
            return None
        return self._pasts.named(sequel.receipt_key, until=sequel.event.data.occurred_at, meant=lambda past: self._may_mean(sequel, past))

    def _named(self, sequel: Sequel, told: Told) -> bool:
        """Tell whether a purchase just accepted is meant by one that names the number on its receipt; that never names a later one."""
        past = self._pasts.of(told.key)
        return past is not None and sequel.event.data.occurred_at >= told.happened_at and self._may_mean(sequel, past)

    def _may_mean(self, sequel: Sequel, past: Past) -> bool:
        """Tell whether a purchase belongs to whom the number's sequel names, if it names anybody."""
        if sequel.holder is None:
            return True
        return past.account_id is not None and self._owners[past.account_id].holder == self._leads[sequel.holder]

    def _apply(self, sequel: Sequel, past: Past) -> Outcome:
        data = sequel.event.data
        if sequel.refusal is not None:
            return self.refuse(sequel, sequel.refusal)
        if isinstance(data, PurchaseConfirmed):
            owner = None if past.account_id is None else self._owners[past.account_id]
            outcome, messages = confirm(self._books, past, sequel.origin(past.purchase.purchase_id), owner, now=self._now)
            self._messages += messages
            if not past.confirmed:
                self._pasts.put(replace(past, confirmed=True))
                self.confirmations.append(Confirmed(past.key, sequel.event_key))
            return outcome
        if past.cancelled:
            return _NOTHING if isinstance(data, PurchaseCancelled) else self.refuse(sequel, _CANCELLED)
        if isinstance(data, PurchaseCancelled):
            back: Returned | Refusal = left_of(past.purchase, past.returned)
        else:
            back = resolve(past.purchase, past.returned, asked_of(data))
        if isinstance(back, Refusal):
            return self.refuse(sequel, back)
        return self._give_back(sequel, [(past, back)])

    def _unnamed(self, sequel: Sequel, account_id: UUID | None) -> Outcome:
        """Look for the goods among the newest purchases of the holder. All of them are found, or nothing is taken."""
        data = sequel.event.data
        if sequel.refusal is not None:
            return self.refuse(sequel, sequel.refusal)
        if sequel.programme is None or sequel.programme.terms.returns.unnamed == "refuse":
            return self.refuse(sequel, _NOT_NAMED)
        bought = [] if account_id is None else self._pasts.of_account(account_id, until=data.occurred_at.astimezone(UTC))
        candidates = [past for past in bought if past.purchase.merchant == data.merchant and not past.cancelled]
        if not candidates:
            return self.refuse(sequel, _UNKNOWN)
        backs = spread([(past.purchase, past.returned) for past in candidates], asked_of(data))
        if isinstance(backs, Refusal):
            return self.refuse(sequel, backs)
        return self._give_back(sequel, [(past, back) for past, back in zip(candidates, backs, strict=True) if back.lines or back.delivery_amount])

    def _give_back(self, sequel: Sequel, backs: list[tuple[Past, Returned]]) -> Outcome:
        data, points = sequel.event.data, 0
        for past, back in backs:
            origin = sequel.origin(past.purchase.purchase_id)
            why = Why("cancellation", origin, sequel.event_key, sequel.body)
            if isinstance(data, PurchaseReturned):
                why = Why("return", origin, sequel.event_key, sequel.body, sequel.return_key, data.return_id)
            taken = self._reversals.give_back(past, back, why)
            self._pasts.put(taken.purchase)
            self.taken.append(taken)
            points += taken.reversal.points
        self._remember(sequel)
        return _REVERSED if points else _NOTHING

    def _remember(self, sequel: Sequel) -> None:
        if sequel.return_key is not None:
            self._told[sequel.return_key] = sequel.body


def asked_of(data: PurchaseReturned) -> AskedReturn:
    """Return what somebody wants to give back, as the rules see it."""
    lines = cast("tuple[AskedLine, ...]", data.lines)  # a wire line has every field of a domain line, under the same name
    return AskedReturn(currency=data.currency, lines=lines, delivery_amount=data.delivery_amount)
