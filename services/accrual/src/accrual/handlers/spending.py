"""Points put aside, used and given back: carried through a batch in memory, like the accounts, and written once at the end.

What is done with them stands in `holding` (holds) and `restoring` (what comes back with goods).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from accrual.domain.entries import NO_EVIDENCE, Account, Stamp
from accrual.domain.ledger import Booking
from accrual.domain.lots import Allocation, Lot, LotState, consume, in_order, usable
from accrual.domain.spending import bookings
from accrual.domain.spending.giving_back import Spent
from accrual.domain.spending.holds import Hold
from accrual.handlers import rewards, telling
from accrual.handlers.books import Books
from accrual.handlers.clockwork import activate
from accrual.handlers.rewards import SOURCE, Origin
from accrual.store import Connection, entitlements, ledger
from accrual.store import holds as store
from accrual.store.holders import Owner
from accrual.store.holds import Allocated, Made, Restoral, Spend
from contracts.spending import RewardSpent
from shared.batches import Repeat
from shared.outbox import Message

_NOBODYS = UUID(int=0)


class Purpose(NamedTuple):
    """What points are used for: a hold, a purchase, or something that its user knows."""

    hold_id: UUID | None = None
    purchase_key: bytes | None = None

    @property
    def evidence(self) -> bytes:
        """Return what the ledger keeps of it."""
        return sha256((b"" if self.hold_id is None else self.hold_id.bytes) + (self.purchase_key or b"")).digest()


class Spending:
    """Every hold and use of points of a batch. Accounts must be locked, and in the books with all their lots."""

    def __init__(
        self, books: Books, owners: Mapping[UUID, Owner], messages: list[Message], *, now: datetime, oldest_first: frozenset[str] = frozenset()
    ) -> None:
        """Take the books, whose the accounts are, the messages of the batch, to which others are added, and programmes whose points go by age."""
        self._oldest_first = oldest_first
        self.books, self.owners, self.messages, self.now = books, owners, messages, now
        self.holds: dict[UUID, Hold] = {}
        self.taken: dict[UUID, tuple[Allocation, ...]] = {}  #: what each hold took out of lots, in the order in which they are spent
        self.spends: dict[bytes, list[Spent]] = {}  #: by the purchase that they paid for, in order
        self.made: list[tuple[Hold, Made]] = []
        self.resolved: dict[UUID, Hold] = {}
        self._spent: list[Spend] = []
        self._restored: list[Restoral] = []
        self._allocated: list[Allocated] = []

    async def load(self, connection: Connection, *, holds: Iterable[UUID] = (), purchases: Iterable[bytes] = ()) -> None:
        """Read holds with the rewards that they reserve, uses of points for purchases, and all lots concerned."""
        found = await store.find(connection, holds)
        reserved = {id_ for hold in found.values() for id_ in hold.entitlements}
        if reserved:
            self.books.entitlements.know((await entitlements.by_ids(connection, reserved)).values())
        rows = await store.spends_for(connection, purchases)
        used = await store.used(connection, rows)
        taken = await store.allocations(connection, found)
        lot_ids = {lot_id for of in taken.values() for lot_id, _ in of} | {lot_id for each in used.values() for lot_id, _ in each.allocations}
        if lot_ids:
            self.books.know({_NOBODYS: (await ledger.lots(connection, lot_ids)).values()})
        self.holds |= found
        self.taken |= {hold_id: self.ordered(taken.get(hold_id, ())) for hold_id in found}
        for row in rows:
            if row.purchase_key is not None:
                self.know_spent(row.purchase_key, used[row.id])

    def know_spent(self, purchase_key: bytes, spent: Spent) -> None:
        """Remember points that paid for a purchase."""
        self.spends.setdefault(purchase_key, []).append(spent._replace(allocations=self.ordered(spent.allocations)))

    def usable(self, account_id: UUID) -> int:
        """Return how many points can be used now. Those whose day has come are activated first."""
        for lot in self.books.lots_of(account_id):
            if lot.state is LotState.PENDING and usable(lot, at=self.now):
                self.messages += activate(self.books, lot, self.owners[account_id], self.now)
        return sum(lot.remaining for lot in self.books.lots_of(account_id) if usable(lot, at=self.now))

    def consumed(self, account_id: UUID, points: int) -> tuple[Allocation, ...]:
        """Choose the lots that so many usable points are taken from."""
        found = consume(self.books.lots_of(account_id), points=points, at=self.now, oldest_first=self._by_age(account_id))
        if found is None:
            raise ValueError(f"account {account_id} has not so many usable points: {points}")
        return found

    def spend(self, account_id: UUID, points: int, origin: Origin, step: Origin, purpose: Purpose = Purpose(), *, short: bool = False) -> Spent:  # noqa: B008  frozen
        """Use usable points at once. `step` names this use for ever: its id follows from it. With `short`, what is missing is owed."""
        there = min(points, self.usable(account_id)) if short else points
        allocations, owed = self.consumed(account_id, there), points - there
        stamp = self.stamp(rewards.change_id(step, RewardSpent.type, ""), account_id, origin, evidence=purpose.evidence)
        account = self.book(bookings.spend(self.books.account(account_id), self.lots(allocations), allocations, stamp, owed=owed), "spent", points)
        return self.use(account, allocations, owed, purpose, stamp, origin)

    def use(self, account: Account, allocations: tuple[Allocation, ...], owed: int, purpose: Purpose, stamp: Stamp, origin: Origin) -> Spent:
        """Remember points that were used by a transaction, and say so."""
        points = sum(amount for _, amount in allocations)
        spent = Spent(stamp.transaction_id, account.id, allocations, owed)
        self._spent.append(Spend(spent.id, account.id, points, owed, *purpose))
        self.allocate(spent.id, allocations)
        if purpose.purchase_key is not None:
            self.know_spent(purpose.purchase_key, spent)
        owner = self.owners[account.id].holder
        if owner is not None:
            said = telling.Used(spent.id, purpose.hold_id, points, owed, self.left(allocations))
            self.messages.append(telling.spent(account, said, stamp, owner=owner, origin=origin))
        return spent

    def restored(self, restoral: Restoral, allocations: Sequence[Allocation]) -> None:
        """Remember used points that came back by a transaction."""
        self._restored.append(restoral)
        self.allocate(restoral.id, allocations)

    def allocate(self, transaction_id: UUID, allocations: Iterable[Allocation]) -> None:
        """Remember what a transaction took out of lots, or gave back to them."""
        self._allocated += [Allocated(transaction_id, each) for each in allocations]

    def book(self, booking: Booking, movement: str, points: int) -> Account:
        """Book a transaction, and return its first account after it."""
        self.books.book(booking, movement, points)
        return booking.accounts[0]

    def stamp(self, id_: UUID, account_id: UUID, origin: Origin, *, evidence: bytes = NO_EVIDENCE, version: int = 0) -> Stamp:
        """Return the stamp of a transaction at an account."""
        return Stamp(id_, origin.source, origin.event_id, self.owners[account_id].programme, version, origin.occurred_at, self.now, evidence)

    def lots(self, allocations: Iterable[Allocation]) -> dict[UUID, Lot]:
        """Return the lots named, as they are now."""
        return {lot_id: lot for lot_id, _ in allocations if (lot := self.books.lot(lot_id)) is not None}

    def ordered(self, allocations: Sequence[Allocation]) -> tuple[Allocation, ...]:
        """Return the same in the order in which lots are spent."""
        points = dict(allocations)
        lots = self.lots(allocations).values()
        return tuple(Allocation(lot.id, points[lot.id]) for lot in in_order(lots, oldest_first=any(self._by_age(lot.account_id) for lot in lots)))

    def _by_age(self, account_id: UUID) -> bool:
        """Tell whether an account's points are spent by age."""
        return bool(self._oldest_first) and account_id in self.owners and self.owners[account_id].programme in self._oldest_first

    def left(self, allocations: Sequence[Allocation]) -> tuple[tuple[UUID, int, int], ...]:
        """Return points taken, or given back, with what is in each lot now."""
        lots = self.lots(allocations)
        return tuple((lot_id, points, lots[lot_id].remaining) for lot_id, points in allocations)

    async def save(self, connection: Connection) -> None:
        """Write holds, uses of points and what came back. The books are saved by whoever opened them. Raises Repeat if a permit has just been used."""
        for hold, told in self.made:
            if not await store.add(connection, hold, told):
                raise Repeat("a permit was used in the same moment")
        await store.resolve(connection, list(self.resolved.values()))
        await store.add_spends(connection, self._spent, spent_at=self.now)
        await store.add_restorals(connection, self._restored, restored_at=self.now)
        await store.allocate(connection, self._allocated)


def step_of(cause: str, occurred_at: datetime) -> Origin:
    """Name a step of something of ours: done again after a restore, it has the same ids."""
    return Origin(SOURCE, cause, "schedule", occurred_at)
