"""Applies compiled rules to one event: base rules, then multipliers of base rules, then fixed points, then campaigns. All exact.

Rounding, caps and budgets come after, in `settlement`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.baskets import Basket
from accrual.domain.campaigns import Stacking, applying
from accrual.domain.coupons import CouponBook
from accrual.domain.decisions import NotGiven, Operation, Step
from accrual.domain.further import Further, budget_keys, tracked_keys
from accrual.domain.matching import Matcher, Met
from accrual.domain.multiplication import multiply, multiply_base
from accrual.domain.rules import Arithmetic, CompiledRule, Day, Event, Share
from accrual.domain.stacking import chosen
from accrual.domain.wording import by_table, of_money, of_quantity, plain, rewarded, several

_THOUSANDTHS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The rules for one trigger, and one currency or kind of activity."""

    rules: tuple[CompiledRule, ...]
    matcher: Matcher
    arithmetic: Arithmetic
    levels: Mapping[str, CompiledRule]  #: the multipliers of tiers
    campaign_stacking: Stacking
    budgeted: bool  #: some campaign has a budget
    further: bool  #: some rule asks who buys, tracks something, gives a reward or belongs to a campaign
    coupons: CouponBook
    zone: ZoneInfo  #: the programme's

    def shared(self, event: Event) -> tuple[CounterKey, ...]:
        """Return the counters of all accounts together that those rules ask for that meet an event's goods, place and time."""
        return budget_keys(self._met(event).guarded)

    def rewards(self, event: Event) -> tuple[str, ...]:
        """Return the rewards that those rules may give that meet an event's goods, place and time."""
        candidates = self._met(event).candidates
        return tuple(dict.fromkeys(rule.reward for rule in self.rules if rule.reward is not None and candidates & rule.bit))

    def _met(self, event: Event) -> Met:
        return self.matcher.met(event, self.matcher.line_masks(event.lines))

    def tracked(self, today: date) -> tuple[CounterKey, ...]:
        """Return the account's counters that the rules ask for beside those of caps, on a day of the programme's calendar."""
        return tracked_keys(self.rules, today) if self.further else ()


Evaluated = tuple[list[Share], tuple[NotGiven, ...], Further | None]
"""What each rule gives, in order; why the others give nothing; and what is changed beside points."""


def evaluate(rules: RuleSet, event: Event, state: AccountState, day: Day) -> Evaluated:
    """Return what each rule gives, in order, and why the others give nothing."""
    basket = Basket(event, rules.matcher, rules.arithmetic)
    candidates, silent, guarded = rules.matcher.met(event, basket.masks)
    further = Further(event, state, day, coupons=rules.coupons, zone=rules.zone) if rules.further else None
    not_given: list[NotGiven] = []
    for rule in guarded:
        refusal = _guard(rule, basket, state, day, further)
        if refusal is not None:
            candidates ^= rule.bit
            not_given.append(refusal)
    base, multipliers, fixed, overlays, contend = rules.matcher.applying(candidates)
    shares: list[Share] = []
    for rule in base:
        step = earned(rule, basket) if rule.tracked is None or further is None else _tracked(rule, basket, further, rules.arithmetic)
        if step is None:
            not_given.append(rule.refusals["nothing-to-count"])
        else:
            shares.append((rule, step))
    given = [(rule, once(rule, basket)) for rule in fixed] if further is None else _given_once(fixed, basket, further, not_given)
    if contend:
        shares, given, multipliers = chosen(shares, given, multipliers, state=state, day=day, not_given=not_given)
    level = rules.levels.get(state.profile.tier or "") if rules.levels else None
    added = multiply(shares, multipliers, basket, contend=contend, not_given=not_given, level=level) if multipliers or level is not None else []
    found = shares + added + given
    if overlays and further is not None:
        found += _overlaid(rules, overlays, basket, shares, further, not_given)
    if further is not None:
        found = further.marked(found)
    return found, (*silent, *not_given) if not_given else silent, further


def _guard(rule: CompiledRule, basket: Basket, state: AccountState, day: Day, further: Further | None) -> NotGiven | None:
    """Return why a rule that meets goods, place and time gives nothing after all, or None."""
    if rule.first_purchase and state.purchases:
        return rule.refusals["not-first-purchase"]
    if rule.minimum is not None and basket.total < rule.minimum:
        return rule.refusals["below-minimum"]
    if rule.quantity is not None and basket.quantity(rule.bit) < rule.quantity:
        return rule.refusals["too-few-items"]
    if further is None:
        return _capped(rule, state, day) if rule.limited else None
    refusal = further.unmet(rule)
    if refusal is not None:
        return refusal
    not_yet = further.count(rule, basket)  # before caps are asked: what they do not let through is due later
    return _capped(rule, state, day) or (rule.refusals["budget-spent"] if further.is_spent(rule) else not_yet)


def _capped(rule: CompiledRule, state: AccountState, day: Day) -> NotGiven | None:
    counters = state.counters
    for key, amount, _, _, _ in day.limits[rule.id]:
        if key is not None and counters.get(key, 0) >= amount:
            return rule.refusals["cap-reached"]
    return None


def earned(rule: CompiledRule, basket: Basket) -> Step | None:
    """Return what a base rule gives by itself; None where there is nothing to count."""
    if rule.counts == "once":
        return once(rule, basket)
    lines = () if rule.everything else basket.line_ids(rule.bit)
    if rule.counts == "quantity":
        quantity = basket.quantity(rule.bit)
        return Step(rule.id, rule.operation, quantity * rule.numerator, rule.denominator, lines, None, (of_quantity, quantity, rule.words))
    basis = basket.total if rule.everything else basket.amount(rule.bit)
    if rule.counts == "table":
        return _by_table(rule, basis, lines, basket.money_digits)
    if rule.counts == "bands":
        return _by_band(rule, basis, lines, basket.money_digits)
    counted = basis if rule.counts == "money" else basis // rule.step
    if counted == 0:
        return None
    say = (of_money, basis, basket.money_digits, rule.words)
    return Step(rule.id, rule.operation, counted * rule.numerator, rule.denominator, lines, basis, say)


def _by_table(rule: CompiledRule, basis: int, lines: tuple[str, ...], money_digits: int) -> Step | None:
    reached = [points for first, points in rule.table if basis >= first and basis]
    if not reached:
        return None
    return Step(rule.id, rule.operation, reached[-1], 1, lines, basis, (by_table, basis, money_digits, reached[-1], rule.point_digits))


def _by_band(rule: CompiledRule, basis: int, lines: tuple[str, ...], money_digits: int) -> Step | None:
    reached = [band for band in rule.bands if basis >= band.first and basis]
    if not reached:
        return None
    _, numerator, denominator, words = reached[-1]
    return Step(rule.id, rule.operation, basis * numerator, denominator, lines, basis, (of_money, basis, money_digits, words))


def once(rule: CompiledRule, basket: Basket, times: int = 1) -> Step:
    """Return what a rule gives that gives the same for every receipt or activity, so many times."""
    if rule.always is not None and times == 1:
        return rule.always
    lines = () if rule.everything else basket.line_ids(rule.bit)
    say = (plain, rule.words) if times == 1 else (several, times, rule.words)
    return Step(rule.id, rule.operation, rule.numerator * times, rule.denominator, lines, None, say, times)


def reward(rule: CompiledRule, basket: Basket, times: int = 1) -> Step | None:
    """Return the rewards that a rule gives, so many times; None where nothing is counted that they are given for."""
    quantity = rule.quantity_given * times
    if rule.counts == "pieces":
        quantity *= basket.quantity(rule.bit) // _THOUSANDTHS
    elif rule.counts == "steps":
        quantity *= (basket.total if rule.everything else basket.amount(rule.bit)) // rule.step
    lines = () if rule.everything else basket.line_ids(rule.bit)
    return Step(rule.id, Operation.REWARD, 0, 1, lines, None, (rewarded, quantity, rule.reward), quantity) if quantity else None


def _tracked(rule: CompiledRule, basket: Basket, further: Further, arithmetic: Arithmetic) -> Step | None:
    """Return what a base rule gives that tracks something."""
    if rule.counts == "volume":
        return further.volume(rule, basket, arithmetic.rounding)
    return earned(rule, basket)


def _given_once(rules: Sequence[CompiledRule], basket: Basket, further: Further, not_given: list[NotGiven]) -> list[Share]:
    """Return fixed points and rewards, as often as they are due."""
    shares: list[Share] = []
    for rule in rules:
        step = reward(rule, basket, further.times(rule)) if rule.operation is Operation.REWARD else once(rule, basket, further.times(rule))
        if step is None:
            not_given.append(rule.refusals["nothing-to-count"])
        else:
            shares.append((rule, step))
    return shares


def _overlaid(
    rules: RuleSet, overlays: Sequence[CompiledRule], basket: Basket, base: Sequence[Share], further: Further, not_given: list[NotGiven]
) -> list[Share]:
    """Return what campaigns give on top of everything else."""
    shares: list[Share] = []
    for rule in overlays:
        reason, step = "nothing-to-count", None
        if rule.operation is Operation.MULTIPLY:
            reason, step = "nothing-to-multiply", multiply_base(base, rule, basket)
        elif rule.operation is Operation.EARN:
            step = _tracked(rule, basket, further, rules.arithmetic)
        else:
            shares += _given_once([rule], basket, further, not_given)
            continue
        if step is None:
            not_given.append(rule.refusals[reason])
        else:
            shares.append((rule, step))
    return applying(shares, rules.campaign_stacking, not_given=not_given)
