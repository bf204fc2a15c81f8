"""The part of the page about goals: what is wanted, and where the purchases stand."""

from fractions import Fraction

from loyalty.page.parts import Section, Table
from loyalty.page.writing import Money, day, percent, whole
from loyalty.simulate.goals import Standing, is_money
from loyalty.simulate.result import Simulation


def goals_section(found: Simulation, money: Money) -> Section:
    """Return the section."""
    history = found.history
    rows = [
        (_name(standing), day(standing.goal.by), _written(standing, standing.target, money), _written(standing, standing.found, money))
        for standing in found.goals
    ]
    return Section(
        "Goals",
        f"What you want, beside what identified customers did from {day(history.first_day)} to {day(history.last_day)}, without the programme.",
        tables=(Table(("Goal", "By", "Wanted", "In these purchases"), rows, words=2),),
        remarks=["Active is who bought within 90 days. Registrations, redemption and segments show once the programme runs."],
    )


def _name(standing: Standing) -> str:
    goal = standing.goal
    name = goal.kpi.replace("_", " ")
    return name if goal.segment is None else f"{name} of {goal.segment}"


def _written(standing: Standing, value: Fraction | None, money: Money) -> str:
    if value is None:
        return "not known yet"
    if is_money(standing.goal):
        return money(value)
    if standing.goal.kpi.endswith("_rate"):
        return percent(value / 100)
    return whole(value) if value.denominator == 1 else f"{float(value):,.1f}"
