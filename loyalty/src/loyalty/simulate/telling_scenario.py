"""The part of the page about money: when the programme pays for itself, and what that depends on."""

from loyalty.page import charts
from loyalty.page.parts import Figure, Section, Table
from loyalty.page.writing import Money, percent, short, whole
from loyalty.simulate.economics import SWING, Result
from loyalty.simulate.result import Model


def scenario_section(model: Model, money: Money) -> Section:
    """Return the section."""
    scenario, plan, base = model.scenario, model.plan, model.views["base"]
    labels = ["start", *(str(month) for month in range(1, scenario.months + 1))]
    totals = {name: [-money.major(plan.one_off), *(money.major(month.total) for month in result.months)] for name, result in model.views.items()}
    return Section(
        f"Does it pay? {scenario.name}",
        f"Over {scenario.months} months. {percent(scenario.joining, 0)} of today's customers join within {scenario.ramp} months; goods bring"
        f" {percent(plan.margin)} margin; rewards cost {percent(plan.reward, 2)} of what members pay, as the replay found.",
        figures=(
            Figure("Result, base view", money(base.total), f"after {scenario.months} months, everything paid"),
            Figure("Pays for itself", _payback(base), "base view, one-off costs included"),
            Figure("Money needed", money(base.budget), "the most that is out at any time, base view"),
            Figure("Break-even", _break_even(model), "so much more often must members buy, if nothing else changes"),
        ),
        drawings=(
            charts.lines(totals, labels, write=short, says=f"Total since the start by month, in {money.currency}"),
            charts.spans(
                [(swing.name, money.major(swing.worse), money.major(swing.better)) for swing in model.swings if swing.width],
                middle=money.major(base.total),
                write=whole,
                says=f"Result if one assumption is off by {percent(SWING, 0)} either way, in {money.currency}",
            ),
        ),
        tables=(_views(model, money), _assumptions(model, money)),
    )


def _payback(result: Result) -> str:
    return f"month {result.payback}" if result.payback is not None else f"not in {len(result.months)} months"


def _break_even(model: Model) -> str:
    return "never" if model.break_even is None else percent(max(model.break_even, 0.0))


def _views(model: Model, money: Money) -> Table:
    rows = []
    for name, result in model.views.items():
        uplift = getattr(model.scenario.uplift, name)
        expected = f"{percent(uplift.frequency)} / {percent(uplift.basket)} / {percent(uplift.retention)}"
        gain, rewards, running = (sum(getattr(month, part) for month in result.months) for part in ("gain", "rewards", "running"))
        rows.append((name.capitalize(), expected, money(gain), money(rewards), money(running), money(result.budget), _payback(result), money(result.total)))
    columns = ("View", "Frequency / basket / staying", "More margin", "Rewards", "Running", "Money needed", "Pays", "Result")
    return Table(columns, rows, words=2, caption="Three views of the future")


def _assumptions(model: Model, money: Money) -> Table:
    plan, costs, scale = model.plan, model.scenario.costs, 10 ** len(str(round(1 / money.major(1)))[1:])
    rows = [
        ("Sales to today's identified customers, a month", money(plan.revenue)),
        ("Identified customers", whole(plan.members)),
        ("Of them still there after a year, without a programme", percent(plan.stay, 0)),
        *((f"Once: {name}", money(amount * scale)) for name, amount in costs.one_off.items()),
        *((f"Each month: {name}", money(amount * scale)) for name, amount in costs.monthly.items()),
    ]
    if plan.messages:
        rows.append(("Messages, each month for each member", money(plan.messages)))
    return Table(("Assumption", ""), rows, caption="What was assumed")
