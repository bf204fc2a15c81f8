"""Takes back what a purchase no longer gives, in one ledger transaction, and says so."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Literal, NamedTuple
from uuid import UUID

from accrual.domain.entries import Account, Stamp
from accrual.domain.keeping import Kept, undone
from accrual.domain.lots import Allocation, Lot
from accrual.domain.returns import Returned
from accrual.domain.reversing import Reversal, plan
from accrual.domain.usage import less_of
from accrual.handlers import rewards
from accrual.handlers.bodies import returned_json
from accrual.handlers.books import Books
from accrual.handlers.explanations import explanation_json
from accrual.handlers.pasts import Past
from accrual.handlers.restoring import give_back_for
from accrual.handlers.rewards import Origin
from accrual.handlers.spending import Spending
from accrual.handlers.tally import Holding
from accrual.handlers.undoing import take_back
from accrual.handlers.usage import give_back
from accrual.store.holders import Owner
from accrual.store.returns import Reversed
from contracts.rewards import RewardReversed
from shared.outbox import Message

NOTHING_TAKEN = Reversal((), 0, 0, blocked=False)


class Why(NamedTuple):
    """What makes a purchase keep less: the event, and what it says."""

    kind: Literal["return", "cancellation", "correction"]
    origin: Origin
    event_key: bytes
    body: bytes
    return_key: bytes | None = None
    return_id: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken because of it, and what is kept."""

    purchase: Past  #: as it is afterwards
    reversal: Reversal
    kept: Kept
    account: Account | None
    restored: int = 0  #: points that had paid for it, and came back


class Reversals:
    """Books the reversals of a batch. Their rows, and the messages of the batch to which it adds, are the caller's to write."""

    def __init__(self, books: Books, owners: Mapping[UUID, Owner], messages: list[Message], *, now: datetime, spending: Spending | None = None) -> None:
        """Take the books of the batch, and what was used for purchases of which something comes back."""
        self._books = books
        self._owners = owners
        self._spending = spending
        self._now = now
        self.messages = messages
        self.rows: list[Reversed] = []

    def give_back(self, past: Past, back: Returned, why: Why) -> Taken:
        """Take goods back: give points back that had paid for them, undo what the rules counted for them, and take the points that are due."""
        before, after = past.kept(), replace(past, returned=past.returned.plus(back), cancelled=past.cancelled or why.kind == "cancellation")
        kept = after.kept()
        if past.account_id is not None:
            self._books.remember(past.account_id, *undone(self._books.state(past.account_id), before, kept))
            holding = Holding(past.key, why.event_key)
            give_back(self._books, past, less_of(before, kept), holding, stands=kept.stands)
            if past.programme.rewards:
                self.messages += take_back(self._books, past, kept, holding, owner=self._owner(past.account_id), origin=why.origin, now=self._now)
            self._books.levels.take_out(past)
            self._books.levels.put_in(after)
            self._books.scores.recount(past, after)
        restored = self.restore(after, why.origin)
        taken = replace(self.reverse(after, kept, back, why), restored=restored)
        if past.account_id is not None:
            self.messages += self._books.levels.tell(past.account_id, self._owner(past.account_id), why.origin, now=self._now)
        return taken

    def restore(self, past: Past, origin: Origin) -> int:
        """Give points back that had paid for what came back of a purchase, as far as that was not done before. Returns how many."""
        if self._spending is None or not (past.cancelled or past.returned.lines or past.returned.delivery_amount):
            return 0
        return give_back_for(self._spending, past.programme, past.key, past.purchase, past.returned, origin)

    def reverse(self, past: Past, kept: Kept, back: Returned, why: Why) -> Taken:
        """Take the points that a purchase was granted and does not keep, as far as that was not done before."""
        reversal, account, transaction_id = NOTHING_TAKEN, None, None
        decision, came_back = explanation_json(kept.explanation), returned_json(back)
        if past.account_id is not None:
            reversal, stamp = self._plan(past, kept), self._stamp(past, why, evidence=sha256(b"\0".join((decision, why.body, came_back))).digest())
            lots = [lot for lot_id, _ in reversal.allocations if (lot := self._books.lot(lot_id)) is not None]
            account = self._books.reverse(past.account_id, reversal, stamp)
            transaction_id = stamp.transaction_id if reversal.taken + reversal.debt else None
            self._say(account, reversal, kept, stamp, why, lots=lots, decision=decision)
        number = past.reversals + 1
        self.rows.append(
            Reversed(
                past.key, number, why.kind, past.revision, why.event_key, why.return_key, past.account_id, transaction_id,
                reversal.taken, reversal.debt, reversal.forgiven, kept.points, kept.stands, why.origin.occurred_at, why.body, came_back, decision,
            )
        )  # fmt: skip
        settled, forgiven = past.settled + reversal.points, past.forgiven + reversal.forgiven
        return Taken(replace(past, settled=settled, forgiven=forgiven, reversals=number), reversal, kept, account)

    def _plan(self, past: Past, kept: Kept) -> Reversal:
        own = [lot for grant in past.grants if (lot := self._books.lot(grant)) is not None]
        others = [] if past.account_id is None else self._books.lots_of(past.account_id)
        return plan(past.due(kept), own=own, others=others, at=self._now, spent=past.programme.terms.returns.spent)

    def _stamp(self, past: Past, why: Why, *, evidence: bytes) -> Stamp:
        terms, owner = past.programme.terms, self._owner(past.account_id)
        return Stamp(
            transaction_id=rewards.change_id(why.origin, f"{RewardReversed.type}/{past.key.hex()}", owner or ""),
            cause_source=why.origin.source,
            cause_event=why.origin.event_id,
            programme=terms.id,
            programme_version=terms.version,
            occurred_at=why.origin.occurred_at,
            booked_at=self._now,
            evidence=evidence,
        )

    def _say(self, account: Account, reversal: Reversal, kept: Kept, stamp: Stamp, why: Why, *, lots: list[Lot], decision: bytes) -> None:
        owner = self._owner(account.id)
        if owner is not None and reversal.points > 0:
            told = rewards.Taking(_left(lots, reversal.allocations), reversal.taken, reversal.debt, reversal.forgiven, kept.points, why.return_id)
            self.messages.append(rewards.reversed_(account, told, stamp, owner=owner, origin=why.origin, explanation=decision))

    def _owner(self, account_id: UUID | None) -> str | None:
        return None if account_id is None else self._owners[account_id].holder


def _left(lots: list[Lot], allocations: tuple[Allocation, ...]) -> tuple[tuple[UUID, int, int], ...]:
    """Return what was taken from each lot, and what is left in it."""
    return tuple((lot.id, points, lot.remaining - points) for lot, (_, points) in zip(lots, allocations, strict=True))
