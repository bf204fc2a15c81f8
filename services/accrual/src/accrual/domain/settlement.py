"""Turns exact shares into whole points: rounding, then caps of rules, then caps of the programme.

Where a receipt is rounded as a whole, rules' caps come before the rounding, for they are about one rule's points: each leaves
whole points, so that paying a cent more never gives a point less.
"""

from collections.abc import Mapping, Sequence
from math import lcm
from types import MappingProxyType

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.amounts import Rounding, rounded
from accrual.domain.campaigns import cut
from accrual.domain.decisions import Operation, Step
from accrual.domain.rules import Arithmetic, Day, DayLimit, Share
from accrual.domain.wording import capped, counted_out, rejected, rounding

#: Under these ids explanations and counters speak of the programme and of the receipt as a whole.
PROGRAMME, RECEIPT = "programme", "receipt"

#: Under this key a limit looks at the account's balance; nothing is counted under it.
BALANCE = CounterKey(PROGRAMME, "balance")

Counters = Mapping[CounterKey, int]

#: Room in budgets, by campaign; those not named have no limit.
NO_ROOMS: Mapping[str, int] = MappingProxyType({})

Settled = tuple[int, list[Step], tuple[tuple[CounterKey, int], ...], list[int]]
"""Whole points, every step on the way to them, the counters that changed, with their new values, and whole points by rule."""


def settle(shares: Sequence[Share], arithmetic: Arithmetic, state: AccountState, day: Day, *, rooms: Mapping[str, int] = NO_ROOMS) -> Settled:
    """Settle what rules gave, under their own limits, the budgets of campaigns and then the programme's limits. The steps add up to the points."""
    steps = [step for _, step in shares]
    counters, digits = state.counters, arithmetic.point_digits
    limited = [(place, rule.id, day.limits[rule.id]) for place, (rule, _) in enumerate(shares) if rule.limited]
    if arithmetic.per_receipt:
        exact = [(step.numerator, step.denominator) for step in steps]
        for place, rule, limits in limited:
            numerator, denominator = exact[place]
            exact[place] = _allowed(rule, numerator, limits, counters, steps, digits, denominator), denominator
        exact = cut(shares, exact, rooms, steps, digits=digits) if rooms else exact
        wholes = _whole_receipt(exact, arithmetic, steps)
    else:
        wholes = _whole_rules(shares, arithmetic, steps)
        for place, rule, limits in limited:
            wholes[place] = _allowed(rule, wholes[place], limits, counters, steps, digits)
        if rooms:
            wholes = [whole for whole, _ in cut(shares, [(whole, 1) for whole in wholes], rooms, steps, digits=digits)]
    points = sum(wholes)
    limits = day.limits[PROGRAMME]
    changes: list[tuple[CounterKey, int]] = []
    if limits or day.ceiling is not None:
        points = _in_all(points, day, state, wholes, steps, digits)
        if points:
            _count(points, limits, counters, changes)
    for place, _, limits in limited:
        if wholes[place] or shares[place][1].operation is Operation.REWARD:
            _count(wholes[place], limits, counters, changes)
    return points, steps, tuple(changes), wholes


def _whole_rules(shares: Sequence[Share], arithmetic: Arithmetic, steps: list[Step]) -> list[int]:
    """Round each rule's share by itself."""
    wholes = []
    mode = arithmetic.rounding
    for rule, step in shares:
        numerator, denominator = step.numerator, step.denominator
        whole = numerator // denominator if mode is Rounding.FLOOR else rounded(numerator, denominator, mode)
        missing = whole * denominator - numerator
        if missing:
            say = (rounding, numerator, denominator, whole, arithmetic.point_digits, mode)
            steps.append(Step(rule.id, Operation.ROUND, missing, denominator, (), None, say))
        wholes.append(whole)
    return wholes


def _whole_receipt(exact: Sequence[tuple[int, int]], arithmetic: Arithmetic, steps: list[Step]) -> list[int]:
    """Round the sum once. A rule's whole points are what the rounded running total grows by with it."""
    wholes, numerator, denominator, whole = [], 0, 1, 0
    for more, parts in exact:
        common = lcm(denominator, parts)
        numerator, denominator = numerator * (common // denominator) + more * (common // parts), common
        before, whole = whole, rounded(numerator, denominator, arithmetic.rounding)
        wholes.append(whole - before)
    missing = whole * denominator - numerator
    if missing:
        say = (rounding, numerator, denominator, whole, arithmetic.point_digits, arithmetic.rounding)
        steps.append(Step(RECEIPT, Operation.ROUND, missing, denominator, (), None, say))
    return wholes


def _allowed(rule: str, points: int, limits: Sequence[DayLimit], counters: Counters, steps: list[Step], digits: int, denominator: int = 1) -> int:
    """Return how many of the points the limits leave, both as numerators of the same denominator, and say what they take."""
    for key, amount, counts_points, words, rejects in limits:
        used = counters.get(key, 0) if key is not None else 0
        if counts_points:
            left = amount - used if used < amount else 0
            if points > left * denominator:
                if rejects:
                    steps.append(Step(rule, Operation.CAP, -points, denominator, (), None, (rejected, words, used, points, denominator, digits)))
                    return 0
                say = (capped, words, used, left, points, denominator, digits)
                steps.append(Step(rule, Operation.CAP, left * denominator - points, denominator, (), None, say))
                points = left * denominator
        elif points and used >= amount:
            steps.append(Step(rule, Operation.CAP, -points, denominator, (), None, (counted_out, words, points, denominator, digits)))
            points = 0
    return points


def _in_all(points: int, day: Day, state: AccountState, wholes: list[int], steps: list[Step], digits: int) -> int:
    """Return how many of all points the programme's limits leave, the most that an account may have among them, and take the others."""
    limits, counters = day.limits[PROGRAMME], state.counters
    if day.ceiling is not None:
        limits, counters = (*limits, day.ceiling), {**counters, BALANCE: state.balance}
    allowed = _allowed(PROGRAMME, points, limits, counters, steps, digits)
    if allowed < points:
        _take(points - allowed, wholes)
    return allowed


def _take(cut: int, wholes: list[int]) -> None:
    """Take what the programme's limits cut from the last rules first, so that their counters stay true."""
    for place in range(len(wholes) - 1, -1, -1):
        taken = min(cut, wholes[place])
        wholes[place] -= taken
        cut -= taken


def _count(points: int, limits: Sequence[DayLimit], counters: Counters, changes: list[tuple[CounterKey, int]]) -> None:
    """Note how far the limits' counters have come."""
    for key, _, counts_points, _, _ in limits:
        if key is not None:
            changes.append((key, counters.get(key, 0) + (points if counts_points else 1)))
