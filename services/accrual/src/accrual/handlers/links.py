"""Identifiers find their member: which links count, and what an unclaimed account hands over."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from accrual.domain.entries import Stamp
from accrual.domain.lots import Allocation, Lot
from accrual.handlers import rewards
from accrual.handlers.books import Books
from accrual.handlers.debts import pay
from accrual.handlers.rewards import Origin
from accrual.handlers.routes import Route
from accrual.store import Connection, holders
from accrual.store.holders import Link, Wanted
from contracts.envelope import Event
from contracts.identifiers import member_holder
from contracts.members import IdentifierLinked
from contracts.rewards import RewardMoved
from contracts.verdicts import Verdict
from shared.batches import Outcome
from shared.outbox import Message

_APPLIED, _STALE, _DUPLICATE = Outcome(Verdict.APPLIED), Outcome(Verdict.STALE), Outcome(Verdict.DUPLICATE)


class Links:
    """The links of one batch, settled: what becomes of each, whose the identifiers are in the end, and which were nobody's before."""

    def __init__(self, events: Iterable[Event[IdentifierLinked]], links: Mapping[str, Link]) -> None:
        """Take the links in their order. Only a higher link version counts, so an identifier ends with the same member in any order."""
        self.changed: dict[str, Link] = {}
        self.claims: dict[str, Event[IdentifierLinked]] = {}  # the first member's link of an identifier that was nobody's
        self._outcomes: dict[int, Outcome] = {}
        self._members: dict[str, set[str]] = {}
        for event in events:
            data = event.data
            if data.released_at is None and data.link_version > links[data.identifier].version:
                self._members.setdefault(data.identifier, set()).add(member_holder(data.member_id))
            before = self.changed.get(data.identifier) or links[data.identifier]
            if data.link_version <= before.version:
                self._outcomes[id(event)] = _DUPLICATE if data.link_version == before.version else _STALE
                continue
            member_id = None if data.released_at is not None else data.member_id
            if before.member_id is None and member_id is not None:
                self.claims.setdefault(data.identifier, event)
            self.changed[data.identifier] = Link(member_id, data.link_version)
            self._outcomes[id(event)] = _APPLIED

    @property
    def identifiers(self) -> list[str]:
        """Return all identifiers that a member may get."""
        return list(self._members)

    def outcome_of(self, event: Event[IdentifierLinked]) -> Outcome:
        """Return what becomes of one of the events."""
        return self._outcomes[id(event)]

    def wanted(self, unclaimed: Iterable[Wanted]) -> list[Wanted]:
        """Return whose accounts the claims need: the members', in every programme where something may wait."""
        return [Wanted(member_holder(self.claims[each.holder].data.member_id), each.programme) for each in unclaimed]

    def may_want(self, unclaimed: Iterable[Wanted]) -> list[Wanted]:
        """Return whose accounts the claims may need: if a link turns out to be poison, the next one of its identifier claims."""
        return [Wanted(member, each.programme) for each in unclaimed for member in self._members.get(each.holder, ())]

    async def save(self, connection: Connection) -> None:
        """Write whose the identifiers are. Those that are nobody's again get an empty account where theirs was claimed."""
        if self.changed:
            await holders.set_links(connection, self.changed)
            await holders.reopen(connection, [identifier for identifier, link in self.changed.items() if link.member_id is None])


class Claims:
    """Moves what waits in unclaimed accounts to the members who prove their identifiers."""

    def __init__(
        self,
        books: Books,
        route: Route,
        unclaimed: Mapping[Wanted, UUID],
        lots: Mapping[UUID, Sequence[Lot]],
        *,
        held: Mapping[UUID, Sequence[Allocation]],
        now: datetime,
    ) -> None:
        """Take the unclaimed accounts with their lots, and what their open holds took out of these."""
        self._books = books
        self._route = route
        self._unclaimed = unclaimed
        self._lots = lots
        self._held = held
        self._now = now

    def move(self, event: Event[IdentifierLinked]) -> list[Message]:
        """Move everything that the identifier's unclaimed accounts hold, one programme after the other. Empty ones are only closed."""
        messages: list[Message] = []
        identifier, member = event.data.identifier, member_holder(event.data.member_id)
        origin = Origin(event.source, event.id, "link", event.data.linked_at.astimezone(UTC), traceparent=event.traceparent)
        for (holder, programme), source_id in sorted(self._unclaimed.items()):
            if holder != identifier:
                continue
            target_id = self._route.to(Wanted(member, programme)).account_id
            stamp = Stamp(
                transaction_id=rewards.change_id(origin, f"{RewardMoved.type}/out/{programme}", identifier),
                cause_source=origin.source,
                cause_event=origin.event_id,
                programme=programme,
                programme_version=0,
                occurred_at=origin.occurred_at,
                booked_at=self._now,
            )
            booking = self._books.claim(source_id, target_id, self._lots.get(source_id, ()), stamp, held=self._held.get(source_id, ()))
            if booking.transaction.entries:
                source, target = booking.accounts
                messages += rewards.moved(source, target, booking.lots, stamp, holders=(identifier, member), origin=origin)
                messages += pay(self._books, target_id, stamp, owner=member, origin=origin)
            messages += self._books.entitlements.move(source_id, target_id, left=identifier, arrived=member, origin=origin, now=self._now)
            messages += self._books.levels.tell(target_id, member, origin, now=self._now)
        return messages
