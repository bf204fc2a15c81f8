"""What purchases and returns do with points that were put aside or used: a purchase captures the hold that it names."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from accrual.domain.decisions import Refusal
from accrual.domain.spending.holds import Fault, HoldState
from accrual.handlers import holding, rewards
from accrual.handlers.finding import Found
from accrual.handlers.loading import Loaded
from accrual.handlers.receipts import Receipt, origin_of
from accrual.handlers.routes import Batch
from accrual.handlers.sequels import Sequel
from accrual.handlers.spending import Spending
from accrual.store import Connection, accounts, holders, ledger
from accrual.store import holds as store
from shared.batches import Repeat
from shared.outbox import Message

UNKNOWN_HOLD = "unknown-hold"
_WORDS = {
    Fault.HOLD_CAPTURED: "the hold was captured by another purchase",
    Fault.HOLD_RELEASED: "the hold was released before",
    Fault.HOLD_EXPIRED: "the hold has expired",
    Fault.OVER_CAPTURED: "more points than were put aside",
    Fault.HOLD_MISMATCH: "the hold was made for another purchase",
}


async def accounts_of(connection: Connection, receipts: Sequence[Receipt], found: Found, seen: frozenset[bytes], *, followed: bool) -> set[UUID]:
    """Find the accounts whose points purchases capture, or get back with what is returned of them."""
    named = [hold_id for receipt in receipts if (hold_id := named_by(receipt)) is not None]
    held = (await store.find(connection, named)).values()
    spends = await store.spends_for(connection, _paid(receipts, found, seen, followed=followed))
    return {hold.account_id for hold in held} | {spend.account_id for spend in spends}


async def spending_of(
    connection: Connection, loaded: Loaded, read: Sequence[Receipt | Sequel], batch: Batch[Receipt | Sequel], messages: list[Message], *, now: datetime
) -> Spending:
    """Read the holds that purchases name, and what was used for those of which something comes back. Raises Repeat for an account that is not locked."""
    receipts = [each for each in read if isinstance(each, Receipt)]
    named = [hold_id for receipt in receipts if (hold_id := named_by(receipt)) is not None]
    paid = _paid(receipts, loaded.found, loaded.room.anchors | loaded.known.keys(), followed=len(receipts) < len(read))
    if not (named or paid):
        return Spending(loaded.books, loaded.owners, messages, now=now)
    held, spends = await store.find(connection, named), await store.spends_for(connection, paid)
    account_ids = {hold.account_id for hold in held.values()} | {spend.account_id for spend in spends}
    if not account_ids <= batch.route.locked:
        raise Repeat("points of an account are used that is not locked")
    loaded.books.enter(await accounts.load(connection, account_ids))
    loaded.books.know(await ledger.open_lots_of(connection, account_ids))
    owners = {**loaded.owners, **await holders.owners(connection, account_ids)}
    spending = Spending(loaded.books, owners, messages, now=now, oldest_first=batch.programmes.oldest_first(at=now))
    await spending.load(connection, holds=held, purchases=paid)
    return spending


def capture_named(spending: Spending, receipt: Receipt) -> bool:
    """Capture the hold that a purchase names, whatever the purchase earns. One that it captured before is left alone; what cannot be captured is told.

    Returns whether points were used.
    """
    data, hold_id = receipt.event.data, named_by(receipt)
    if data.hold_id is None:
        return False
    hold = None if hold_id is None else spending.holds.get(hold_id)
    if hold is None or hold_id is None:
        _refuse(spending, receipt, UNKNOWN_HOLD, "there is no such hold")
        return False
    if hold.purchase_key != receipt.key:
        _refuse(spending, receipt, Fault.HOLD_MISMATCH, _WORDS[Fault.HOLD_MISMATCH])
        return False
    if hold.captured or hold.entitlements_used or hold.state is HoldState.CAPTURED:
        return False
    points = data.hold_points
    if points is not None and points > hold.points:
        _refuse(spending, receipt, Fault.OVER_CAPTURED, _WORDS[Fault.OVER_CAPTURED])
        points = None
    found = holding.capture(spending, hold_id, origin_of(receipt), points=points)
    if isinstance(found, Fault):
        _refuse(spending, receipt, found, _WORDS[found])
        return False
    return found.captured > 0


def named_by(receipt: Receipt) -> UUID | None:
    """Return the id of the hold that a purchase names; None where it names none of ours."""
    try:
        return None if receipt.event.data.hold_id is None else UUID(receipt.event.data.hold_id)
    except ValueError:
        return None


def _paid(receipts: Iterable[Receipt], found: Found, met: frozenset[bytes], *, followed: bool) -> list[bytes]:
    """Return the purchases of which something may come back: those followed or corrected, and those that may be followed, in this batch or by what waits."""
    return [*found.purchases, *(receipt.key for receipt in receipts if followed or not met.isdisjoint(receipt.anchors))]


def _refuse(spending: Spending, receipt: Receipt, reason: str, text: str) -> None:
    origin, programme = origin_of(receipt), receipt.programme
    programme_id = None if isinstance(programme, Refusal) else programme.terms.id
    said = rewards.refused(reason, text, programme=programme_id, holder=receipt.event.data.holder, origin=origin, now=spending.now, about="/hold")
    spending.messages.append(said)
