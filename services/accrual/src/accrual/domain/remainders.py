"""What is left of a purchase, asked what its rules still give for it."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.baskets import Basket, counted
from accrual.domain.decisions import Explanation, NotGiven, Operation, RewardDue, Step
from accrual.domain.evaluation import RuleSet, earned, once, reward
from accrual.domain.facts import Line, Purchase
from accrual.domain.further import budgets_of, given_for, measure_of
from accrual.domain.given import Given
from accrual.domain.multiplication import multiply, multiply_base
from accrual.domain.programme import Programme
from accrual.domain.returns import Back, Returned
from accrual.domain.rules import CompiledRule, Day, DayLimit, Event, Share
from accrual.domain.settlement import PROGRAMME, settle
from accrual.domain.tracking import counted as tracked_amounts
from accrual.domain.tracking import keys_on
from accrual.domain.wording import capped, share_kept, within_campaign, within_given

#: A limit that counts and never cuts.
_ENDLESS = 10**30
_FRESH = AccountState()
_OF_MONEY = frozenset({"money", "steps", "table", "bands", "volume"})


class Kept(NamedTuple):
    """What a purchase keeps: points, explained like a grant's; what counters hold because of it; whether any goods are left of it."""

    explanation: Explanation
    counters: tuple[tuple[CounterKey, int], ...]
    stands: bool
    shared: tuple[tuple[CounterKey, int], ...] = ()  #: what it uses of the budgets of all accounts together
    rewards: tuple[RewardDue, ...] = ()  #: that are not points
    coupons: frozenset[str] = frozenset()  #: for which it still has something, if they were used

    @property
    def points(self) -> int:
        """Points kept, in the programme's smallest unit."""
        return self.explanation.points


class Remainder:
    """What is left of a purchase, as a basket for its rules. A line's counted money shrinks with what is left of its price."""

    def __init__(self, programme: Programme, purchase: Purchase, rules: RuleSet, left: Returned) -> None:
        """Take what is left, of the purchase as the programme version decided it."""
        lines = tuple(
            _shrunk(line, whole, left.lines[line.line_id])
            for line, whole in zip(purchase.lines, counted(programme.lines_of(purchase), rules.arithmetic), strict=True)
            if line.line_id in left.lines
        )
        delivery = programme.delivery_of(purchase)
        if delivery:
            delivery = delivery * left.delivery_amount // purchase.delivery_amount
        event = Event(lines, delivery, purchase.store, purchase.channel, purchase.occurred_at)
        self.basket = Basket(event, rules.matcher, rules.arithmetic)
        self.stands = bool(lines)
        self._rules = rules
        self._limits = programme.limits_of(purchase)
        self._today = purchase.occurred_at.astimezone(programme.terms.zone).date()

    @property
    def tracked(self) -> tuple[CounterKey, ...]:
        """The counters of what the rules track."""
        return self._rules.tracked(self._today)

    def settled(self, given: Given, *, recheck: bool, before: "Remainder | None" = None) -> Kept:
        """Ask the rules that gave, and settle their answers under what each of them gave. `before` is the whole purchase, where this is a part."""
        rules, silent = self._rules, list[NotGiven]()
        fired = [rule for rule in rules.rules if rule.id in given.rules]
        shares = self._shares(fired, given, silent, recheck=recheck, before=before or self)
        points, steps, counters, wholes = settle(shares, rules.arithmetic, _FRESH, Day(self._bounds(given), None, None), rooms=given.campaigns)
        explanation = Explanation(points, tuple(_told(step) for step in steps), tuple(silent))
        if not rules.further:
            return Kept(explanation, counters, self.stands)
        tracked = self.counted(given, shares)
        return Kept(
            explanation,
            (*counters, *((key, value) for key, value in tracked.items() if value)),
            self.stands,
            tuple(budgets_of(shares, wholes).items()),
            tuple(RewardDue(rule.id, rule.reward, step.quantity) for rule, step in shares if rule.reward is not None),
            frozenset(coupon for (rule, _), whole in zip(shares, wholes, strict=True) if whole or rule.reward is not None for coupon in rule.coupons),
        )

    def counted(self, given: Given, shares: Sequence[Share] | None = None) -> dict[CounterKey, int]:
        """Return what rules that track something count of what is left, and what counts as given by those that still give."""
        amounts: dict[CounterKey, int] = {}
        for rule in self._rules.rules:
            if rule.tracked is not None and (rule.id in given.rules or rule.id in given.counted):
                amounts |= tracked_amounts(rule.tracked, keys_on(rule.tracked, self._today), measure_of(rule, self.basket))
        return amounts | (self._given(given) if shares is None else self._given_by(shares, given))

    def _given_by(self, shares: Sequence[Share], given: Given) -> dict[CounterKey, int]:
        amounts: dict[CounterKey, int] = {}
        for rule, step in shares:
            if rule.tracked is not None:
                times = given.quantities.get(rule.id, 1) // rule.quantity_given
                amounts |= given_for(keys_on(rule.tracked, self._today), times=times, points=step.numerator // step.denominator)
        return amounts

    def _given(self, given: Given) -> dict[CounterKey, int]:
        """Return the same where a share of all points is kept: everything while something stands."""
        if not self.stands:
            return {}
        amounts: dict[CounterKey, int] = {}
        for rule in self._rules.rules:
            if rule.tracked is not None and rule.id in given.rules:
                times, points = given.quantities.get(rule.id, 1) // rule.quantity_given, int(given.exact.get(rule.id, 0))
                amounts |= given_for(keys_on(rule.tracked, self._today), times=times, points=points)
        return amounts

    def _shares(self, fired: Sequence[CompiledRule], given: Given, silent: list[NotGiven], *, recheck: bool, before: "Remainder") -> list[Share]:
        basket, base, others, multipliers = self.basket, list[Share](), list[Share](), list[CompiledRule]()
        for rule in fired:
            refusal = _unmet(rule, basket) if recheck else None
            if refusal is not None:
                silent.append(refusal)
            elif not _is_about(rule, basket):
                silent.append(NotGiven(rule.id, "returned", "nothing is left of what it was given for"))
            elif rule.operation is Operation.MULTIPLY and rule.campaign is None:
                multipliers.append(rule)
            elif (step := self._step(rule, given, base, before)) is None:
                silent.append(rule.refusals["nothing-to-multiply" if rule.operation is Operation.MULTIPLY else "nothing-to-count"])
            elif rule.operation is Operation.EARN and rule.campaign is None:
                base.append((rule, step))
            else:
                others.append((rule, step))
        level = next((rule for rule in self._rules.levels.values() if rule.id in given.rules), None)
        if multipliers or level is not None:
            base += multiply(base, multipliers, basket, contend=False, not_given=silent, level=level)
        return [(rule, step if step.quantity != 1 else step._replace(quantity=given.quantities.get(rule.id, 1))) for rule, step in base + others]

    def _step(self, rule: CompiledRule, given: Given, base: Sequence[Share], before: "Remainder") -> Step | None:
        times = given.quantities.get(rule.id, 1)
        if rule.operation is Operation.MULTIPLY:
            return multiply_base(base, rule, self.basket)
        if rule.operation is Operation.FIXED:
            return once(rule, self.basket, times)
        if rule.operation is Operation.REWARD:
            return reward(rule, self.basket, times // rule.quantity_given if rule.counts == "once" else 1)
        if rule.counts == "volume":
            return self._of_volume(rule, given, before)
        return earned(rule, self.basket)

    def _of_volume(self, rule: CompiledRule, given: Given, before: "Remainder") -> Step | None:
        """Return the share of what was given for a volume that is left of the purchase's part of it."""
        exact, left, whole = int(given.exact[rule.id]), measure_of(rule, self.basket).money, measure_of(rule, before.basket).money
        if not whole:
            return None
        lines = () if rule.everything else self.basket.line_ids(rule.bit)
        say = (share_kept, left, whole, exact, self.basket.money_digits, rule.point_digits)
        share = Fraction(exact * left, whole)
        return Step(rule.id, rule.operation, share.numerator, share.denominator, lines, left, say)

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
    return basket.quantity(rule.bit) > 0 or (rule.counts in _OF_MONEY and basket.amount(rule.bit) > 0)


def _unmet(rule: CompiledRule, basket: Basket) -> NotGiven | None:
    if rule.minimum is not None and basket.total < rule.minimum:
        return rule.refusals["below-minimum"]
    if rule.quantity is not None and basket.quantity(rule.bit) < rule.quantity:
        return rule.refusals["too-few-items"]
    return None


def _told(step: Step) -> Step:
    """Say of a cut that it is what the rule or the campaign gave, not a cap."""
    if step.operation is not Operation.CAP:
        return step
    if step.say[0] is not capped:
        return step._replace(say=(within_campaign, *step.say[1:]))
    _, _, _, most, points, denominator, digits = step.say
    return step._replace(say=(within_given, most, points, denominator, digits))
