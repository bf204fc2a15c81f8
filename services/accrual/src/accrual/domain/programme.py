"""A compiled version of a programme: it decides what an event earns. Pure, and safe to share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.amounts import MAX_POINTS
from accrual.domain.contests import Contests
from accrual.domain.coupons import CouponBook
from accrual.domain.decisions import NO_EFFECTS, Decision, Explanation, Grant, NotGiven, NothingEarned, Reason, Refusal
from accrual.domain.document.document import Document
from accrual.domain.document.lives import Expiry, Returns
from accrual.domain.evaluation import RuleSet, evaluate
from accrual.domain.facts import Activity, Fact, Line, Purchase, Registration
from accrual.domain.fraud import FraudLimits
from accrual.domain.gates import REMEMBERED
from accrual.domain.lifetimes import expiry_of, start_of
from accrual.domain.paying import paid_delivery, paid_lines
from accrual.domain.periods import named
from accrual.domain.pricing.pricer import Pricer
from accrual.domain.pricing.uses import with_coupons
from accrual.domain.referrals import referrals_of
from accrual.domain.rewards.catalogue import Rewards
from accrual.domain.rewards.giving import Giving
from accrual.domain.rules import Day, DayLimit, Event, Limit
from accrual.domain.settlement import NO_ROOMS, PROGRAMME, settle
from accrual.domain.social import SocialActions
from accrual.domain.tiers.ladder import Ladder, ladder_of
from accrual.domain.transition import Transition
from accrual.domain.zones import zone_of

_TRIGGERS: dict[type[Fact], str] = {Purchase: "purchase", Activity: "activity", Registration: "registration"}

#: A member is welcomed once per programme, whatever later versions call the rule.
WELCOMED = CounterKey(PROGRAMME, "times/registration")
_NO_RULES = NothingEarned(Explanation(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a version says beside its rules. Moments are aware; `ends_at` is the first moment after it."""

    id: str
    version: int
    names: Mapping[str, str]
    point_names: Mapping[str, str]
    decimals: int
    currencies: tuple[str, ...]
    merchants: frozenset[str]
    zone: ZoneInfo
    starts_at: datetime
    ends_at: datetime | None
    late_days: int
    expiry: Expiry | None
    pending_days: Mapping[str, int]  #: by trigger; at once where not named
    confirmable: bool
    delivery_counts: bool
    delivery_without_tax: bool
    points_earn: bool  #: what is paid with points earns like everything else
    worth: Mapping[str, Fraction]
    limits: tuple[Limit, ...]
    ceiling: DayLimit | None
    returns: Returns
    earns_until: datetime | None = None  #: of a programme that closes: the first moment at which nothing is earned any more
    spends_until: datetime | None = None  #: and the first at which points are gone
    better_until: datetime | None = None  #: until when this version is set beside the one before, and the better of both counts


class Programme:
    """One version of a programme. `terms` and `document` may be read; everything is decided by `decide`."""

    def __init__(
        self,
        *,
        terms: Terms,
        document: Document,
        purchases: Mapping[str, RuleSet],
        activities: Mapping[str, RuleSet],
        registration: RuleSet,
        seeds: Mapping[str, bytes],
    ) -> None:
        """Be built by `compiler.compile_document`."""
        self.terms = terms
        self.document = document
        self._purchases = purchases
        self._activities = activities
        self._registration = registration
        self._day = lru_cache(REMEMBERED)(self._day_of)
        self.ladder: Ladder | None = ladder_of(document)  #: its tiers
        self.prices = Pricer(document)  #: its discounts
        self.rewards = Rewards(document)  #: its catalogue
        self.referrals = referrals_of(document)  #: what is given for friends, if anything
        self.coupons = CouponBook(document.coupons)
        self.social = SocialActions(document.social)
        self.contests = Contests(document)
        self.fraud = None if document.fraud is None else FraudLimits(document.fraud)
        self._giving = Giving(self.rewards, document, seeds)
        self.asks_segments = document.mentions("segment")  #: the state must know the member's segments
        self.shares = document.mentions("coupons", "budget", "stock", "raffles")  #: something is counted for all accounts together
        self._transition: Transition | None = None
        self.after: Programme | None = None  #: the version in whose transition this one still decides, if there is one
        self.asks_balance = document.balance is not None  #: the state must know how many points the account has

    def follow(self, before: "Programme") -> None:
        """Learn which version came before: `Programmes` says so, of one version always the same. It matters only to one with a transition."""
        if self.terms.better_until is not None:
            self._transition = Transition(before, began=self.terms.starts_at, until=self.terms.better_until)
            before.after = self
            self.asks_segments |= before.asks_segments
            self.asks_balance |= before.asks_balance

    def deciding(self, version: int | None) -> "Programme":
        """Return the version that a decision of this one names: itself, where it names none."""
        return self if version in (None, self.terms.version) or self._transition is None else self._transition.before.deciding(version)

    def in_force(self, at: datetime) -> "Programme":
        """Return the version beside which this one decided at a moment, whose levels and contests count: itself, or a later one in its transition."""
        return self if self.after is None or at < self.after.terms.starts_at else self.after.in_force(at)

    def earn(self, fact: Fact, state: AccountState) -> tuple[Decision, AccountState]:
        """Decide, and return the state for the account's next event. A refusal leaves the state as it is."""
        decision = self.decide(fact, state)
        if isinstance(decision, Refusal):
            return decision, state
        purchases = state.purchases + 1 if isinstance(fact, Purchase) else state.purchases
        return decision, state.after(decision.counters, purchases=purchases, shared=decision.effects.shared, points=decision.explanation.points)

    def decide(self, fact: Fact, state: AccountState) -> Decision:
        """Decide what one event earns, for an account in a state. Never raises for a fact that `Programmes.select` let through.

        Prices are this version's whoever decides and whether anything is earned, so the coupons that lowered them are counted last.
        """
        decision = self.ruled(fact, state)
        if not (isinstance(fact, Purchase) and fact.coupons and fact.identified and self.prices.ask_for_coupons) or isinstance(decision, Refusal):
            return decision
        return with_coupons(decision, fact, state, prices=self.prices, coupons=self.coupons)

    def ruled(self, fact: Fact, state: AccountState) -> Decision:
        """Decide by rules, limits and a transition; coupons for which only a price fell are not counted."""
        decision = self._decide(fact, state) if self.fraud is None else self.fraud.decide(fact, self.day_of(fact), state, self._decide)
        return decision if self._transition is None else self._transition.better(decision, self.terms.version, fact, state)

    def _decide(self, fact: Fact, state: AccountState) -> Decision:
        decision = self._decided(fact, state)
        return self._giving.settled(decision, fact, state) if self._giving else decision

    def _decided(self, fact: Fact, state: AccountState) -> Decision:
        if isinstance(fact, Purchase):
            return self._purchase(fact, state)
        if isinstance(fact, Activity):
            return self._activity(fact, state)
        return self._welcome(fact, state)

    def counters(self, fact: Fact) -> tuple[CounterKey, ...]:
        """Return the counters that deciding the event may read or change: all that the state must hold."""
        day = self._day(fact.occurred_at.astimezone(self.terms.zone).date(), _TRIGGERS[type(fact)])
        limits, rules = day.limits, self.rules_for(fact)
        ids = [PROGRAMME, *(rule.id for rule in rules.rules if rule.limited)] if rules is not None else [PROGRAMME]
        found = [limit.key for rule in ids for limit in limits[rule] if limit.key is not None]
        found += rules.tracked(day.date) if rules is not None and rules.further else ()
        if isinstance(fact, Registration):
            found.append(WELCOMED)
        if isinstance(fact, Purchase) and fact.coupons:
            found += self.coupons.counters(fact)
        if self.fraud is not None:
            found += self.fraud.counters(fact, self.day_of(fact))
        if self._giving:
            found += self._giving.counters(fact)
        if self._transition is not None:
            found += self._transition.counters(fact)
        return tuple(found)

    def day_of(self, fact: Fact) -> date:
        """Return the day of an event in the programme's calendar."""
        return fact.occurred_at.astimezone(self.terms.zone).date()

    def shared(self, fact: Fact) -> tuple[CounterKey, ...]:
        """Return the counters of all accounts together that deciding the event may read or change: budgets, uses of coupons.

        Most events have none. They must be locked, in sorted order and after the account, from before they are read until the decision is committed;
        their new values are in the decision's `effects.shared`.
        """
        rules, found = self.rules_for(fact), tuple[CounterKey, ...]()
        if rules is not None and (rules.budgeted or self._giving) and (event := self._event_of(fact)) is not None:
            found = rules.shared(event) if rules.budgeted else ()
            if self._giving:
                found = (*found, *self._giving.shared(fact, rules.rewards(event)))
        found = (*found, *self.coupons.shared(fact)) if isinstance(fact, Purchase) and fact.coupons else found
        return found if self._transition is None else (*found, *self._transition.shared(fact))

    def worth(self, points: int, currency: str) -> int:
        """Return what points are worth in minor units of a currency of the programme, rounded down."""
        rate = self.terms.worth[currency]
        return points * rate.numerator // rate.denominator

    def rules_for(self, fact: Fact) -> RuleSet | None:
        """Return the rules that are asked about an event; None where there are none for its currency or kind."""
        if isinstance(fact, Purchase):
            return self._purchases.get(fact.currency)
        return self._activities.get(fact.kind) if isinstance(fact, Activity) else self._registration

    def limits_of(self, fact: Fact) -> Mapping[str, tuple[DayLimit, ...]]:
        """Return the limits of each rule, and of the programme, on the day of an event."""
        return self._day(fact.occurred_at.astimezone(self.terms.zone).date(), _TRIGGERS[type(fact)]).limits

    def delivery_of(self, purchase: Purchase) -> int:
        """Return how much of a purchase's delivery counts."""
        if not self.terms.delivery_counts:
            return 0
        tax = purchase.delivery_tax_amount if self.terms.delivery_without_tax else 0
        amount = max(purchase.delivery_amount - tax, 0)
        return amount if self.terms.points_earn else paid_delivery(purchase, amount)

    def lines_of(self, purchase: Purchase) -> tuple[Line, ...]:
        """Return the lines of a purchase at the prices that count."""
        return purchase.lines if self.terms.points_earn else paid_lines(purchase)

    def _purchase(self, purchase: Purchase, state: AccountState) -> Decision:
        rules = self._purchases.get(purchase.currency)
        if rules is None:
            return Refusal(Reason.UNKNOWN_CURRENCY, f"{purchase.currency} is not a currency of {self.terms.id}: {', '.join(self.terms.currencies)}")
        zone = zone_of(purchase.zone)
        if zone is None:
            return Refusal(Reason.UNKNOWN_ZONE, f"{purchase.zone} is not a time zone")
        if not purchase.identified:
            return _nothing("no-identifier", "nobody was identified at the till")
        return self._settled(rules, self._bought(purchase, zone), state, "purchase")

    def _bought(self, purchase: Purchase, zone: ZoneInfo) -> Event:
        return Event(self.lines_of(purchase), self.delivery_of(purchase), purchase.store, purchase.channel, purchase.occurred_at.astimezone(zone), purchase)

    def _event_of(self, fact: Fact) -> Event | None:
        """Return what rules look at; None where it is refused for its zone."""
        zone = self.terms.zone if isinstance(fact, Registration) else zone_of(fact.zone)
        if zone is None:
            return None
        return self._bought(fact, zone) if isinstance(fact, Purchase) else Event((), 0, None, "", fact.occurred_at.astimezone(zone))

    def _activity(self, activity: Activity, state: AccountState) -> Decision:
        rules = self._activities.get(activity.kind)
        event = self._event_of(activity)
        if event is None:
            return Refusal(Reason.UNKNOWN_ZONE, f"{activity.zone} is not a time zone")
        if rules is None:
            return _nothing("no-such-activity", f"no rule gives points for {activity.kind}")
        return self._settled(rules, event, state, "activity")

    def _welcome(self, registration: Registration, state: AccountState) -> Decision:
        if not self._registration.rules:
            return _NO_RULES
        if state.counters.get(WELCOMED):
            return _nothing("already-registered", "the welcome bonus is given once")
        event = Event((), 0, None, "", registration.occurred_at.astimezone(self.terms.zone))
        decision = self._settled(self._registration, event, state, "registration")
        if isinstance(decision, Refusal) or (isinstance(decision, NothingEarned) and not decision.effects.rewards):
            return decision
        return decision._replace(counters=(*decision.counters, (WELCOMED, 1)))

    def _settled(self, rules: RuleSet, event: Event, state: AccountState, trigger: str) -> Decision:
        terms, local = self.terms, event.local
        day = self._day((local if local.tzinfo is terms.zone else local.astimezone(terms.zone)).date(), trigger)
        shares, not_given, further = evaluate(rules, event, state, day)
        points, steps, counters, wholes = settle(shares, rules.arithmetic, state, day, rooms=NO_ROOMS if further is None else further.rooms(shares))
        explanation = Explanation(points, tuple(steps), not_given)
        if points > MAX_POINTS:
            return Refusal(Reason.TOO_MANY_POINTS, f"{points} points are more than an account can hold")
        effects = NO_EFFECTS
        if further is not None:
            effects, used = further.effects(shares, wholes)
            counters = (*counters, *further.counters(shares), *used)
        if points == 0:
            return NothingEarned(explanation, counters, effects)
        return Grant(explanation, day.usable_from or local.astimezone(UTC), day.expires_at, terms.confirmable and trigger == "purchase", counters, effects)

    def _day_of(self, day: date, trigger: str) -> Day:
        """Work out what a day means; remembered by `_day`."""
        terms = self.terms
        sets = (*self._purchases.values(), *self._activities.values(), self._registration)
        limits = {PROGRAMME: terms.limits} | {rule.id: rule.limits for rules in sets for rule in rules.rules}
        on_day = {
            rule: tuple(DayLimit(_counter(rule, slot, day), amount, counts_points, words, rejects) for slot, amount, counts_points, words, rejects in found)
            for rule, found in limits.items()
        }
        pending = terms.pending_days.get(trigger, 0)
        usable_from = start_of(day + timedelta(days=pending), terms.zone) if pending else None
        ends = [each for each in (None if terms.expiry is None else expiry_of(terms.expiry, day, terms.zone), terms.spends_until) if each is not None]
        return Day(on_day, usable_from, min(ends, default=None), day, terms.ceiling)


def _counter(rule: str, slot: str, day: date) -> CounterKey | None:
    kind, _, per = slot.partition("/")
    return CounterKey(rule, f"{kind}/{named(per, day)}") if slot else None


def _nothing(reason: str, text: str) -> NothingEarned:
    return NothingEarned(Explanation(0, (), (NotGiven(PROGRAMME, reason, text),)))
