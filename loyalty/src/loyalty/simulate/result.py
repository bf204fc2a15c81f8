"""Everything that one run of `loyalty simulate` found, before anybody has written it down."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from accrual.domain.amounts import minor_digits
from accrual.domain.programme import Programme
from loyalty.console import COULD_NOT, Failure
from loyalty.history.events import History
from loyalty.simulate.comparison import Comparison
from loyalty.simulate.economics import Plan, Result, Swing, break_even, reckoned, sensitivity
from loyalty.simulate.goals import Standing
from loyalty.simulate.outcome import Outcome
from loyalty.simulate.scenario import Scenario, Uplift

DAYS_A_MONTH = 30.4375
#: From less than that nobody should reckon a month.
FEWEST_DAYS = 28


@dataclass(frozen=True, slots=True)
class Model:
    """The economic model: its plan, and what each view of the future comes to."""

    scenario: Scenario
    plan: Plan  #: with the uplift of the base view
    views: Mapping[str, Result]
    break_even: float | None
    swings: tuple[Swing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Everything found."""

    programme: Programme
    history: History
    outcome: Outcome
    margin: Fraction | None
    segment_of: Mapping[str, str]
    against: tuple[Programme, Comparison] | None = None
    model: Model | None = None
    goals: tuple[Standing, ...] = ()


def margin_of(outcome: Outcome, given: Fraction | None) -> Fraction | None:
    """Return the margin on goods as a share of revenue: as given, else from what the goods cost; None where that is not known."""
    if given is not None:
        return given
    if outcome.cost_of_goods is None or outcome.revenue <= 0:
        return None
    return Fraction(outcome.revenue - outcome.cost_of_goods, outcome.revenue)


def model_of(scenario: Scenario, outcome: Outcome, history: History, margin: Fraction | None) -> Model:
    """Put a scenario on what the replay found. Fails where it cannot stand on that."""
    margin = scenario.margin if scenario.margin is not None else margin
    if margin is None:
        raise Failure("The economic model needs the margin on goods.", advice="Write `margin: 40%` into the scenario, or add --margin 40%.", code=COULD_NOT)
    if history.days < FEWEST_DAYS:
        raise Failure(f"The purchases cover {history.days} days: too few to reckon a month.", advice=f"Take {FEWEST_DAYS} days or more.", code=COULD_NOT)
    scale = 10 ** minor_digits(history.currency)
    costs = scenario.costs
    plan = Plan(
        months=scenario.months,
        revenue=outcome.members_revenue / (history.days / DAYS_A_MONTH),
        members=len(outcome.members),
        margin=float(margin),
        reward=float(outcome.cost_share),
        joining=float(scenario.joining),
        ramp=scenario.ramp,
        stay=float(scenario.stay),
        one_off=float(sum(costs.one_off.values()) * scale),
        monthly=float(sum(costs.monthly.values()) * scale),
        messages=float(costs.message * costs.messages * scale),
    )
    uplift = scenario.uplift
    plans = {name: _with(plan, found) for name, found in (("pessimistic", uplift.pessimistic), ("base", uplift.base), ("optimistic", uplift.optimistic))}
    views = {name: reckoned(found) for name, found in plans.items()}
    return Model(scenario, plans["base"], views, break_even(plan), tuple(sensitivity(plans["base"])))


def _with(plan: Plan, uplift: Uplift) -> Plan:
    return replace(plan, frequency=float(uplift.frequency), basket=float(uplift.basket), retention=float(uplift.retention))
