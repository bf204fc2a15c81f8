"""Topic `members`: an account for each member, a welcome, and what waited for an identifier once it is linked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from accrual.domain.lots import Allocation, Lot
from accrual.handlers.books import Books
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.counting import lock_common
from accrual.handlers.deeds import Deed, Deeds, counted_by, decided_by, registration
from accrual.handlers.inviting import inviters
from accrual.handlers.links import Claims, Links
from accrual.handlers.routes import Batch, Held, lock_accounts
from accrual.handlers.surroundings import Surroundings
from accrual.handlers.tiers import Levels
from accrual.store import Connection, causes, entitlements, holders, holds, ledger
from accrual.store.holders import Wanted
from contracts.envelope import Event
from contracts.members import IdentifierLinked, MemberRegistered
from shared.batches import Outcome, Repeat
from shared.clock import Clock
from shared.outbox import Message


class Members:
    """Opens and welcomes members, and brings in what was earned before they were known."""

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._held = Held[Deed]()

    async def lock(self, connection: Connection, events: Sequence[Event[Any]]) -> None:
        """Lock the identifiers, then every account that may give or take points, then what is counted together."""
        locked = await holders.lock_identifiers(connection, [event.data.identifier for event in _links(events)])
        links = Links(_links(events), locked)
        unclaimed = await holders.unclaimed(connection, links.identifiers)
        programmes, now = await self._catalogue.current(connection), self._clock()
        deeds = {id(event): registration(event, programmes, now=now) for event in events if isinstance(event.data, MemberRegistered)}
        wanted = [deed.wanted for deed in deeds.values() if deed.wanted is not None] + links.may_want(unclaimed)
        wanted += await inviters(connection, deeds.values())
        route = await lock_accounts(connection, wanted, also=unclaimed.values())
        common = await lock_common(connection, decided_by(deeds.values()))
        self._held.keep(connection, Batch(deeds, route, programmes=programmes, common=common))

    async def decide(self, connection: Connection, events: Sequence[Event[Any]], *, now: datetime) -> tuple[list[Outcome], list[Message]]:
        """Decide the events in their order, each seeing what those before it did."""
        batch = self._held.of(connection)
        route, deeds = batch.route, {id(event): batch.of(event) for event in events if isinstance(event.data, MemberRegistered)}
        links = Links(_links(events), await holders.links(connection, [event.data.identifier for event in _links(events)]))
        unclaimed = await holders.unclaimed(connection, links.claims)
        targets = links.wanted(unclaimed)
        books = await _books(connection, batch, list(deeds.values()), targets, list(unclaimed.values()))
        lots = await ledger.open_lots_of(connection, unclaimed.values())
        if any(books.account(account_id).balance.debt for account_id in unclaimed.values()):  # the member's points pay it
            books.know(await ledger.open_lots_of(connection, {route.to(each).account_id for each in targets}))
        if unclaimed and any(version.rewards for version in batch.programmes.all()):
            books.entitlements.know(await entitlements.live_of(connection, unclaimed.values()))
        held = await _held(connection, [account_id for account_id in unclaimed.values() if books.account(account_id).balance.held], lots)
        claims = Claims(books, route, unclaimed, lots, held=held, now=now)
        desk = Deeds(books, route, await causes.known_activities(connection, [deed.key for deed in deeds.values()]), now=now)
        outcomes: list[Outcome] = []
        for event in events:
            if id(event) in deeds:
                outcomes.append(desk.decide(deeds[id(event)]))
                continue
            if links.claims.get(event.data.identifier) is event:
                desk.messages += claims.move(event)
            outcomes.append(links.outcome_of(event))
        await desk.save(connection)
        await books.save(connection, now=now)
        await links.save(connection)
        outcomes[-1] = replace(outcomes[-1], committed=books.count)
        return outcomes, desk.messages


async def _books(connection: Connection, batch: Batch[Deed], deeds: Sequence[Deed], wanted: Sequence[Wanted], unclaimed: Sequence[UUID]) -> Books:
    """Read all accounts that this part of the batch may change. Every one of them must have been locked."""
    route = batch.route
    needed = [deed.wanted for deed in deeds if deed.wanted is not None] + list(wanted)
    account_ids = {route.to(each).account_id for each in needed} | set(unclaimed)
    if not account_ids <= route.locked:
        raise Repeat("an account is needed that is not locked")
    levels = await Levels.open(connection, batch.programmes, account_ids)
    around = await Surroundings.open(connection, batch.common, account_ids, (programme for programme, _ in decided_by(deeds)), levels=levels)
    return await Books.open(connection, account_ids, counted=counted_by(deeds, route), around=around)


def _links(events: Sequence[Event[Any]]) -> list[Event[IdentifierLinked]]:
    return [event for event in events if isinstance(event.data, IdentifierLinked)]


async def _held(connection: Connection, account_ids: Sequence[UUID], lots: dict[UUID, list[Lot]]) -> dict[UUID, list[Allocation]]:
    """Read what open holds took out of the lots of these accounts, lot by lot, and add the lots of which all was taken."""
    if not account_ids:
        return {}
    found = await holds.open_of(connection, account_ids)
    taken = await holds.allocations(connection, [hold.id for hold in found])
    held: dict[UUID, dict[UUID, int]] = {}
    for hold in found:
        of_account = held.setdefault(hold.account_id, {})
        for lot_id, points in taken[hold.id]:
            of_account[lot_id] = of_account.get(lot_id, 0) + points
    known = {lot.id for of_account in lots.values() for lot in of_account}
    for lot in (await ledger.lots(connection, {lot_id for of_account in held.values() for lot_id in of_account} - known)).values():
        lots.setdefault(lot.account_id, []).append(lot)
    return {account_id: [Allocation(*each) for each in of_account.items()] for account_id, of_account in held.items()}
