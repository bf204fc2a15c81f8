"""An account over many purchases, spendings, expiries and returns: what a member got out of it is what was spent, whatever comes back when."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from accrual.domain.decisions import Explanation, Grant
from accrual.domain.document.lives import SpentPolicy
from accrual.domain.ledger import Booking, activate, expire, grant, pay_debt, reverse
from accrual.domain.lots import Lot, LotState, consume, expired, reduced
from accrual.domain.reversing import Due, plan

from .builders import FRIDAY_NOON, a_stamp, an_account


class Till:
    """One account, the purchases it was granted points for, and a clock that goes on by a day with each step."""

    def __init__(self, spent: SpentPolicy) -> None:
        self.policy = spent
        self.account = an_account()
        self.now = FRIDAY_NOON
        self.lots: dict[UUID, Lot] = {}
        self.bought: list[tuple[UUID, int]] = []
        self.kept: list[int] = []
        self.settled: list[int] = []
        self.let_off: list[int] = []
        self.gone: dict[UUID, int] = {}
        self.spent = self.forgiven = self.number = 0

    def book(self, booking: Booking) -> None:
        assert sum(entry.amount for entry in booking.transaction.entries) == 0
        (self.account,) = booking.accounts
        self.lots.update({lot.id: lot for lot in booking.lots})

    def stamp(self) -> object:
        self.number += 1
        return a_stamp(self.number, booked_at=self.now)

    def take(self, step: str, points: int, *, flag: bool) -> None:
        self.now += timedelta(days=1)
        if step == "buy":
            lot_id = UUID(int=len(self.bought) + 1)
            usable, gone = self.now + timedelta(days=2 * flag), self.now + timedelta(days=2 + points % 7)
            self.book(grant(self.account, Grant(Explanation(points), usable, gone if points % 2 else None), self.stamp(), lot_id=lot_id))
            self.bought.append((lot_id, points))
            self.kept.append(points)
            self.settled.append(0)
            self.let_off.append(0)
        elif step == "spend":
            for lot_id, part in consume([lot for lot in self.lots.values() if lot.state is LotState.AVAILABLE], points=points, at=self.now) or ():
                self.lots[lot_id] = reduced(self.lots[lot_id], points=part)
                balance = self.account.balance
                self.account = self.account._replace(balance=balance._replace(available=balance.available - part))
                self.spent += part
        elif step == "return" and self.bought:
            self.give_back(points % len(self.bought), points)
        elif step == "clock":
            self.tick()
        self.book(pay_debt(self.account, self.lots.values(), self.stamp()))

    def tick(self) -> None:
        for lot in [lot for lot in self.lots.values() if lot.remaining]:
            if expired(lot, at=self.now):
                self.gone[lot.id] = self.gone.get(lot.id, 0) + lot.remaining
                self.book(expire(self.account, lot, self.stamp()))
            elif lot.state is LotState.PENDING and lot.usable_from <= self.now:
                self.book(activate(self.account, lot, self.stamp()))

    def give_back(self, place: int, points: int) -> None:
        lot_id, granted = self.bought[place]
        self.kept[place] = max(self.kept[place] - points, 0)
        due = Due(granted, self.kept[place], self.settled[place], self.gone.get(lot_id, 0), self.let_off[place])
        found = plan(due, own=[self.lots[lot_id]], others=self.lots.values(), at=self.now, spent=self.policy)
        self.book(reverse(self.account, found, self.lots, self.stamp()))
        self.settled[place] += found.points
        self.forgiven += found.forgiven
        self.let_off[place] += found.forgiven
        assert found.forgiven >= 0  # only a correction gives more, so that less is forgiven
        assert self.settled[place] + self.gone.get(lot_id, 0) <= granted


_STEPS = st.lists(st.tuples(st.sampled_from(("buy", "buy", "spend", "return", "return", "clock")), st.integers(1, 60), st.booleans()), min_size=3, max_size=30)


@settings(max_examples=60, deadline=None)
@given(steps=_STEPS, policy=st.sampled_from(("clamp", "debt", "block")))
def test_when_everything_came_back_the_account_is_short_of_exactly_what_was_spent(steps: list[tuple[str, int, bool]], policy: SpentPolicy):
    till = Till(policy)
    for step, points, flag in steps:
        till.take(step, points, flag=flag)
        usable = sum(lot.remaining for lot in till.lots.values() if lot.state is LotState.AVAILABLE and not expired(lot, at=till.now))
        assert till.account.balance.debt == 0 or usable == 0  # debt is paid before anything else becomes available
    for place in range(len(till.bought)):
        till.give_back(place, till.kept[place])
    till.now += timedelta(days=100)
    till.tick()
    balance = till.account.balance
    assert balance.pending + balance.available + balance.debt == till.forgiven - till.spent
    assert policy != "debt" or till.forgiven == 0
    for place, (lot_id, granted) in enumerate(till.bought):
        assert till.settled[place] + till.gone.get(lot_id, 0) == granted
