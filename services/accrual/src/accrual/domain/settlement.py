"""Turns exact shares into whole points: rounding, then caps of rules, then caps of the programme."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.amounts import Rounding, rounded, written, written_exactly
from accrual.domain.decisions import Operation, Step
from accrual.domain.rules import Arithmetic, Day, Limit, Share

#: Under these ids explanations and counters speak of the programme and of the receipt as a whole.
PROGRAMME, RECEIPT = "programme", "receipt"

_ROUNDED = {Rounding.FLOOR: "rounded down to", Rounding.HALF_UP: "rounded to", Rounding.CEIL: "rounded up to"}

Changes = tuple[tuple[CounterKey, int], ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """Whole points, every step on the way to them, and the counters that changed."""

    points: int
    steps: tuple[Step, ...]
    counters: Changes


def settle(shares: Sequence[Share], arithmetic: Arithmetic, limits: Sequence[Limit], state: AccountState, day: Day) -> Settled:
    """Settle what rules gave, under the programme's own limits. The steps add up to the points."""
    steps = [Step(share.rule.id, share.rule.operation, share.numerator, share.denominator, share.lines, share.basis, share.text) for share in shares]
    wholes = _whole_receipt(shares, arithmetic, steps) if arithmetic.per_receipt else _whole_rules(shares, arithmetic, steps)
    limited = [place for place, share in enumerate(shares) if share.rule.limits]
    for place in limited:
        wholes[place] -= _cut(shares[place].rule.id, wholes[place], shares[place].rule.limits, state, day, steps, arithmetic.point_digits)
    points = sum(wholes)
    if not limits and not limited:
        return Settled(points, tuple(steps), ())
    cut = _cut(PROGRAMME, points, limits, state, day, steps, arithmetic.point_digits)
    points -= cut
    for place in range(len(wholes) - 1, -1, -1):  # what the programme takes, the last rules lose first
        taken = min(cut, wholes[place])
        wholes[place] -= taken
        cut -= taken
    changes = _changes(PROGRAMME, points, limits, state, day)
    for place in limited:
        changes += _changes(shares[place].rule.id, wholes[place], shares[place].rule.limits, state, day)
    return Settled(points, tuple(steps), tuple(changes))


def _whole_rules(shares: Sequence[Share], arithmetic: Arithmetic, steps: list[Step]) -> list[int]:
    """Round each rule's share by itself."""
    wholes = []
    for share in shares:
        numerator, denominator = share.numerator, share.denominator
        whole = rounded(numerator, denominator, arithmetic.rounding)
        if whole * denominator != numerator:
            steps.append(_rounding(share.rule.id, numerator, denominator, whole, arithmetic))
        wholes.append(whole)
    return wholes


def _whole_receipt(shares: Sequence[Share], arithmetic: Arithmetic, steps: list[Step]) -> list[int]:
    """Round the sum once. A rule's whole points are what the rounded running total grows by with it."""
    wholes, numerator, denominator, whole = [], 0, 1, 0
    for share in shares:
        common = lcm(denominator, share.denominator)
        numerator = numerator * (common // denominator) + share.numerator * (common // share.denominator)
        denominator = common
        before, whole = whole, rounded(numerator, denominator, arithmetic.rounding)
        wholes.append(whole - before)
    if whole * denominator != numerator:
        steps.append(_rounding(RECEIPT, numerator, denominator, whole, arithmetic))
    return wholes


def _rounding(rule: str, numerator: int, denominator: int, whole: int, arithmetic: Arithmetic) -> Step:
    digits = arithmetic.point_digits
    text = f"{written_exactly(numerator, denominator, digits)} {_ROUNDED[arithmetic.rounding]} {written(whole, digits)}"
    return Step(rule, Operation.ROUND, whole * denominator - numerator, denominator, (), None, text)


def _cut(rule: str, points: int, limits: Sequence[Limit], state: AccountState, day: Day, steps: list[Step], digits: int) -> int:
    """Return how many points the limits take away, and say so."""
    left = points
    for limit in limits:
        used = state.counters.get(CounterKey(rule, day.periods[limit.slot]), 0) if limit.slot else 0
        room = max(limit.amount - used, 0)
        allowed = room if limit.counts_points else left if room else 0
        if left > allowed:
            so_far = written(used, digits) if limit.counts_points else used
            text = f"at most {limit.words}, {so_far} so far: {written(allowed, digits)} of {written(left, digits)}"
            steps.append(Step(rule, Operation.CAP, allowed - left, 1, (), None, text))
            left = allowed
    return points - left


def _changes(rule: str, points: int, limits: Sequence[Limit], state: AccountState, day: Day) -> list[tuple[CounterKey, int]]:
    if not points:
        return []
    keys = [(CounterKey(rule, day.periods[limit.slot]), points if limit.counts_points else 1) for limit in limits if limit.slot]
    return [(key, state.counters.get(key, 0) + added) for key, added in keys]
