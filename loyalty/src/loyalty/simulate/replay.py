"""The replay itself: every purchase of a history decided by the programme's own rules, each account in the state that its past left it in.

Nothing here decides what a purchase earns or what a return takes: `Programme.decide` and `keeping.keep` do, as they do behind the broker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from hashlib import sha256

from accrual.domain.accounts import AccountState, CounterKey, Profile
from accrual.domain.decisions import Decision, Grant, Operation, Refusal
from accrual.domain.facts import Fact, Registration
from accrual.domain.programme import Programme
from loyalty.console import Advance
from loyalty.history.events import Bought, Brought, Did, History
from loyalty.simulate.outcome import MemberSums, Month, MonthSums, Outcome, RuleSums
from loyalty.simulate.returning import Shelf
from loyalty.simulate.wallets import Wallet

#: Told to the progress bar at once.
STEP = 2_000
#: More counters than that of one account, and those of days that are over are forgotten.
MANY_COUNTERS = 256
_GIVING = frozenset({Operation.EARN, Operation.MULTIPLY, Operation.FIXED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What is not in the data."""

    redemption: Fraction = Fraction(7, 10)  #: of points issued and kept, so many are expected to be spent


class Member:
    """A customer in the simulation: what the rules remember, the points, and what was bought."""

    __slots__ = ("counters", "profile", "purchases", "shelf", "sums", "wallet")

    def __init__(self, name: str, joined_at: datetime, redemption: Fraction) -> None:
        self.counters: dict[CounterKey, int] = {}
        self.profile = Profile(member=True, joined_at=joined_at, seed=sha256(name.encode()).digest()[:16])
        self.purchases = 0
        self.wallet = Wallet(redemption)
        self.shelf = Shelf()
        self.sums = MemberSums()


class Replay:
    """One programme over one history. Use it once."""

    def __init__(self, programme: Programme, history: History, assumptions: Assumptions) -> None:
        """Take a programme in whose currencies the history is."""
        self._programme, self._history = programme, history
        self._zone, self._redemption = programme.terms.zone, assumptions.redemption
        self._in_debt = programme.terms.returns.spent == "debt"
        self._remembers = any(isinstance(event, Brought) for event in history.events)
        self._members: dict[str, Member] = {}
        self._shared: dict[CounterKey, int] = {}
        self._given: dict[tuple[str, int], int] = {}  #: by rule and denominator
        self._month = (date.min, MonthSums())
        self.outcome = Outcome(redemption=assumptions.redemption, worth=programme.terms.worth[history.currency])

    def run(self, advance: Advance) -> Outcome:
        """Go through the history."""
        for number, event in enumerate(self._history.events, start=1):
            if isinstance(event, Bought):
                self._buy(event)
            elif isinstance(event, Brought):
                self._bring_back(event)
            else:
                self._do(event)
            if number % STEP == 0:
                advance(number)
        advance(len(self._history.events))
        return self._finished()

    def _buy(self, event: Bought) -> None:
        outcome, amount = self.outcome, event.amount
        month = self._month_at(event.occurred_at)
        month.purchases += 1
        month.revenue += amount
        outcome.purchases += 1
        outcome.revenue += amount
        if outcome.cost_of_goods is not None:
            outcome.cost_of_goods = None if event.cost is None else outcome.cost_of_goods + event.cost
        if event.customer is None:
            outcome.anonymous += 1
            return
        member = self._member(event.customer, event.occurred_at, month)
        month.members_revenue += amount
        month.active.add(event.customer)
        member.sums.purchases += 1
        member.sums.revenue += amount
        self._spend(member, amount, event.occurred_at, month)
        decision = self._decide(event.purchase, member)
        if isinstance(decision, Refusal):
            return
        member.purchases += 1
        self._book(decision, member, month)
        if self._remembers:
            member.shelf.put(event.purchase, decision)

    def _do(self, event: Did) -> None:
        month = self._month_at(event.occurred_at)
        member = self._member(event.customer, event.occurred_at, month)
        decision = self._decide(event.activity._replace(programme=self._programme.terms.id), member)
        self._book(decision, member, month)

    def _bring_back(self, event: Brought) -> None:
        """Take back what the goods that are left do not earn, by the rules that gave it."""
        outcome, month = self.outcome, self._month_at(event.occurred_at)
        outcome.returns += 1
        member = self._members.get(event.customer or "")
        amount = event.amount
        if member is not None:
            found = member.shelf.take(event, self._programme, self._state_of(member))
            amount = amount or found.amount
            outcome.unmatched_returns += found.unmatched
            member.counters.update(found.counters)
            member.purchases = found.purchases
            if found.points:
                outcome.forgiven += member.wallet.take_back(found.points, in_debt=self._in_debt)
                member.sums.taken_back += found.points
                month.taken_back += found.points
            member.sums.revenue -= amount
            month.members_revenue -= amount
        else:
            outcome.unmatched_returns += len(event.asked.lines)
        month.revenue -= amount
        outcome.revenue -= amount
        if outcome.cost_of_goods is not None:
            outcome.cost_of_goods -= event.cost or 0

    def _member(self, name: str, at: datetime, month: MonthSums) -> Member:
        """Return a member, who joins at the first thing they do, as the programme welcomes them."""
        member = self._members.get(name)
        if member is None:
            member = self._members[name] = Member(name, at, self._redemption)
            self.outcome.members[name] = member.sums
            month.new += 1
            self._book(self._decide(Registration(self._programme.terms.id, at), member), member, month)
        return member

    def _decide(self, fact: Fact, member: Member) -> Decision:
        decision = self._programme.decide(fact, self._state_of(member))
        if isinstance(decision, Refusal):
            self.outcome.refused[decision.reason] += 1
            return decision
        if decision.counters:
            member.counters.update(decision.counters)
            if len(member.counters) > MANY_COUNTERS:
                _forget_days(member.counters, fact.occurred_at)
        effects = decision.effects
        if effects.shared:
            self._shared.update(effects.shared)
        for due in effects.rewards:
            self.outcome.rewards[due.reward] += due.quantity
        return decision

    def _state_of(self, member: Member) -> AccountState:
        return AccountState(member.purchases, member.counters, member.profile, self._shared)

    def _book(self, decision: Decision, member: Member, month: MonthSums) -> None:
        if isinstance(decision, Refusal):
            return
        explanation, given, rules, silent = decision.explanation, self._given, self.outcome.rules, self.outcome.silent
        for rule, operation, numerator, denominator, *_ in explanation.steps:
            given[rule, denominator] = given.get((rule, denominator), 0) + numerator
            sums = rules.get(rule) or rules.setdefault(rule, RuleSums())
            if operation in _GIVING:
                sums.times += 1
            elif operation is Operation.CAP:
                sums.capped += 1
        for reason in explanation.not_given:
            silent[reason] += 1
        if isinstance(decision, Grant):
            points = decision.points
            month.issued += points
            member.sums.issued += points
            member.wallet.grant(points, usable_from=decision.usable_from, expires_at=decision.expires_at)

    def _spend(self, member: Member, amount: int, at: datetime, month: MonthSums) -> None:
        """Let the member spend what is expected, no more than the receipt is worth."""
        for moment, gone in member.wallet.expire(at):
            self._month_at(moment).expired += gone
        usable = member.wallet.usable(at)
        if usable:
            points = min(usable, int(amount / self.outcome.worth))
            member.wallet.spend(points)
            member.sums.spent += points
            month.spent += points

    def _month_at(self, moment: datetime) -> MonthSums:
        day = moment.astimezone(self._zone).date()
        if self._month[0] == day:
            return self._month[1]
        key: Month = (day.year, day.month)
        sums = self.outcome.months.get(key) or self.outcome.months.setdefault(key, MonthSums())
        self._month = (day, sums)
        return sums

    def _finished(self) -> Outcome:
        outcome = self.outcome
        ends = self._history.events[-1].occurred_at
        for member in self._members.values():
            for moment, gone in member.wallet.expire(ends):
                self._month_at(moment).expired += gone
            member.sums.open = member.wallet.open
            outcome.open_points += member.wallet.open
        for (rule, denominator), numerator in self._given.items():
            outcome.rules[rule].points += Fraction(numerator, denominator)
        for written in self._programme.document.earning:
            outcome.rules.setdefault(written.id, RuleSums())
        outcome.months = _without_gaps(outcome.months)
        return outcome


def _without_gaps(months: dict[Month, MonthSums]) -> dict[Month, MonthSums]:
    """Sort months, and put empty ones where nothing happened."""
    numbers = [year * 12 + month - 1 for year, month in months]
    every = [(number // 12, number % 12 + 1) for number in range(min(numbers), max(numbers) + 1)]
    return {month: months.get(month) or MonthSums() for month in every}


def _forget_days(counters: dict[CounterKey, int], at: datetime) -> None:
    """Forget counters of days long past: no rule reads them any more."""
    this_year_and_last = (f":{at.year}", f":{at.year - 1}")
    for key in [key for key in counters if "/day:" in key.period and not _recent(key.period, at, this_year_and_last)]:
        del counters[key]


def _recent(period: str, at: datetime, years: Sequence[str]) -> bool:
    day = period.partition(":")[2]
    return f":{day[:4]}" in years and abs((datetime.fromisoformat(day).date() - at.date()).days) <= 2  # noqa: PLR2004  zones differ by a day
