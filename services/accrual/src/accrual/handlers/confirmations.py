"""Confirmed purchases: delivered, or past their return window. Points that waited for that become usable."""

from datetime import datetime

from accrual.domain.entries import Stamp
from accrual.domain.lots import Lot, LotState
from accrual.handlers import rewards
from accrual.handlers.books import Books
from accrual.handlers.debts import pay
from accrual.handlers.pasts import Past
from accrual.handlers.rewards import Origin
from accrual.store.holders import Owner
from contracts.rewards import RewardActivated
from contracts.verdicts import Verdict
from shared.batches import Outcome
from shared.outbox import Message

_APPLIED, _NOTHING_WAITED = Outcome(Verdict.APPLIED), Outcome(Verdict.APPLIED, "nothing-to-activate")


def confirm(books: Books, past: Past, origin: Origin, owner: Owner | None, *, now: datetime) -> tuple[Outcome, list[Message]]:
    """Make usable what a purchase gave and what waits to be confirmed. A corrected purchase may have several lots."""
    lots = [lot for grant in past.grants if (lot := books.lot(grant)) is not None]
    pending = [lot for lot in lots if lot.state is LotState.PENDING and lot.confirmable]
    if not pending or owner is None:
        return _NOTHING_WAITED, []
    messages: list[Message] = []
    for place, lot in enumerate(pending):
        messages += _activate(books, lot, origin, owner, suffix=f"/{lot.id}" if place else "", now=now)
    return _APPLIED, messages


def _activate(books: Books, lot: Lot, origin: Origin, owner: Owner, *, suffix: str, now: datetime) -> list[Message]:
    stamp = Stamp(
        transaction_id=rewards.change_id(origin, f"{RewardActivated.type}{suffix}", owner.holder or ""),
        cause_source=origin.source,
        cause_event=origin.event_id,
        programme=owner.programme,
        programme_version=0,
        occurred_at=origin.occurred_at,
        booked_at=now,
    )
    account = books.activate(lot, stamp)
    said = [rewards.activated(account, lot, stamp, owner=owner.holder, origin=origin)] if owner.holder is not None else []
    return said + pay(books, account.id, stamp, owner=owner.holder, origin=origin)
