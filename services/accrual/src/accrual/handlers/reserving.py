"""Reserves all that a quote counts on beside points: uses of coupons, budgets, stock. The hold has it until its purchase comes, or until it ends."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import orjson

from accrual.domain.budgets import code_of, own_uses_key
from accrual.domain.decisions import Refusal
from accrual.domain.facts import Purchase
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.domain.rewards.entitlements import Entitlement
from accrual.domain.usage import Amounts, coupons_in
from accrual.handlers.books import Books
from accrual.handlers.captures import named_by
from accrual.handlers.carts import purchase_of, quote_cart
from accrual.handlers.counting import lock_common
from accrual.handlers.receipts import Receipt
from accrual.handlers.rewards import SOURCE
from accrual.handlers.spending import Spending
from accrual.handlers.tally import Holding, Tally
from accrual.store import Connection, accounts, coupons, reservations, shared
from accrual.store.quotes import StoredQuote
from accrual.store.reservations import Reservation
from contracts.requests import QuoteRequest
from shared.ids import event_key

UNKNOWN_QUOTE, QUOTE_MISMATCH, QUOTE_CHANGED = "unknown-quote", "quote-mismatch", "quote-changed"
#: Reservations given back at once.
LIMIT = 200
#: A till that was offline tells of its purchases within days. One that comes later still uses what there is then.
PATIENCE = timedelta(days=30)


class Reserved(NamedTuple):
    """The purchase that was quoted, at its prices after discounts; the rewards to be kept for it; and whether anything else is counted for it."""

    purchase: Purchase
    entitlements: tuple[Entitlement, ...]
    counts: bool


def cart_of(quote: StoredQuote) -> QuoteRequest:
    """Return what was asked."""
    return QuoteRequest.model_validate_json(quote.asked)


async def reserve(
    connection: Connection, programmes: Programmes, quote: StoredQuote, *, account_id: UUID, hold_id: UUID, key: bytes, now: datetime
) -> Reserved | str:
    """Reserve what the quote's purchase would use now; the holder's account must be locked. A text says what is no longer as it was quoted."""
    asked = cart_of(quote)
    fact = purchase_of(asked.purchase, now=now)
    programme = programmes.select(fact, now=now)
    if isinstance(programme, Refusal):
        return programme.text
    common = await lock_common(connection, [(programme, fact)])
    found = await quote_cart(connection, programmes, asked, now=now)
    if isinstance(found, Refusal):
        return found.text
    answered = orjson.loads(quote.answered)
    told = {line["line_id"]: line["paid_amount"] for line in answered["lines"]}
    if {line.line_id: line.paid_amount for line in found.priced.lines} != told:
        return "the cart costs something else now: a coupon, a reward, a budget or the holder's level has changed"
    handed_in = {each.name: each.entitlement for each in found.entitlements if each.entitlement is not None and each.done.denied is None}
    if handed_in.keys() != {each["entitlement"] for each in answered["entitlements"] if each["valid"]}:
        return "a reward that was quoted is no longer to be had"
    used = found.decision.effects.shared
    if await _reserved_before(connection, programme, account_id, dict(used), now=now):
        return "a coupon is reserved for the holder's other carts as often as one member may use it"
    if used:
        tally = await Tally.open(connection, common.keys, causes=[hold_id.bytes])
        tally.raise_to(programme.terms.id, used, Holding(hold_id.bytes, key))
        await tally.save(connection)
        await reservations.add(connection, Reservation(hold_id, programme.terms.id))
    return Reserved(found.purchase, tuple(handed_in.values()), bool(used))


async def _reserved_before(connection: Connection, programme: Programme, account_id: UUID, used: Amounts, *, now: datetime) -> bool:
    """Tell whether a limit per member is reached together with what the account's other holds reserve: they count when their purchases come."""
    limited = any(each.per_member is not None for each in programme.document.coupons)
    others = await reservations.of_account(connection, account_id, now=now) if used and limited else []
    if not others:
        return False
    held = [{key.counter: amount for key, amount in each.items()} for each in (await shared.used(connection, [id_.bytes for id_ in others])).values()]
    shown = {(programme.terms.id, code) for each in [*held, used] for key in each if (code := code_of(key)) is not None}
    codes = {code: found.coupon for (_, code), found in (await coupons.find(connection, shown)).items()}
    reserved = Counter(coupon for each in held for coupon in coupons_in(each, codes))
    wanted = [(coupon, most) for coupon in coupons_in(used, codes) if (most := programme.coupons.most_of(coupon)) is not None]
    own = (await accounts.counters(connection, [(account_id, own_uses_key(coupon)) for coupon, _ in wanted])).get(account_id, {})
    return any(own.get(own_uses_key(coupon), 0) + reserved[coupon] >= most for coupon, most in wanted)


def causes_of(receipts: Iterable[Receipt]) -> frozenset[bytes]:
    """Return under which names the holds that purchases name have reserved something."""
    return frozenset(hold_id.bytes for receipt in receipts if (hold_id := named_by(receipt)) is not None)


def give_back(books: Books, spending: Spending, receipt: Receipt) -> None:
    """Give back what the hold of a purchase reserved for it, before the purchase is decided and uses it."""
    hold_id = named_by(receipt)
    hold = None if hold_id is None else spending.holds.get(hold_id)
    if hold is None or hold.purchase_key != receipt.key:
        return
    event = receipt.event
    books.tally.hold(spending.owners[hold.account_id].programme, {}, Holding(hold.id.bytes, event_key(event.source, event.id)))


async def forget(connection: Connection, spending: Spending, receipts: Iterable[Receipt]) -> None:
    """Remember no longer what was given back to purchases."""
    named = [(hold_id, receipt) for receipt in receipts if (hold_id := named_by(receipt)) is not None]
    gone = [hold_id for hold_id, receipt in named if (hold := spending.holds.get(hold_id)) is not None and hold.purchase_key == receipt.key]
    if gone:
        await reservations.forget(connection, gone)


async def lapse(connection: Connection, now: datetime) -> int:
    """Give back what holds reserved that were released or have expired, or whose purchase never came, and return of how many."""
    due = await reservations.lapsed(connection, captured_until=now - PATIENCE, limit=LIMIT)
    if due:
        causes = [each.hold_id.bytes for each in due]
        held = await shared.used(connection, causes)
        locked = await shared.lock(connection, {key for keys in held.values() for key in keys})
        tally = await Tally.open(connection, locked, causes=causes)
        for each in due:
            tally.hold(each.programme, {}, Holding(each.hold_id.bytes, event_key(SOURCE, f"{each.hold_id}/lapsed")))
        await tally.save(connection)
        await reservations.forget(connection, [each.hold_id for each in due])
    return len(due)
