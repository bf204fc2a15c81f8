"""The economic model: what a programme brings and costs, month by month. Pure. Amounts are in minor units and are estimates, so they are floats."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

#: How far each assumption is moved to see how much depends on it.
SWING = 0.2
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that the model knows. Shares are parts of 1; money is for a month unless it is one-off."""

    months: int
    revenue: float  #: of today's identified customers
    members: float  #: how many they are
    margin: float
    reward: float  #: what rewards cost, as a share of members' revenue
    joining: float
    ramp: int
    stay: float  #: of customers, so many are still there after a year
    one_off: float
    monthly: float
    messages: float  #: for each member
    frequency: float = 0.0
    basket: float = 0.0
    retention: float = 0.0


class MonthOf(NamedTuple):
    """One month of the model. `total` is everything since the start, one-off costs included."""

    revenue: float
    gain: float  #: more margin than without a programme
    rewards: float
    running: float
    net: float
    total: float


def months_of(plan: Plan) -> list[MonthOf]:
    """Reckon month by month.

    Members join evenly until the ramp is over. Their revenue grows with frequency and basket. Of those who would leave, a part stays and goes on buying like
    the others. Rewards are paid for all that members buy, also for what they would have bought anyway.
    """
    leaving = 1 - plan.stay ** (1 / _MONTHS_A_YEAR)
    kept = 1 - leaving * (1 - plan.retention)
    total, extra = -plan.one_off, 0.0
    found = []
    for month in range(1, plan.months + 1):
        joined = plan.joining * min(month / plan.ramp, 1.0)
        extra = extra * kept + joined * leaving * plan.retention
        revenue = plan.revenue * (joined + extra) * (1 + plan.frequency) * (1 + plan.basket)
        gain = plan.margin * (revenue - plan.revenue * joined)
        rewards = plan.reward * revenue
        running = plan.monthly + plan.messages * plan.members * (joined + extra)
        net = gain - rewards - running
        total += net
        found.append(MonthOf(revenue, gain, rewards, running, net, total))
    return found


class Result(NamedTuple):
    """What a plan comes to."""

    months: Sequence[MonthOf]
    total: float  #: at the end
    budget: float  #: the most that has to be advanced at any time
    payback: int | None  #: the month from whose end on it has paid for itself; None: not within the plan

    @property
    def spent(self) -> float:
        """Rewards and running costs; one-off costs are not in it."""
        return sum(month.rewards + month.running for month in self.months)


def reckoned(plan: Plan) -> Result:
    """Reckon a plan to its end."""
    months = months_of(plan)
    totals = [month.total for month in months]
    under = [number for number, total in enumerate(totals, start=1) if total < 0]
    payback = 1 if not under else under[-1] + 1
    return Result(months, totals[-1], max(0.0, plan.one_off, -min(totals)), payback if payback <= plan.months else None)


def break_even(plan: Plan) -> float | None:
    """Return by how much members must buy more often, and nothing else change, to end at 0. None where no uplift is enough.

    The result is a straight line in the frequency, so two points tell where it crosses 0.
    """
    alone = replace(plan, basket=0.0, retention=0.0)
    at_none, at_double = (reckoned(replace(alone, frequency=frequency)).total for frequency in (0.0, 1.0))
    slope = at_double - at_none
    return -at_none / slope if slope > 0 else None


class Swing(NamedTuple):
    """How far the result moves with one assumption."""

    name: str
    worse: float
    better: float

    @property
    def width(self) -> float:
        """How much depends on it."""
        return self.better - self.worse


_ASSUMPTIONS: dict[str, Callable[[Plan, float], Plan]] = {
    "More frequent purchases": lambda plan, factor: replace(plan, frequency=plan.frequency * factor),
    "Larger baskets": lambda plan, factor: replace(plan, basket=plan.basket * factor),
    "Customers who stay": lambda plan, factor: replace(plan, retention=min(plan.retention * factor, 1.0)),
    "Customers who join": lambda plan, factor: replace(plan, joining=min(plan.joining * factor, 1.0)),
    "Margin on goods": lambda plan, factor: replace(plan, margin=min(plan.margin * factor, 1.0)),
    "Cost of rewards": lambda plan, factor: replace(plan, reward=plan.reward * factor),
    "Running costs": lambda plan, factor: replace(plan, monthly=plan.monthly * factor, messages=plan.messages * factor),
    "One-off costs": lambda plan, factor: replace(plan, one_off=plan.one_off * factor),
}


def sensitivity(plan: Plan) -> list[Swing]:
    """Move each assumption by a fifth down and up, and say what becomes of the result; what matters most first."""
    swings = []
    for name, moved in _ASSUMPTIONS.items():
        worse, better = sorted(reckoned(moved(plan, factor)).total for factor in (1 - SWING, 1 + SWING))
        swings.append(Swing(name, worse, better))
    return sorted(swings, key=lambda swing: -swing.width)
