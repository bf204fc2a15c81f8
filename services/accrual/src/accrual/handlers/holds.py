"""What tills ask for by HTTP: put points aside for a purchase, use them, give them back. The caller owns the transaction."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from accrual.domain.decisions import Refusal
from accrual.domain.facts import Purchase
from accrual.domain.fraud import NEVER
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.domain.spending.holds import Fault, Hold
from accrual.domain.spending.rules import Limited, Spendable, frozen_until, needs_receipt, spendable
from accrual.handlers import handing_in, holding, pasts, rewards
from accrual.handlers.books import Books
from accrual.handlers.carts import purchase_of
from accrual.handlers.keys import purchase_key
from accrual.handlers.reserving import QUOTE_CHANGED, QUOTE_MISMATCH, UNKNOWN_QUOTE, Reserved, cart_of, reserve
from accrual.handlers.reversals import Reversals
from accrual.handlers.rewards import Origin
from accrual.handlers.spending import Spending
from accrual.store import Connection, accounts, causes, holders, ledger, quotes
from accrual.store import holds as store
from accrual.store.holders import Wanted
from accrual.store.holds import Made
from accrual.store.quotes import StoredQuote
from contracts.holds import HoldRequest
from contracts.spending import RewardHeld
from shared.batches import Repeat
from shared.ids import event_key
from shared.outbox import enqueue

UNKNOWN_HOLDER, UNKNOWN_HOLD, CART_NEEDED, TOO_NEW, PERMIT_USED = "unknown-holder", "unknown-hold", "cart-needed", "account-too-new", "permit-used"
CLOSED, NOTHING_TO_RESERVE = "spending-closed", "nothing-to-reserve"


class Declined(NamedTuple):
    """Why something cannot be done: a stable code, and the same in words. `hold`: the hold as it is."""

    code: str
    text: str
    missing: int = 0
    hold: "Shown | None" = None


class Shown(NamedTuple):
    """A hold with what was told when it was made, and whose it is now."""

    hold: Hold
    holder: str | None
    programme: str
    made_at: datetime
    told: dict[str, Any]


_Resolve = Callable[[Spending, Origin], Awaitable[Hold | Fault]]


class _Basis(NamedTuple):
    """What a hold stands on: the version in force, whose points, and what is bought, if that was said."""

    programme: Programme
    account_id: UUID
    cart: Purchase | None
    quote: StoredQuote | None


async def hold(connection: Connection, programmes: Programmes, asked: HoldRequest, *, source: str, key: str, now: datetime) -> Shown | Declined:
    """Put points aside, or say why not; with a quote also all else that it counts on, and then perhaps no points. Raises Repeat if the account moves."""
    basis = await _basis(connection, programmes, asked, now=now)
    if isinstance(basis, Declined):
        return basis
    programme, account_id, cart, quote = basis
    bought = purchase_key(asked.merchant, asked.purchase_id)
    if cart is not None:
        await causes.lock_anchors(connection, [bought])  # two may pay for one receipt, and its share is one
    spending = await opened(connection, [account_id], now=now, programmes=programmes)
    if asked.permit is not None and await store.has_permit(connection, asked.permit):
        return Declined(PERMIT_USED, "a permit is good for one hold")
    holding.release_overdue(spending, account_id)
    origin = Origin(source, key, "command", now, asked.merchant, asked.purchase_id)
    hold_id = rewards.change_id(origin, RewardHeld.type, spending.owners[account_id].holder or "")
    reserved = None if quote is None else await _reserve(connection, programmes, quote, account_id, hold_id, origin)
    if isinstance(reserved, Declined):
        return reserved
    cart, kept = (cart, ()) if reserved is None else (reserved.purchase, reserved.entitlements)
    if reserved is not None and not (asked.points or kept or reserved.counts):
        return Declined(NOTHING_TO_RESERVE, "the quote counts on nothing that could be reserved, and no points are asked for")
    paid = 0 if cart is None else await _paid(connection, spending, bought)
    found = _usable(spending, programme, account_id, cart, asked, paid=paid)
    if isinstance(found, Declined):
        return found
    expires_at = now + timedelta(seconds=asked.expires_in_seconds)
    made = Hold(hold_id, account_id, found.points, expires_at, bought, entitlements=tuple(each.id for each in kept))
    told = Made(now, asked.permit, _body(asked, programme, cart, found))
    holding.put_aside(spending, made, told, origin, version=programme.terms.version)
    handing_in.keep(spending, made, kept, origin)
    await close(connection, spending)
    return _shown(spending, made, told)


async def _basis(connection: Connection, programmes: Programmes, asked: HoldRequest, *, now: datetime) -> _Basis | Declined:
    quote = None if asked.quote_id is None else await quotes.find(connection, asked.quote_id, now=now)
    if asked.quote_id is not None and quote is None:
        return Declined(UNKNOWN_QUOTE, "there is no such quote, or its time is over")
    told = asked.purchase if quote is None else cart_of(quote).purchase
    if told is not None and told.merchant != asked.merchant:
        return Declined(QUOTE_MISMATCH, "the quote is another merchant's")
    cart = None if told is None else purchase_of(told, now=now)
    programme = programmes.accepting(asked.merchant, at=now)
    if isinstance(programme, Refusal):
        return Declined(programme.reason, programme.text)
    wanted = Wanted(asked.holder or "", programme.terms.id)
    account_id = (await holders.resolve(connection, [wanted]))[wanted].account_id
    if account_id is None:
        return Declined(UNKNOWN_HOLDER, f"no account in {programme.terms.id}")
    return _Basis(programme, account_id, cart, quote)


async def _reserve(connection: Connection, programmes: Programmes, quote: StoredQuote, account_id: UUID, hold_id: UUID, origin: Origin) -> Reserved | Declined:
    """Reserve what a quote counts on, if it was made for this account."""
    wanted = None if quote.holder is None else Wanted(quote.holder, quote.programme)
    if wanted is None or (await holders.resolve(connection, [wanted]))[wanted].account_id != account_id:
        return Declined(QUOTE_MISMATCH, "the quote was made for somebody else")
    key = event_key(origin.source, origin.event_id)
    reserved = await reserve(connection, programmes, quote, account_id=account_id, hold_id=hold_id, key=key, now=origin.occurred_at)
    return Declined(QUOTE_CHANGED, reserved) if isinstance(reserved, str) else reserved


async def capture(
    connection: Connection, programmes: Programmes, hold_id: UUID, *, points: int | None, source: str, key: str, now: datetime
) -> Shown | Declined:
    """Use the points of a hold, all or so many, or say why not. Of a purchase that came back before, as many are given back at once."""

    async def use(spending: Spending, origin: Origin) -> Hold | Fault:
        used = holding.capture(spending, hold_id, origin, points=points)
        if isinstance(used, Hold) and used.captured and used.purchase_key is not None:
            told, _ = await pasts.load(connection, [used.purchase_key], programmes)
            for past in told:
                Reversals(spending.books, spending.owners, spending.messages, now=now, spending=spending).restore(past, origin)
        return used

    return await _resolve(connection, hold_id, use, source=source, key=key, now=now, programmes=programmes)


async def release(connection: Connection, hold_id: UUID, *, source: str, key: str, now: datetime) -> Shown | Declined:
    """Give the points of a hold back, or say why not."""

    async def free(spending: Spending, origin: Origin) -> Hold | Fault:
        return holding.release(spending, hold_id, origin)

    return await _resolve(connection, hold_id, free, source=source, key=key, now=now)


async def find(connection: Connection, hold_id: UUID) -> Shown | None:
    """Show a hold as it is."""
    found = await store.find(connection, [hold_id])
    if not found:
        return None
    hold, told = found[hold_id], await store.made(connection, hold_id)
    owner = (await holders.owners(connection, [hold.account_id]))[hold.account_id]
    return Shown(hold, owner.holder, owner.programme, told.made_at, orjson.loads(told.body))


async def opened(connection: Connection, account_ids: Collection[UUID], *, now: datetime, programmes: Programmes | None = None) -> Spending:
    """Lock accounts, and open them with their lots and their open holds. Raises Repeat if one of them has just moved.

    Whoever uses points names the programmes, which say in which order.
    """
    if not await accounts.lock(connection, account_ids):
        raise Repeat("an account moved before it was locked")
    owners = await holders.owners(connection, account_ids)
    books = await Books.open(connection, account_ids)
    books.know(await ledger.open_lots_of(connection, account_ids))
    spending = Spending(books, owners, [], now=now, oldest_first=frozenset() if programmes is None else programmes.oldest_first(at=now))
    await spending.load(connection, holds=[each.id for each in await store.open_of(connection, account_ids)])
    return spending


async def close(connection: Connection, spending: Spending) -> None:
    """Write everything, and send what is to be said."""
    await spending.books.save(connection, now=spending.now)
    await spending.save(connection)
    await enqueue(connection, spending.messages)


async def _resolve(
    connection: Connection, hold_id: UUID, resolve: _Resolve, *, source: str, key: str, now: datetime, programmes: Programmes | None = None
) -> Shown | Declined:
    found = (await store.find(connection, [hold_id])).get(hold_id)
    if found is None:
        return Declined(UNKNOWN_HOLD, "there is no such hold")
    spending = await opened(connection, [found.account_id], now=now, programmes=programmes)
    await spending.load(connection, holds=[hold_id])  # again, for now nobody else can resolve it
    told = await store.made(connection, hold_id)
    body = orjson.loads(told.body)
    origin = Origin(source, key, "command", now, body["merchant"], body["purchase_id"])
    resolved = await resolve(spending, origin)
    if isinstance(resolved, Fault):
        return Declined(resolved, _WORDS[resolved], hold=_shown(spending, spending.holds[hold_id], told))
    await close(connection, spending)
    return _shown(spending, resolved, told)


_WORDS = {
    Fault.HOLD_CAPTURED: "its points were used",
    Fault.HOLD_RELEASED: "its points were given back",
    Fault.HOLD_EXPIRED: "nobody resolved it in time, so its points were given back",
    Fault.OVER_CAPTURED: "more points than were put aside",
}


async def _paid(connection: Connection, spending: Spending, key: bytes) -> int:
    """Return how many points pay for a purchase already, whoever's they are: used, or put aside. Its anchor must be locked."""
    await spending.load(connection, purchases=[key])
    aside = await store.put_aside(connection, key, now=spending.now)
    return aside + sum(spent.points - spent.back for spent in spending.spends.get(key, ()))


def _usable(spending: Spending, programme: Programme, account_id: UUID, purchase: Purchase | None, asked: HoldRequest, *, paid: int) -> Spendable | Declined:
    """Say how many points are put aside, as asked for or fewer; none, where none are asked for."""
    if not asked.points:
        return Spendable(0)
    found = _allowed(spending, programme, account_id, purchase, asked.points, paid=paid)
    if isinstance(found, Declined) or (found.points and (asked.partly or not found.limited)):
        return found
    return Declined(found.limited or Limited.INSUFFICIENT, found.text or "no points can be used", found.missing)


def _allowed(spending: Spending, programme: Programme, account_id: UUID, purchase: Purchase | None, wanted: int, *, paid: int) -> Spendable | Declined:
    frozen = frozen_until(programme, spending.books.state(account_id).profile)
    if frozen is not None and frozen > spending.now:
        when = "some time after registering" if frozen == NEVER else f"from {frozen:%Y-%m-%d %H:%M} UTC on"
        return Declined(TOO_NEW, f"points of a new member can be used {when}")
    ends = programme.terms.spends_until
    if ends is not None and ends <= spending.now:
        return Declined(CLOSED, f"points could be used until {ends:%Y-%m-%d %H:%M} UTC")
    if purchase is None and needs_receipt(programme):
        return Declined(CART_NEEDED, "the programme limits what points may pay for: say what is bought")
    if purchase is not None and purchase.currency not in programme.terms.worth:
        return Declined("unknown-currency", f"{purchase.currency} is not a currency of {programme.terms.id}")
    return spendable(programme, usable=spending.usable(account_id), purchase=purchase, wanted=wanted, paid=paid)


def _body(asked: HoldRequest, programme: Programme, cart: Purchase | None, found: Spendable) -> bytes:
    """Write what is kept of what was asked for: nothing about whose points they are."""
    currency = programme.terms.currencies[0] if cart is None else cart.currency
    told = {
        "merchant": asked.merchant,
        "purchase_id": asked.purchase_id,
        "wanted": asked.points,
        "limited": found.limited,
        "amount": programme.worth(found.points, currency) if found.points else 0,
        "currency": currency,
    }
    return orjson.dumps(told)


def _shown(spending: Spending, hold: Hold, told: Made) -> Shown:
    owner = spending.owners[hold.account_id]
    return Shown(hold, owner.holder, owner.programme, told.made_at, orjson.loads(told.body))
