"""What a purchase keeps when some of it came back: its own rules, asked about what is left.

The rules are those that gave points then, at the rates of the version that decided; their conditions are not asked again (`recheck`
asks two of them), and no rule keeps more than it gave. So what is kept depends only on the sum of what came back, never grows when more
comes back, and is nothing when everything did.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.amounts import rounded
from accrual.domain.baskets import Basket, counted
from accrual.domain.decisions import Explanation, NotGiven, Operation, Step
from accrual.domain.evaluation import RuleSet, earned, once
from accrual.domain.facts import Line, Purchase
from accrual.domain.given import Given
from accrual.domain.multiplication import multiply
from accrual.domain.programme import Programme
from accrual.domain.returns import Back, Returned, is_empty, left_of
from accrual.domain.rules import Arithmetic, CompiledRule, Day, DayLimit, Event, Share
from accrual.domain.settlement import PROGRAMME, RECEIPT, settle
from accrual.domain.wording import rounding, share_kept, within_given

#: A limit that counts and never cuts.
_ENDLESS = 10**30
_FRESH = AccountState()


class Kept(NamedTuple):
    """What a purchase keeps: points, explained like a grant's; what counters hold because of it; whether any goods are left of it."""

    explanation: Explanation
    counters: tuple[tuple[CounterKey, int], ...]
    stands: bool
    shared: tuple[tuple[CounterKey, int], ...] = ()  #: what it uses of the budgets of all accounts together

    @property
    def points(self) -> int:
        """Points kept, in the programme's smallest unit."""
        return self.explanation.points


#: As if the purchase never was.
NOTHING = Kept(Explanation(0), (), stands=False)


def keep(programme: Programme, purchase: Purchase, given: Given, returned: Returned) -> Kept:
    """Say what is kept of a purchase. The programme is the version that decided it, `given` what it gave."""
    left = left_of(purchase, returned)
    stands, rules = bool(left.lines), programme.rules_for(purchase)
    if rules is None or not given.points:
        return Kept(Explanation(0), (), stands)
    everything = _Remainder(programme, purchase, rules, left_of(purchase, Returned()))
    whole = everything.settled(given, recheck=False)
    if is_empty(returned):
        return whole
    remainder = _Remainder(programme, purchase, rules, left)
    if programme.terms.returns.by == "money":
        return _share(whole, remainder.basket, everything.basket, rules.arithmetic, stands=stands)
    kept = remainder.settled(given, recheck=programme.terms.returns.recheck)
    most = dict(whole.counters)
    return kept._replace(counters=tuple((key, min(value, most[key])) for key, value in kept.counters if key in most))


def undone(state: AccountState, before: Kept, after: Kept) -> tuple[AccountState, tuple[tuple[CounterKey, int], ...]]:
    """Return an account's state when a purchase keeps less than before, and the counters that changed, with their new values."""
    held, holds = dict(before.counters), dict(after.counters)
    less = {key: held.get(key, 0) - holds.get(key, 0) for key in held | holds}
    changes = tuple((key, max(state.counters.get(key, 0) - value, 0)) for key, value in less.items() if value)
    fewer = before.stands and not after.stands and state.purchases > 0
    return state.after(changes, purchases=state.purchases - fewer), changes


class _Remainder:
    """What is left of a purchase, as a basket for its rules. A line's counted money shrinks with what is left of its price."""

    def __init__(self, programme: Programme, purchase: Purchase, rules: RuleSet, left: Returned) -> None:
        lines = tuple(
            _shrunk(line, whole, left.lines[line.line_id])
            for line, whole in zip(purchase.lines, counted(purchase.lines, rules.arithmetic), strict=True)
            if line.line_id in left.lines
        )
        delivery = programme.delivery_of(purchase)
        if delivery:
            delivery = delivery * left.delivery_amount // purchase.delivery_amount
        event = Event(lines, delivery, purchase.store, purchase.channel, purchase.occurred_at)
        self.basket = Basket(event, rules.matcher, rules.arithmetic)
        self._rules = rules
        self._limits = programme.limits_of(purchase)
        self._stands = bool(lines)

    def settled(self, given: Given, *, recheck: bool) -> Kept:
        """Ask the rules that gave, and settle their answers under what each of them gave."""
        rules, silent = self._rules, list[NotGiven]()
        shares = self._shares([rule for rule in rules.rules if rule.id in given.rules], silent, recheck=recheck)
        points, steps, counters = settle(shares, rules.arithmetic, _FRESH, Day(self._bounds(given), None, None))
        return Kept(Explanation(points, tuple(_told(step) for step in steps), tuple(silent)), counters, self._stands)

    def _shares(self, fired: Sequence[CompiledRule], silent: list[NotGiven], *, recheck: bool) -> list[Share]:
        basket, base, fixed, multipliers = self.basket, list[Share](), list[Share](), list[CompiledRule]()
        for rule in fired:
            refusal = _unmet(rule, basket) if recheck else None
            if refusal is not None:
                silent.append(refusal)
            elif not _is_about(rule, basket):
                silent.append(NotGiven(rule.id, "returned", "nothing is left of what it was given for"))
            elif rule.operation is Operation.MULTIPLY:
                multipliers.append(rule)
            elif rule.operation is Operation.FIXED:
                fixed.append((rule, once(rule, basket)))
            elif (step := earned(rule, basket)) is not None:
                base.append((rule, step))
            else:
                silent.append(rule.refusals["nothing-to-count"])
        if multipliers:
            base += multiply(base, multipliers, basket, stacking=False, not_given=silent)
        return base + fixed

    def _bounds(self, given: Given) -> Mapping[str, tuple[DayLimit, ...]]:
        """Return the limits of the day, none of which cuts, and what each rule that a cap had cut may keep at most."""
        bounds = {rule.id: given.rules.get(rule.id) for rule in self._rules.rules} | {PROGRAMME: given.points}
        return {
            rule: (
                *(limit._replace(amount=_ENDLESS) for limit in self._limits[rule] if limit.key is not None),
                *(() if most is None else (DayLimit(None, most, True, ""),)),
            )
            for rule, most in bounds.items()
        }


def _shrunk(line: Line, amount: int, left: Back) -> Line:
    """Return what is left of a line, its price being what counts of it."""
    part, of = (left.amount, line.paid_amount) if line.paid_amount else (left.quantity, line.quantity)
    return Line(
        line_id=line.line_id,
        sku=line.sku,
        paid_amount=amount * part // of,
        category=line.category,
        brand=line.brand,
        labels=line.labels,
        quantity=left.quantity,
    )


def _is_about(rule: CompiledRule, basket: Basket) -> bool:
    """Tell whether a line is left that the rule meets, or, where it counts money, delivery."""
    return basket.quantity(rule.bit) > 0 or (rule.counts in ("money", "steps") and basket.amount(rule.bit) > 0)


def _unmet(rule: CompiledRule, basket: Basket) -> NotGiven | None:
    if rule.minimum is not None and basket.total < rule.minimum:
        return rule.refusals["below-minimum"]
    if rule.quantity is not None and basket.quantity(rule.bit) < rule.quantity:
        return rule.refusals["too-few-items"]
    return None


def _told(step: Step) -> Step:
    """Say of a cut that it is what the rule gave, not a cap."""
    if step.operation is not Operation.CAP:
        return step
    _, _, _, most, points, denominator, digits = step.say
    return step._replace(say=(within_given, most, points, denominator, digits))


def _share(whole: Kept, left: Basket, basket: Basket, arithmetic: Arithmetic, *, stands: bool) -> Kept:
    """Keep as large a share of the points as is left of the money that counted. Where none counted, all until nothing stands."""
    part, of = (left.total, basket.total) if basket.total else (int(stands), 1)
    points = rounded(whole.points * part, of, arithmetic.rounding)
    say = (share_kept, left.total, basket.total, whole.points, arithmetic.money_digits, arithmetic.point_digits)
    steps = [Step(RECEIPT, Operation.EARN, whole.points * part, of, (), left.total, say)]
    missing = points * of - whole.points * part
    if missing:
        text = (rounding, whole.points * part, of, points, arithmetic.point_digits, arithmetic.rounding)
        steps.append(Step(RECEIPT, Operation.ROUND, missing, of, (), None, text))
    counters = tuple(
        (key, rounded(value * part, of, arithmetic.rounding) if key.period.startswith("points/") else min(value, points)) for key, value in whole.counters
    )
    return Kept(Explanation(points, tuple(steps) if points or missing else ()), tuple((key, value) for key, value in counters if value), stands)
