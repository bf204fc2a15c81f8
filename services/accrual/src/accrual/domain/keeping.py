"""What a purchase keeps when some of it came back: its own rules, asked about what is left.

The rules are those that gave points then, at the rates of the version that decided; their conditions are not asked again (`recheck`
asks two of them), and no rule keeps more than it gave. So what is kept depends only on the sum of what came back, never grows when more
comes back, and is nothing when everything did.
"""

from collections.abc import Mapping

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.amounts import Rounding, rounded
from accrual.domain.decisions import Explanation, Operation, Step
from accrual.domain.facts import Purchase
from accrual.domain.given import Given
from accrual.domain.programme import Programme
from accrual.domain.remainders import Kept, Remainder
from accrual.domain.returns import Returned, is_empty, left_of
from accrual.domain.rules import Arithmetic
from accrual.domain.settlement import RECEIPT
from accrual.domain.wording import rounding, share_kept

__all__ = ["NOTHING", "Kept", "keep", "undone"]

Amounts = Mapping[CounterKey, int]

#: As if the purchase never was.
NOTHING = Kept(Explanation(0), (), stands=False)


def keep(programme: Programme, purchase: Purchase, given: Given, returned: Returned) -> Kept:
    """Say what is kept of a purchase. The programme is the version that decided it, `given` what it gave."""
    left = left_of(purchase, returned)
    stands, rules = bool(left.lines), programme.rules_for(purchase)
    if rules is None or not (given.points or rules.further):
        return Kept(Explanation(0), (), stands)
    everything = Remainder(programme, purchase, rules, left_of(purchase, Returned()))
    whole = everything.settled(given, recheck=False)
    if is_empty(returned):
        return whole
    remainder = Remainder(programme, purchase, rules, left)
    if programme.terms.returns.by == "money":
        return _share(whole, remainder, everything, rules.arithmetic, remainder.counted(given))
    kept = remainder.settled(given, recheck=programme.terms.returns.recheck, before=everything)
    most, budgets = dict(whole.counters), dict(whole.shared)
    return kept._replace(
        counters=tuple((key, min(value, most[key])) for key, value in kept.counters if key in most),
        shared=tuple((key, min(value, budgets[key])) for key, value in kept.shared if key in budgets),
    )


def undone(state: AccountState, before: Kept, after: Kept) -> tuple[AccountState, tuple[tuple[CounterKey, int], ...]]:
    """Return an account's state when a purchase keeps less than before, and the account's counters that changed, with their new values.

    What is counted for all accounts together is lowered in the state alone: whoever stores it keeps by cause what is held of it, as `Kept.shared` says.
    """
    changes = _lowered(state.counters, dict(before.counters), dict(after.counters))
    fewer = before.stands and not after.stands and state.purchases > 0
    shared = _lowered(state.shared, dict(before.shared), dict(after.shared))
    return state.after(changes, purchases=state.purchases - fewer, shared=shared, points=after.points - before.points), changes


def _lowered(counters: Amounts, held: Amounts, holds: Amounts) -> tuple[tuple[CounterKey, int], ...]:
    less = {key: held.get(key, 0) - holds.get(key, 0) for key in (*held, *holds)}
    return tuple((key, max(counters.get(key, 0) - value, 0)) for key, value in less.items() if value)


def _share(whole: Kept, left: Remainder, everything: Remainder, arithmetic: Arithmetic, tracked: Mapping[CounterKey, int]) -> Kept:
    """Keep as large a share of the points as is left of the money that counted. Where none counted, all until nothing stands.

    Rewards are kept until nothing stands; what is counted from purchase to purchase is what is left.
    """
    stands, total = left.stands, everything.basket.total
    part, of = (left.basket.total, total) if total else (int(stands), 1)
    points = rounded(whole.points * part, of, arithmetic.rounding)
    say = (share_kept, left.basket.total, total, whole.points, arithmetic.money_digits, arithmetic.point_digits)
    steps = [Step(RECEIPT, Operation.EARN, whole.points * part, of, (), left.basket.total, say)]
    missing = points * of - whole.points * part
    if missing:
        text = (rounding, whole.points * part, of, points, arithmetic.point_digits, arithmetic.rounding)
        steps.append(Step(RECEIPT, Operation.ROUND, missing, of, (), None, text))
    rewards = whole.rewards if stands else ()
    times = points or len(rewards)
    counters = (
        {key: _part(key, value, part, of, times, arithmetic.rounding) for key, value in whole.counters} | dict.fromkeys(everything.tracked, 0) | dict(tracked)
    )
    shared = {key: _part(key, value, part, of, times, Rounding.CEIL) for key, value in whole.shared}
    return Kept(
        Explanation(points, tuple(steps) if points or missing else ()),
        tuple((key, value) for key, value in counters.items() if value),
        stands,
        tuple((key, value) for key, value in shared.items() if value),
        rewards,
        whole.coupons if times else frozenset(),
    )


def _part(key: CounterKey, value: int, part: int, of: int, times: int, mode: Rounding) -> int:
    """Return how much of a counter is kept: of points and money a share, of times all while something is kept."""
    return rounded(value * part, of, mode) if key.period.startswith(("points", "money/")) else min(value, times)
