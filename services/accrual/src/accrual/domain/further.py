"""What deciding an event needs beyond goods, place and time: who buys, what was counted before, coupons shown, budgets; and what it changes of these.

Made only for rules that ask for any of it.
"""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.amounts import Rounding
from accrual.domain.baskets import Basket
from accrual.domain.coupons import NONE_USABLE, CouponBook
from accrual.domain.decisions import Effects, NotGiven, Operation, RewardDue, Step
from accrual.domain.demands import Asked
from accrual.domain.rules import CompiledRule, Day, Event, Share
from accrual.domain.tracking import Keys, Measure, counted, due_for_volume, keys_on, progress
from accrual.domain.wording import for_volume

Changes = tuple[tuple[CounterKey, int], ...]


class Further:
    """The further circumstances of one event."""

    def __init__(self, event: Event, state: AccountState, day: Day, *, coupons: CouponBook, zone: ZoneInfo) -> None:
        """Look at an event, and at the account before it."""
        profile, purchase = state.profile, event.purchase
        joined = None if profile.joined_at is None else profile.joined_at.astimezone(zone).date()
        self._book = coupons
        self._usable = NONE_USABLE if purchase is None or not purchase.coupons else coupons.usable(purchase, event.local.date(), state)
        self._asked = Asked(profile, day.date, joined, () if purchase is None else purchase.payments, self._usable)
        self._state = state
        self._today = day.date
        self._counters: dict[CounterKey, int] = {}
        self._times: dict[int, int] = {}

    def unmet(self, rule: CompiledRule) -> NotGiven | None:
        """Return the first of a rule's conditions about who buys and how that is not met."""
        for demand in rule.demands:
            refusal = demand(rule.id, self._asked)
            if refusal is not None:
                return refusal
        return None

    def count(self, rule: CompiledRule, basket: Basket) -> NotGiven | None:
        """Count a purchase for a rule that tracks something, and return why it gives nothing yet."""
        if rule.tracked is None:
            return None
        keys, before = keys_on(rule.tracked, self._today), self._state.counters
        for key, amount in counted(rule.tracked, keys, measure_of(rule, basket)).items():
            self._counters[key] = before.get(key, 0) + amount
        reached = progress(rule.tracked, keys, before, {**before, **self._counters})
        self._times[rule.bit] = reached.times
        return None if reached.times else NotGiven(rule.id, "not-yet", reached.text)

    def is_spent(self, rule: CompiledRule) -> bool:
        """Tell whether the budget of a rule's campaign is used up."""
        return rule.campaign is not None and rule.campaign.is_spent(self._state)

    def rooms(self, shares: Sequence[Share]) -> dict[str, int]:
        """Return what is left of the budgets of those campaigns that give something."""
        campaigns = {rule.campaign.id: rule.campaign for rule, _ in shares if rule.campaign is not None}
        return {id_: room for id_, campaign in campaigns.items() if (room := campaign.room(self._state)) is not None}

    def times(self, rule: CompiledRule) -> int:
        """Return how often a rule gives what it gives once."""
        return self._times.get(rule.bit, 1)

    def volume(self, rule: CompiledRule, basket: Basket, rounding: Rounding) -> Step | None:
        """Return what is due for the whole volume of a period, this purchase included, less what was given for it before."""
        if rule.tracked is None or rule.tracked.volume is None:
            return None
        keys = keys_on(rule.tracked, self._today)
        if keys.volume is None or keys.volume_given is None or keys.volume not in self._counters:
            return None
        volume, given = self._counters[keys.volume], self._state.counters.get(keys.volume_given, 0)
        due, band = due_for_volume(rule.tracked.volume[0], volume, rounding)
        if band is None or due <= given:
            return None
        lines = () if rule.everything else basket.line_ids(rule.bit)
        say = (for_volume, volume, due, given, basket.money_digits, rule.point_digits, band.words)
        return Step(rule.id, rule.operation, due - given, 1, lines, measure_of(rule, basket).money, say)

    def marked(self, shares: Sequence[Share]) -> list[Share]:
        """Return what rules give, with how often that was due: a return gives it back."""
        return [(rule, step if step.quantity != 1 else step._replace(quantity=self.times(rule))) if self._times else (rule, step) for rule, step in shares]

    def counters(self, shares: Sequence[Share]) -> Changes:
        """Return what changes of the account's counters, given which rules gave in the end."""
        for rule, step in shares:
            if rule.tracked is not None:
                for key, amount in given_for(keys_on(rule.tracked, self._today), times=self.times(rule), points=step.numerator).items():
                    self._counters[key] = self._state.counters.get(key, 0) + amount
        return tuple(self._counters.items())

    def effects(self, shares: Sequence[Share], wholes: Sequence[int]) -> tuple[Effects, Changes]:
        """Return what is brought about beside points, and the uses of coupons by this account."""
        gave = [(rule, step, whole) for (rule, step), whole in zip(shares, wholes, strict=True) if whole or step.operation is Operation.REWARD]
        rewards = tuple(RewardDue(rule.id, rule.reward, step.quantity) for rule, step, _ in gave if rule.reward is not None)
        coupons = {coupon for rule, _, _ in gave if (coupon := self._coupon_of(rule)) is not None}
        used = self._book.use(coupons, self._usable, self._state)
        budgets = [(key, self._state.shared.get(key, 0) + amount) for key, amount in budgets_of(shares, wholes).items()]
        return Effects((*budgets, *used.shared), rewards, used.codes), used.counters

    def _coupon_of(self, rule: CompiledRule) -> str | None:
        return next((coupon for coupon in rule.coupons if coupon in self._usable.codes), None)


def measure_of(rule: CompiledRule, basket: Basket) -> Measure:
    """Return what a basket has of the goods that a rule is about."""
    quantity = basket.quantity(rule.bit)
    return Measure(quantity > 0, quantity, basket.total if rule.everything else basket.amount(rule.bit))


def given_for(keys: Keys, *, times: int, points: int) -> dict[CounterKey, int]:
    """Return what counts as given by a rule: so many times, so many points for volume."""
    amounts: dict[CounterKey, int] = {}
    if keys.every_given is not None:
        amounts[keys.every_given] = times
    if keys.streak_given:
        amounts[keys.streak_given[0]] = 1
    if keys.volume_given is not None:
        amounts[keys.volume_given] = points
    return amounts


def budgets_of(shares: Sequence[Share], wholes: Sequence[int]) -> dict[CounterKey, int]:
    """Return what the points and rewards of one event take of campaigns' budgets."""
    points: dict[str, int] = {}
    campaigns = {}
    for (rule, step), whole in zip(shares, wholes, strict=True):
        if rule.campaign is not None and (whole or step.operation is Operation.REWARD):
            points[rule.campaign.id] = points.get(rule.campaign.id, 0) + whole
            campaigns[rule.campaign.id] = rule.campaign
    return {key: amount for id_, campaign in campaigns.items() for key, amount in campaign.used(points[id_], gives=True)}


def budget_keys(rules: Sequence[CompiledRule]) -> tuple[CounterKey, ...]:
    """Return the counters of all accounts together that the campaigns of some rules need."""
    return tuple(dict.fromkeys(key for rule in rules if rule.campaign is not None for key in rule.campaign.keys))


def tracked_keys(rules: Sequence[CompiledRule], today: date) -> tuple[CounterKey, ...]:
    """Return the account's own counters that rules may read or change, apart from those of caps."""
    return tuple(key for rule in rules if rule.tracked is not None for key in keys_on(rule.tracked, today).all())
