"""Applies compiled rules to one event: base rules, then multipliers of base rules, then fixed points. All exact.

Rounding and caps come after, in `settlement`.
"""

from dataclasses import dataclass

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.amounts import written, written_exactly
from accrual.domain.baskets import Basket, Event
from accrual.domain.decisions import NotGiven
from accrual.domain.matching import Matcher
from accrual.domain.multiplication import Multiplication
from accrual.domain.rules import Arithmetic, CompiledRule, Day, Share
from accrual.domain.stacking import chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The rules for one trigger, and one currency or kind of activity, each kind in the order in which it applies."""

    base: tuple[CompiledRule, ...]
    multipliers: tuple[CompiledRule, ...]
    fixed: tuple[CompiledRule, ...]
    guarded: tuple[CompiledRule, ...]
    matcher: Matcher
    arithmetic: Arithmetic
    stacking: bool  #: some rule is exclusive or in a best-of group


def evaluate(rules: RuleSet, event: Event, state: AccountState, day: Day) -> tuple[list[Share], list[NotGiven]]:
    """Return what each rule gives, in order, and why the others give nothing."""
    basket = Basket(event, rules.matcher, rules.arithmetic)
    touched = rules.matcher.touched(basket.masks, delivered=event.delivery_amount > 0)
    candidates, silent = rules.matcher.candidates(store=event.store, channel=event.channel, local=event.local, touched=touched)
    not_given = list(silent)
    for rule in rules.guarded:
        if candidates & rule.bit:
            refusal = _guard(rule, basket, state, day)
            if refusal is not None:
                candidates ^= rule.bit
                not_given.append(refusal)
    earned = [_counted(rule, basket) for rule in rules.base if candidates & rule.bit]
    fixed = [_counted(rule, basket) for rule in rules.fixed if candidates & rule.bit]
    multipliers = [rule for rule in rules.multipliers if candidates & rule.bit]
    if not all(share.numerator for share in earned):
        not_given += [share.rule.refusals["nothing-to-count"] for share in earned if not share.numerator]
        earned = [share for share in earned if share.numerator]
    if rules.stacking:
        earned, fixed, multipliers = chosen(earned, fixed, multipliers, state=state, day=day, not_given=not_given)
    if multipliers:
        multiplied = Multiplication(earned, basket)
        if rules.stacking:
            multipliers = multiplied.chosen(multipliers, not_given=not_given)
        earned += multiplied.shares(multipliers, not_given=not_given)
    return earned + fixed, not_given


def _guard(rule: CompiledRule, basket: Basket, state: AccountState, day: Day) -> NotGiven | None:
    """Return why a rule that meets goods, place and time gives nothing after all, or None."""
    if rule.first_purchase and state.purchases:
        return rule.refusals["not-first-purchase"]
    if rule.minimum is not None and basket.total < rule.minimum:
        return rule.refusals["below-minimum"]
    if rule.quantity is not None and basket.quantity(rule.bit) < rule.quantity:
        return rule.refusals["too-few-items"]
    for limit in rule.limits:
        if limit.slot and state.counters.get(CounterKey(rule.id, day.periods[limit.slot]), 0) >= limit.amount:
            return rule.refusals["cap-reached"]
    return None


def _counted(rule: CompiledRule, basket: Basket) -> Share:
    """Return what a base or fixed rule gives by itself."""
    lines = () if rule.everything else basket.line_ids(rule.bit)
    if rule.counts == "once":
        return Share(rule, rule.numerator, rule.denominator, lines, None, rule.words)
    if rule.counts == "quantity":
        quantity = basket.quantity(rule.bit)
        return Share(rule, quantity * rule.numerator, rule.denominator, lines, None, f"{written_exactly(quantity, 1000, 0)} {rule.words}")
    basis = basket.total if rule.everything else basket.amount(rule.bit)
    counted = basis if rule.counts == "money" else basis // rule.step
    return Share(rule, counted * rule.numerator, rule.denominator, lines, basis, f"{written(basis, basket.money_digits)} {rule.words}")
