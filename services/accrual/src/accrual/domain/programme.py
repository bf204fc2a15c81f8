"""A compiled version of a programme: it decides what an event earns. Pure, and safe to share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.amounts import MAX_POINTS
from accrual.domain.baskets import Event
from accrual.domain.decisions import Decision, Explanation, Grant, NotGiven, NothingEarned, Reason, Refusal
from accrual.domain.document import Document, Expiry
from accrual.domain.evaluation import RuleSet, evaluate
from accrual.domain.facts import Activity, Fact, Purchase, Registration
from accrual.domain.lifetimes import expiry_of, start_of
from accrual.domain.matching import REMEMBERED
from accrual.domain.rules import Day, Limit
from accrual.domain.settlement import PROGRAMME, settle

#: A member is welcomed once per programme, whatever later versions call the rule.
WELCOMED = CounterKey(PROGRAMME, "times/registration")


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
    worth: Mapping[str, Fraction]
    limits: tuple[Limit, ...]


class Programme:
    """One version of a programme. `terms` and `document` may be read; everything is decided by `decide`."""

    def __init__(
        self, *, terms: Terms, document: Document, purchases: Mapping[str, RuleSet], activities: Mapping[str, RuleSet], registration: RuleSet
    ) -> None:
        """Be built by `compiler.compile_document`."""
        self.terms = terms
        self.document = document
        self._purchases = purchases
        self._activities = activities
        self._registration = registration
        self._day = lru_cache(REMEMBERED)(self._day_of)

    def earn(self, fact: Fact, state: AccountState) -> tuple[Decision, AccountState]:
        """Decide, and return the state for the account's next event. A refusal leaves the state as it is."""
        decision = self.decide(fact, state)
        if isinstance(decision, Refusal):
            return decision, state
        purchases = state.purchases + 1 if isinstance(fact, Purchase) else state.purchases
        return decision, state.after(decision.counters if isinstance(decision, Grant) else (), purchases=purchases)

    def decide(self, fact: Fact, state: AccountState) -> Decision:
        """Decide what one event earns, for an account in a state. Never raises for a fact that `Programmes.select` let through."""
        if isinstance(fact, Purchase):
            return self._purchase(fact, state)
        if isinstance(fact, Activity):
            return self._activity(fact, state)
        return self._welcome(fact, state)

    def counters(self, fact: Fact) -> tuple[CounterKey, ...]:
        """Return the counters that deciding the event may read or change: all that the state must hold."""
        periods = self._day(fact.occurred_at.astimezone(self.terms.zone).date(), "purchase").periods
        rules = self._rules_for(fact)
        keys = [CounterKey(PROGRAMME, periods[limit.slot]) for limit in self.terms.limits if limit.slot]
        if rules is not None:
            keys += [CounterKey(rule.id, periods[limit.slot]) for rule in rules.guarded for limit in rule.limits if limit.slot]
        if isinstance(fact, Registration):
            keys.append(WELCOMED)
        return tuple(keys)

    def worth(self, points: int, currency: str) -> int:
        """Return what points are worth in minor units of a currency of the programme, rounded down."""
        rate = self.terms.worth[currency]
        return points * rate.numerator // rate.denominator

    def _rules_for(self, fact: Fact) -> RuleSet | None:
        if isinstance(fact, Purchase):
            return self._purchases.get(fact.currency)
        return self._activities.get(fact.kind) if isinstance(fact, Activity) else self._registration

    def _purchase(self, purchase: Purchase, state: AccountState) -> Decision:
        rules = self._purchases.get(purchase.currency)
        if rules is None:
            return Refusal(Reason.UNKNOWN_CURRENCY, f"{purchase.currency} is not a currency of {self.terms.id}: {', '.join(self.terms.currencies)}")
        zone = _zone(purchase.zone)
        if zone is None:
            return Refusal(Reason.UNKNOWN_ZONE, f"{purchase.zone} is not a time zone")
        if not purchase.identified:
            return _nothing("no-identifier", "nobody was identified at the till")
        delivery = 0
        if self.terms.delivery_counts:
            tax = purchase.delivery_tax_amount if self.terms.delivery_without_tax else 0
            delivery = max(purchase.delivery_amount - tax, 0)
        local = purchase.occurred_at.astimezone(zone)
        return self._settled(rules, Event(purchase.lines, delivery, purchase.store, purchase.channel, local), state, "purchase")

    def _activity(self, activity: Activity, state: AccountState) -> Decision:
        rules = self._activities.get(activity.kind)
        zone = _zone(activity.zone)
        if zone is None:
            return Refusal(Reason.UNKNOWN_ZONE, f"{activity.zone} is not a time zone")
        if rules is None:
            return _nothing("no-such-activity", f"no rule gives points for {activity.kind}")
        return self._settled(rules, Event((), 0, None, "", activity.occurred_at.astimezone(zone)), state, "activity")

    def _welcome(self, registration: Registration, state: AccountState) -> Decision:
        if state.counters.get(WELCOMED):
            return _nothing("already-registered", "the welcome bonus is given once")
        local = registration.occurred_at.astimezone(self.terms.zone)
        decision = self._settled(self._registration, Event((), 0, None, "", local), state, "registration")
        if not isinstance(decision, Grant):
            return decision
        return Grant(decision.explanation, decision.usable_from, decision.expires_at, decision.confirmable, (*decision.counters, (WELCOMED, 1)))

    def _settled(self, rules: RuleSet, event: Event, state: AccountState, trigger: str) -> Decision:
        local = event.local if event.local.tzinfo is self.terms.zone else event.local.astimezone(self.terms.zone)
        day = self._day(local.date(), trigger)
        shares, not_given = evaluate(rules, event, state, day)
        settled = settle(shares, rules.arithmetic, self.terms.limits, state, day)
        explanation = Explanation(settled.points, settled.steps, tuple(not_given))
        if settled.points > MAX_POINTS:
            return Refusal(Reason.TOO_MANY_POINTS, f"{settled.points} points are more than an account can hold")
        if settled.points == 0:
            return NothingEarned(explanation)
        confirmable = self.terms.confirmable and trigger == "purchase"
        return Grant(explanation, day.usable_from or event.local.astimezone(UTC), day.expires_at, confirmable, settled.counters)

    def _day_of(self, day: date, trigger: str) -> Day:
        """Work out what a day means; remembered by `_day`."""
        year, week, _ = day.isocalendar()
        periods = {"day": day.isoformat(), "week": f"{year}-W{week:02d}", "month": f"{day:%Y-%m}", "year": f"{day:%Y}"}
        texts = {f"{kind}/{period}": f"{kind}/{period}:{value}" for kind in ("points", "times") for period, value in periods.items()}
        texts |= {"points/ever": "points/ever", "times/ever": "times/ever"}
        terms = self.terms
        pending = terms.pending_days.get(trigger, 0)
        usable_from = start_of(date.fromordinal(day.toordinal() + pending), terms.zone) if pending else None
        return Day(texts, usable_from, None if terms.expiry is None else expiry_of(terms.expiry, day, terms.zone))


@lru_cache(REMEMBERED)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


def _nothing(reason: str, text: str) -> NothingEarned:
    return NothingEarned(Explanation(0, (), (NotGiven(PROGRAMME, reason, text),)))
