"""The accounts of a batch, carried in memory from event to event as if each had been written, and written once at the end."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from accrual import metrics
from accrual.domain import ledger
from accrual.domain.accounts import AccountState, CounterKey, Profile
from accrual.domain.decisions import Decision, Grant, Refusal
from accrual.domain.entries import Account, Stamp
from accrual.domain.facts import Fact
from accrual.domain.ledger import Booking
from accrual.domain.lots import Allocation, Lot
from accrual.domain.programme import Programme
from accrual.domain.reversing import Reversal
from accrual.handlers.entitlements import Entitlements
from accrual.handlers.scores import Scores
from accrual.handlers.surroundings import Surroundings
from accrual.store import Connection, accounts
from accrual.store import ledger as store
from accrual.store.accounts import Counted, Standing
from accrual.store.ledger import Cause, Opened


class Books:
    """Every change of a batch. Nothing is in the database before `save`."""

    def __init__(self, standings: Mapping[UUID, Standing], lots: Mapping[UUID, Lot] | None = None, around: Surroundings | None = None) -> None:
        self._standings = dict(standings)
        self._around = around if around is not None else Surroundings()
        self.tally = self._around.tally
        self.levels = self._around.levels
        self.coupons_of = self._around.coupons_of
        self._profiles: dict[UUID, Profile] = {}
        self._lots = dict(lots or {})
        self._touched: set[UUID] = set()
        self._bookings: list[Booking] = []
        self._opened: dict[UUID, Opened] = {}
        self._changed: set[UUID] = set()
        self._counted: dict[Counted, int] = {}
        self._closed: dict[UUID, UUID] = {}
        self.entitlements = Entitlements()
        self.scores = Scores()
        self._moved: Counter[tuple[str, str]] = Counter()

    @classmethod
    async def open(
        cls,
        connection: Connection,
        account_ids: Iterable[UUID],
        *,
        counted: Iterable[Counted] = (),
        lots: Mapping[UUID, Lot] | None = None,
        around: Surroundings | None = None,
    ) -> "Books":
        """Read accounts, which must be locked, with these of their counters."""
        standings = await accounts.load(connection, list(account_ids))
        for account_id, counters in (await accounts.counters(connection, counted)).items():
            standing = standings[account_id]
            standings[account_id] = Standing(standing.account, standing.state._replace(counters=counters))
        return cls(standings, lots, around)

    def know(self, lots: Mapping[UUID, Iterable[Lot]]) -> None:
        """Take in lots, by account, as they were before the batch."""
        for lot in (lot for of_account in lots.values() for lot in of_account):
            self._lots.setdefault(lot.id, lot)

    def enter(self, standings: Mapping[UUID, Standing]) -> None:
        """Take in accounts that are not here yet, as they were before the batch. They must be locked."""
        self._standings = {**standings, **self._standings}

    def account(self, account_id: UUID) -> Account:
        """Return an account as it is after all changes so far."""
        return self._standings[account_id].account

    def lot(self, lot_id: UUID) -> Lot | None:
        """Return a lot as it is after all changes so far, if the batch knows it."""
        found = self._lots.get(lot_id)
        if found is None and lot_id in self._opened:
            found = self._opened[lot_id].lot
        return found

    def lots_of(self, account_id: UUID) -> list[Lot]:
        """Return the lots with points left that the batch knows of an account: all of them, where they were asked for."""
        known = {lot_id: opened.lot for lot_id, opened in self._opened.items()} | self._lots
        return [lot for lot in known.values() if lot.account_id == account_id and lot.remaining]

    def state(self, account_id: UUID) -> AccountState:
        """Return what the rules remember of an account after all changes so far."""
        return self._standings[account_id].state

    def state_for(self, account_id: UUID, programme: Programme, fact: Fact, *, without: bytes | None = None) -> AccountState:
        """Return the same with all that the rules may ask for an event; as if one cause had used nothing of what is counted together, if that is asked."""
        standing = self._standings[account_id]
        state = self._around.complete(standing.state, account_id, programme, fact, without=without)
        return state._replace(balance=sum(standing.account.balance)) if programme.asks_balance else state

    def remember(self, account_id: UUID, state: AccountState, counters: Iterable[tuple[CounterKey, int]]) -> None:
        """Let the rules remember something else of an account; these of its counters have changed."""
        before = self.state(account_id)
        self._standings[account_id] = Standing(self.account(account_id), before._replace(purchases=state.purchases, counters=state.counters))
        self._touched.add(account_id)
        for key, value in counters:
            self._counted[account_id, key] = value

    def decide(self, account_id: UUID, programme: Programme, fact: Fact) -> Decision:
        """Decide an event, and let the account remember it."""
        standing = self._standings[account_id]
        before = self.state_for(account_id, programme, fact)
        decision, state = programme.earn(fact, before)
        if isinstance(decision, Refusal):
            return decision
        if before is not standing.state:  # what is around is asked for anew at each event
            state = standing.state._replace(purchases=state.purchases, counters=state.counters)
        self._standings[account_id] = Standing(standing.account, state)
        self._touched.add(account_id)
        for key, value in decision.counters:
            self._counted[account_id, key] = value
        self.levels.decided(account_id, programme, fact, decision)
        return decision

    def grant(self, account_id: UUID, decision: Grant, stamp: Stamp, cause: Cause) -> Account:
        """Book a grant, and return the account after it. Its lot has the transaction's id."""
        standing = self._standings[account_id]
        booking = ledger.grant(standing.account, decision, stamp, lot_id=stamp.transaction_id)
        (account,), (lot,) = booking.accounts, booking.lots
        self._opened[lot.id] = Opened(lot, cause, account.version)
        self._standings[account_id] = Standing(account, standing.state)
        self._touched.add(account_id)
        self._bookings.append(booking)
        self._moved[stamp.programme, "granted"] += lot.amount
        return account

    def activate(self, lot: Lot, stamp: Stamp) -> Account:
        """Book that a pending lot became usable, and return the account after it."""
        booking = ledger.activate(self.account(lot.account_id), lot, stamp)
        self.book(booking, "activated", lot.remaining)
        return booking.accounts[0]

    def expire(self, lot: Lot, stamp: Stamp) -> Account:
        """Book that what remained of a lot is gone, and return the account after it."""
        booking = ledger.expire(self.account(lot.account_id), lot, stamp)
        self.book(booking, "expired", lot.remaining)
        return booking.accounts[0]

    def reverse(self, account_id: UUID, reversal: Reversal, stamp: Stamp) -> Account:
        """Book that points are taken back, and return the account after it: as it was, if nothing moves."""
        lots = {id_: lot for id_, _ in reversal.allocations if (lot := self.lot(id_)) is not None}
        booking = ledger.reverse(self.account(account_id), reversal, lots, stamp)
        self.book(booking, "reversed", reversal.taken + reversal.debt)
        self._moved[stamp.programme, "forgiven"] += max(reversal.forgiven, 0)
        return booking.accounts[0]

    def pay_debt(self, account_id: UUID, stamp: Stamp) -> Booking | None:
        """Book that available points pay what the account owes. None where it owes nothing, or has nothing to pay with."""
        account = self.account(account_id)
        if not (account.balance.debt and account.balance.available):
            return None
        booking = ledger.pay_debt(account, self.lots_of(account_id), stamp)
        self.book(booking, "debt-paid", booking.accounts[0].balance.debt - account.balance.debt)
        return booking

    def claim(self, source_id: UUID, target_id: UUID, lots: Iterable[Lot], stamp: Stamp, *, held: Iterable[Allocation] = ()) -> Booking:
        """Book that everything of an unclaimed account moves, what is held included, with what the rules remember of it, and close that account."""
        source, target = self._standings[source_id], self._standings[target_id]
        booking = ledger.claim(source.account, target.account, list(lots), stamp, held=held)
        self.book(booking, "moved", sum(lot.remaining for lot in booking.lots))
        if source.state.purchases and not target.state.purchases:  # what was chosen for the guest stays chosen
            self._know(target_id, target.state.profile._replace(seed=source.state.profile.seed))
            target = self._standings[target_id]
        purchases = target.state.purchases + source.state.purchases
        self._standings[target_id] = Standing(self.account(target_id), target.state._replace(purchases=purchases))
        self._closed[source_id] = target_id
        self.levels.merge(source_id, target_id, now=stamp.booked_at)
        return booking

    def join(self, account_id: UUID, *, at: datetime) -> None:
        """Remember when an account's member joined the programme."""
        self._know(account_id, self.state(account_id).profile._replace(joined_at=at))

    def _know(self, account_id: UUID, profile: Profile) -> None:
        standing = self._standings[account_id]
        self._standings[account_id] = Standing(standing.account, standing.state._replace(profile=profile))
        self._profiles[account_id] = profile

    async def save(self, connection: Connection, *, now: datetime) -> None:
        """Write everything, one statement a table."""
        await store.book(connection, self._bookings, booked_at=now)
        await store.open_lots(connection, [opened._replace(lot=self._lots[id_]) if id_ in self._changed else opened for id_, opened in self._opened.items()])
        await store.change_lots(connection, [self._lots[lot_id] for lot_id in sorted(self._changed - self._opened.keys())])
        await accounts.save(connection, [self._standings[account_id] for account_id in sorted(self._touched)])
        await accounts.save_profiles(connection, self._profiles)
        await accounts.count(connection, self._counted.items())
        await self.tally.save(connection)
        await self.levels.save(connection, now=now)
        await self.entitlements.save(connection, now=now)
        await self.scores.save(connection)
        if self._closed:
            await accounts.merge_counters(connection, self._closed.items())
            await accounts.close(connection, self._closed.items())

    def count(self) -> None:
        """Tell the metrics what was booked, once it is committed."""
        for (programme, movement), points in self._moved.items():
            metrics.POINTS.labels(programme, movement).inc(points)

    def opened(self, opened: Opened) -> None:
        """Take in a lot that a booking opened by other means than a grant."""
        self._opened[opened.lot.id] = opened

    def book(self, booking: Booking, movement: str, points: int) -> None:
        """Take in a transaction, with its accounts and lots as they are after it; points of some movement are counted."""
        for account in booking.accounts:
            self._standings[account.id] = Standing(account, self._standings[account.id].state)
            self._touched.add(account.id)
        for lot in booking.lots:
            self._lots[lot.id] = lot
            self._changed.add(lot.id)
        if booking.transaction.entries:
            self._bookings.append(booking)
            self._moved[booking.transaction.stamp.programme, movement] += points
