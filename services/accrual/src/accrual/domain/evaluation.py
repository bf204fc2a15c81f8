"""Applies compiled rules to one event: base rules, then multipliers of base rules, then fixed points. All exact.

Rounding and caps come after, in `settlement`.
"""

from dataclasses import dataclass

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.baskets import Basket
from accrual.domain.decisions import NotGiven, Step
from accrual.domain.facts import Fact
from accrual.domain.matching import Matcher
from accrual.domain.multiplication import multiply
from accrual.domain.rules import Arithmetic, CompiledRule, Day, Event, Share
from accrual.domain.stacking import chosen
from accrual.domain.wording import of_money, of_quantity, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The rules for one trigger, and one currency or kind of activity."""

    rules: tuple[CompiledRule, ...]
    matcher: Matcher
    arithmetic: Arithmetic
    stacking: bool  #: some rule is exclusive or in a best-of group

    def shared(self, _: Fact) -> tuple[CounterKey, ...]:
        """Return the counters of all accounts together that the rules ask for."""
        return ()


def evaluate(rules: RuleSet, event: Event, state: AccountState, day: Day) -> tuple[list[Share], tuple[NotGiven, ...]]:
    """Return what each rule gives, in order, and why the others give nothing."""
    basket = Basket(event, rules.matcher, rules.arithmetic)
    candidates, silent, guarded = rules.matcher.met(event, basket.masks)
    not_given: list[NotGiven] = []
    for rule in guarded:
        refusal = _guard(rule, basket, state, day)
        if refusal is not None:
            candidates ^= rule.bit
            not_given.append(refusal)
    base, multipliers, fixed = rules.matcher.applying(candidates)
    shares: list[Share] = []
    for rule in base:
        step = earned(rule, basket)
        if step is None:
            not_given.append(rule.refusals["nothing-to-count"])
        else:
            shares.append((rule, step))
    given = [(rule, once(rule, basket)) for rule in fixed]
    if rules.stacking:
        shares, given, multipliers = chosen(shares, given, multipliers, state=state, day=day, not_given=not_given)
    if multipliers:
        shares += multiply(shares, multipliers, basket, stacking=rules.stacking, not_given=not_given)
    return shares + given, (*silent, *not_given) if not_given else silent


def _guard(rule: CompiledRule, basket: Basket, state: AccountState, day: Day) -> NotGiven | None:
    """Return why a rule that meets goods, place and time gives nothing after all, or None."""
    if rule.first_purchase and state.purchases:
        return rule.refusals["not-first-purchase"]
    if rule.minimum is not None and basket.total < rule.minimum:
        return rule.refusals["below-minimum"]
    if rule.quantity is not None and basket.quantity(rule.bit) < rule.quantity:
        return rule.refusals["too-few-items"]
    if rule.limited:
        counters = state.counters
        for key, amount, _, _ in day.limits[rule.id]:
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
    counted = basis if rule.counts == "money" else basis // rule.step
    if counted == 0:
        return None
    say = (of_money, basis, basket.money_digits, rule.words)
    return Step(rule.id, rule.operation, counted * rule.numerator, rule.denominator, lines, basis, say)


def once(rule: CompiledRule, basket: Basket) -> Step:
    """Return what a rule gives that gives the same for every receipt or activity."""
    lines = () if rule.everything else basket.line_ids(rule.bit)
    return Step(rule.id, rule.operation, rule.numerator, rule.denominator, lines, None, (plain, rule.words))
