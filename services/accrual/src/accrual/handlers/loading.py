"""What a batch of purchases, and of what follows them, needs to know before it decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from accrual.domain.decisions import Refusal
from accrual.domain.exchanges import as_exchanged
from accrual.domain.facts import Purchase
from accrual.domain.lots import Lot
from accrual.domain.programme import Programme
from accrual.domain.rewards.entitlements import Entitlement
from accrual.handlers import pasts
from accrual.handlers.books import Books
from accrual.handlers.finding import Found, find
from accrual.handlers.pasts import Past, Pasts
from accrual.handlers.receipts import Receipt
from accrual.handlers.routes import Batch, Route
from accrual.handlers.sequels import Sequel, keys_of
from accrual.handlers.surroundings import Surroundings
from accrual.handlers.tiers import Levels
from accrual.handlers.waiting import WaitingRoom, waiting_under
from accrual.store import Connection, causes, entitlements, holders, ledger, returns, waiting
from accrual.store.accounts import Counted
from accrual.store.causes import Known
from accrual.store.holders import Owner
from contracts.identifiers import member_holder
from shared.batches import Repeat


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything that deciding asks for."""

    books: Books
    known: Mapping[bytes, Known]
    pasts: Pasts
    room: WaitingRoom
    found: Found = field(default_factory=Found)
    told: Mapping[bytes, bytes] = field(default_factory=dict)
    owners: Mapping[UUID, Owner] = field(default_factory=dict)
    leads: Mapping[str, str] = field(default_factory=dict)  #: whom each holder leads to whose purchase is named by a number on a receipt
    refused: frozenset[bytes] = frozenset()  #: purchases that are followed, and were refused and never accepted


async def load(connection: Connection, read: Sequence[Receipt | Sequel], batch: Batch[Receipt | Sequel]) -> Loaded:
    """Read what the events need, one statement a table; of a batch of new purchases that is next to nothing."""
    receipts = [each for each in read if isinstance(each, Receipt)]
    sequels = [each for each in read if isinstance(each, Sequel)]
    met = frozenset(key for receipt in receipts for key in receipt.anchors)
    if batch.seen is not None:
        met &= batch.seen
    known = await causes.known_purchases(connection, [receipt.key for receipt in receipts if receipt.key in met])
    room = await waiting_under(connection, sorted(met))
    corrected = _corrected(receipts, known)
    exchanged = {receipt.exchanged for receipt in receipts if receipt.exchanged is not None}
    if not (sequels or room or corrected or exchanged):
        return Loaded(await _books(connection, receipts, batch, Pasts(), {}), known, Pasts(), room)
    found = await find(connection, sequels)
    if not (found.purchases.keys() <= batch.anchors and found.accounts <= batch.route.locked):
        raise Repeat("a purchase is followed that is not locked")
    histories, lots = await pasts.load(connection, found.purchases.keys() | corrected | exchanged, batch.programmes)
    followed = Pasts(histories)
    for row in found.named:
        followed.name(row.receipt_key, row.purchase_key, row.occurred_at)
    concerned = corrected | keys_of(sequels) | found.purchases.keys() | room.anchors
    followed_ones = [past for past in histories if past.key in concerned]
    accounts = {past.account_id for past in followed_ones if past.account_id is not None} | set(found.holders.values())
    lots |= await _lots_of(connection, accounts | _accounts(receipts, batch.route, concerned))
    given = await entitlements.of_causes(connection, [past.key for past in followed_ones if past.programme.rewards])
    books = await _books(connection, receipts, batch, followed, lots, followed_ones, given)
    books.entitlements.know(given)
    return_keys = [sequel.return_key for sequel in sequels if sequel.return_key is not None]
    told = await waiting.bodies(connection, return_keys) | await returns.bodies(connection, return_keys)
    owners = await holders.owners(connection, batch.route.locked)
    leads = await _leads(connection, {sequel.holder for sequel in sequels if sequel.holder is not None} | room.holders)
    refused = await causes.refused_purchases(
        connection, {sequel.purchase_key for sequel in sequels if sequel.purchase_key is not None} - found.purchases.keys()
    )
    return Loaded(books, known, followed, room, found, told, owners, leads, frozenset(refused))


async def _leads(connection: Connection, named: set[str]) -> dict[str, str]:
    """Tell whom these holders lead to: a claim cannot change it for an account that is locked."""
    links = await holders.links(connection, named) if named else {}
    found = {holder: link.member_id for holder, link in links.items() if link.member_id is not None}
    return {holder: member_holder(found[holder]) if holder in found else holder for holder in named}


def _corrected(receipts: Sequence[Receipt], known: Mapping[bytes, Known]) -> set[bytes]:
    """Return the keys of purchases that are told with more than one revision, here or before."""
    revisions: dict[bytes, int] = {}
    corrected = set()
    for receipt in receipts:
        before = known.get(receipt.key)
        revision = receipt.event.data.revision
        if revision > (before.revision if before is not None else revisions.setdefault(receipt.key, revision)):
            corrected.add(receipt.key)
    return corrected


def _accounts(receipts: Sequence[Receipt], route: Route, concerned: set[bytes]) -> set[UUID]:
    """Return the accounts of purchases of this batch from which something may be taken in it."""
    return {route.to(receipt.wanted).account_id for receipt in receipts if receipt.wanted is not None and not concerned.isdisjoint(receipt.anchors)}


async def _lots_of(connection: Connection, accounts: set[UUID]) -> dict[UUID, Lot]:
    """Read all lots with points left in the accounts from which points may be taken."""
    found = await ledger.open_lots_of(connection, accounts) if accounts else {}
    return {lot.id: lot for lots in found.values() for lot in lots}


async def _books(
    connection: Connection,
    receipts: Sequence[Receipt],
    batch: Batch[Receipt | Sequel],
    followed: Pasts,
    lots: Mapping[UUID, Lot],
    histories: Sequence[Past] = (),
    given: Sequence[Entitlement] = (),
) -> Books:
    """Read the accounts that the events are about, with the counters that their programmes ask for, and those by which rewards given are limited."""
    route, account_ids, counted, programmes = batch.route, set[UUID](), set[Counted](), set[Programme]()
    for past in histories:
        if past.account_id in route.locked:  # else somebody else corrects it, and will be refused
            account_ids.add(past.account_id)
            limits = (past.programme.rewards.counted_under(each) for each in given if each.cause == past.key)
            counting = past.programme.in_force(past.purchase.occurred_at)
            counted.update((past.account_id, key) for key in (*counting.counters(past.purchase), *limits) if key is not None)
            programmes.add(past.programme)
    by_key = {receipt.key: receipt for receipt in receipts} if any(receipt.exchanged is not None for receipt in receipts) else {}
    for receipt in receipts:
        if receipt.wanted is None or isinstance(receipt.programme, Refusal):
            continue
        account_id = route.to(receipt.wanted).account_id
        account_ids.add(account_id)
        programmes.add(receipt.programme)
        counted.update((account_id, key) for key in receipt.programme.counters(receipt.fact))
        if receipt.exchanged is not None and (as_of := decided_as(receipt, followed, by_key)) is not None:
            programme, fact = as_of
            programmes.add(programme)
            counted.update((account_id, key) for key in programme.counters(fact))
    levels = await Levels.open(connection, batch.programmes, account_ids, of={programme.terms.id for programme in programmes})
    around = await Surroundings.open(
        connection, batch.common, account_ids, programmes, causes=[*(past.key for past in histories), *batch.reserved], levels=levels
    )
    return await Books.open(connection, account_ids, counted=counted, lots=lots, around=around)


def decided_as(receipt: Receipt, followed: Pasts, receipts: Mapping[bytes, Receipt], depth: int = 0) -> tuple[Programme, Purchase] | None:
    """Return by which version, and as which purchase, an exchange will be decided; the exchanged one may be an exchange itself."""
    if isinstance(receipt.programme, Refusal) or depth > len(receipts):
        return None
    past = None if receipt.exchanged is None else followed.of(receipt.exchanged)
    if past is not None:
        return past.programme, as_exchanged(receipt.fact, past.purchase)
    other = None if receipt.exchanged is None else receipts.get(receipt.exchanged)
    found = None if other is None else decided_as(other, followed, receipts, depth + 1)
    return (receipt.programme, receipt.fact) if found is None else (found[0], as_exchanged(receipt.fact, found[1]))
