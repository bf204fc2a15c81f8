"""The replay itself: every purchase of a history decided by the programme's own rules, each account in the state that its past left it in.

Nothing here decides what a purchase earns or what a return takes: `Programme.decide` and `keeping.keep` do, as they do behind the broker.
"""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.decisions import Decision, Grant, NotGiven, NothingEarned, Operation, Refusal
from accrual.domain.facts import Fact, Purchase, Registration
from accrual.domain.programme import Programme
from accrual.domain.spending.rules import spendable
from accrual.domain.tiers.progress import Progress
from accrual.domain.tiers.timeline import Timeline
from accrual.domain.transition import OTHER_VERSION
from loyalty.console import Advance
from loyalty.history.events import Bought, Brought, Did, History
from loyalty.simulate.discounting import discounted
from loyalty.simulate.members import Member
from loyalty.simulate.outcome import Month, MonthSums, Outcome, RuleSums

#: Told to the progress bar at once.
STEP = 2_000
_GIVING = frozenset({Operation.EARN, Operation.MULTIPLY, Operation.FIXED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What is not in the data."""

    redemption: Fraction = Fraction(7, 10)  #: of points issued and kept, so many are expected to be spent


class Replay:
    """One programme over one history. Use it once."""

    def __init__(self, programme: Programme, history: History, assumptions: Assumptions) -> None:
        """Take a programme in whose currencies the history is."""
        self._programme, self._history = programme, history
        self._zone, self._redemption = programme.terms.zone, assumptions.redemption
        self._timeline = Timeline([(date.min, programme.terms.version, programme.ladder)], programme.terms.zone)
        self._prices = bool(programme.document.all_discounts)
        self._climbs = bool(self._timeline)
        self._in_debt = programme.terms.returns.spent == "debt"
        self._remembers = any(isinstance(event, Brought) for event in history.events)
        self._members: dict[str, Member] = {}
        self._shared: dict[CounterKey, int] = {}
        self._given: dict[tuple[str, Operation, int], list[int]] = {}  #: by rule, operation and denominator: the sum of numerators, and how many
        self._alone = programme.terms.better_until is None  #: what another version would have given is said anew each time
        self._silent: dict[tuple[NotGiven, ...], int] = {}  #: most purchases are alike in what they are not given
        self._month = (date.min, MonthSums())
        self.outcome = Outcome(redemption=assumptions.redemption, worth=programme.terms.worth.get(history.currency, Fraction(0)))

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
            if self._prices:
                month.discounts += discounted(self._programme, event.purchase, AccountState(shared=self._shared), outcome)[1]
            return
        member = self._member(event.customer, event.occurred_at, month)
        day = self._month[0]
        if self._climbs:
            member.stand(day)
        month.members_revenue += amount
        month.active[event.customer] = member.profile.tier
        sums = member.sums
        sums.purchases += 1
        sums.revenue += amount
        state, purchase = member.state(self._shared), event.purchase
        if self._prices:
            purchase, less = discounted(self._programme, purchase, state, outcome)
            sums.discounts += less
            month.discounts += less
        self._spend(member, purchase, month)
        decision = self._decide(purchase, member, state)
        if isinstance(decision, Refusal):
            return
        member.purchases += 1
        self._book(decision, member, month)
        if self._climbs:
            member.count(day, Progress(decision.explanation.points, sum([line.paid_amount for line in purchase.lines]), 1))
        if self._remembers:
            member.shelf.put(purchase, decision)

    def _do(self, event: Did) -> None:
        month = self._month_at(event.occurred_at)
        member = self._member(event.customer, event.occurred_at, month)
        day = self._month[0]
        member.stand(day)
        decision = self._decide(event.activity._replace(programme=self._programme.terms.id), member, member.state(self._shared))
        if not isinstance(decision, Refusal):
            self._book(decision, member, month)
            member.count(day, Progress(points=decision.explanation.points))

    def _bring_back(self, event: Brought) -> None:
        """Take back what the goods that are left do not earn, by the rules that gave it."""
        outcome, month = self.outcome, self._month_at(event.occurred_at)
        outcome.returns += 1
        member = self._members.get(event.customer or "")
        amount = event.amount
        if member is not None:
            found = member.shelf.take(event, self._programme, member.state(self._shared))
            amount = amount or found.amount
            outcome.unmatched_returns += found.unmatched
            member.counters.update(found.counters)
            self._shared.update(found.shared)
            member.purchases = found.purchases
            for moment, undone in found.undone:
                member.count(self._day_of(moment), undone)
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
            member = self._members[name] = Member(name, at, redemption=self._redemption, timeline=self._timeline)
            self.outcome.members[name] = member.sums
            month.new += 1
            welcome = self._decide(Registration(self._programme.terms.id, at), member, member.state(self._shared))
            if not isinstance(welcome, Refusal):
                self._book(welcome, member, month)
                member.count(self._month[0], Progress(points=welcome.explanation.points))
        return member

    def _decide(self, fact: Fact, member: Member, state: AccountState) -> Decision:
        if self._programme.asks_balance:
            state = state._replace(balance=member.wallet.balance - member.wallet.debt)
        decision = self._programme.decide(fact, state)
        if isinstance(decision, Refusal):
            self.outcome.refused[decision.reason] += 1
            return decision
        if decision.counters:
            member.keep(decision.counters, fact.occurred_at)
        if decision.version is not None:
            self.outcome.by_before += 1
        effects = decision.effects
        if effects.shared:
            self._shared.update(effects.shared)
        for due in effects.rewards:
            self.outcome.rewards[due.reward] += due.quantity
        return decision

    def _book(self, decision: Grant | NothingEarned, member: Member, month: MonthSums) -> None:
        explanation, given = decision.explanation, self._given
        for rule, operation, numerator, denominator, *_ in explanation.steps:
            sums = given.get((rule, operation, denominator))
            if sums is None:
                given[rule, operation, denominator] = [numerator, 1]
            else:
                sums[0] += numerator
                sums[1] += 1
        silent = explanation.not_given if self._alone else tuple(each for each in explanation.not_given if each.reason != OTHER_VERSION)
        self._silent[silent] = self._silent.get(silent, 0) + 1
        if isinstance(decision, Grant):
            points = decision.points
            month.issued += points
            member.sums.issued += points
            member.wallet.grant(points, usable_from=decision.usable_from, expires_at=decision.expires_at)

    def _spend(self, member: Member, purchase: Purchase, month: MonthSums) -> None:
        """Let the member spend what is expected, as far as the programme lets points pay for this receipt."""
        at, programme = purchase.occurred_at, self._programme
        for moment, gone in member.wallet.expire(at):
            self._month_at(moment).expired += gone
        usable = member.wallet.usable(at)
        if not usable:
            return
        starts = None if programme.fraud is None else programme.fraud.spending_from(member.profile)
        if starts is not None and at < starts:
            return
        points = spendable(programme, usable=usable, purchase=purchase).points
        if points:
            member.wallet.spend(points)
            member.sums.spent += points
            month.spent += points

    def _month_at(self, moment: datetime) -> MonthSums:
        day = self._day_of(moment)
        if self._month[0] == day:
            return self._month[1]
        key: Month = (day.year, day.month)
        sums = self.outcome.months.get(key) or self.outcome.months.setdefault(key, MonthSums())
        self._month = (day, sums)
        return sums

    def _day_of(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    def _finished(self) -> Outcome:
        outcome = self.outcome
        ends = self._history.events[-1].occurred_at
        for member in self._members.values():
            for moment, gone in member.wallet.expire(ends):
                self._month_at(moment).expired += gone
            member.stand(self._day_of(ends))
            member.sums.tier = member.profile.tier
            member.sums.open = member.wallet.open
            outcome.open_points += member.wallet.open
        for reasons, times in self._silent.items():
            for reason in reasons:
                outcome.silent[reason] += times
        for (rule, operation, denominator), (numerator, times) in self._given.items():
            rule_sums = outcome.rules.setdefault(rule, RuleSums())
            rule_sums.points += Fraction(numerator, denominator)
            rule_sums.times += times if operation in _GIVING else 0
            rule_sums.capped += times if operation is Operation.CAP else 0
        for rule in rules_of(self._programme):
            outcome.rules.setdefault(rule, RuleSums())
        outcome.months = _without_gaps(outcome.months)
        return outcome


def rules_of(programme: Programme) -> dict[str, str]:
    """Return the names of all rules, those of campaigns too, by the ids under which explanations know them."""
    document = programme.document
    rules = {rule.id: rule for rule in document.earning} | {f"{campaign.id}/{rule.id}": rule for campaign in document.campaigns for rule in campaign.earning}
    return {id_: (rule.name or {}).get("en", id_) for id_, rule in rules.items()}


def _without_gaps(months: dict[Month, MonthSums]) -> dict[Month, MonthSums]:
    """Sort months, and put empty ones where nothing happened."""
    numbers = [year * 12 + month - 1 for year, month in months]
    every = [(number // 12, number % 12 + 1) for number in range(min(numbers), max(numbers) + 1)]
    return {month: months.get(month) or MonthSums() for month in every}
