"""Shows a simulation in the terminal: key figures, and each rule in a line."""

from rich.table import Table

from loyalty.console import note, out
from loyalty.page.writing import Money, day, percent, whole
from loyalty.simulate.result import Simulation
from loyalty.simulate.telling import name_of, points_of


def show(found: Simulation) -> None:
    """Print the results."""
    outcome, history = found.outcome, found.history
    money, points = Money(history.currency), points_of(found.programme)
    title = f"{name_of(found.programme)}: {whole(outcome.purchases)} purchases, {day(history.first_day)} to {day(history.last_day)}"
    table = Table(title=title, title_justify="left", show_header=False, show_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    table.add_row("members", whole(len(outcome.members)), f"{money(outcome.members_revenue)} of {money(outcome.revenue)} sales")
    for name, (times, amount) in outcome.discounts.items():
        table.add_row(f"discount {name}", money(amount), f"taken off {whole(times)} x")
    table.add_row(f"{points.name} given", points(outcome.issued), f"{points(outcome.taken_back)} taken back for {whole(outcome.returns)} returns")
    table.add_row("  spent", points(outcome.spent), f"as expected: {percent(outcome.redemption, 0)} of what is kept")
    table.add_row("  expired", points(outcome.expired), "")
    table.add_row("expected cost", money(outcome.cost), f"{percent(outcome.cost_share, 2)} of what members paid")
    table.add_row("return to members", percent(outcome.return_share, 2), f"{money(outcome.most_cost)} if every point were spent")
    if found.margin is not None and outcome.revenue > 0:
        table.add_row("margin after rewards", percent(found.margin - outcome.cost / outcome.revenue, 2), f"{percent(found.margin, 2)} without")
    if found.against is not None:
        _, change = found.against
        table.add_row("who get more", whole(len(change.gaining)), f"{whole(len(change.losing))} get less, {whole(change.same)} the same")
    if found.model is not None:
        base = found.model.views["base"]
        pays = f"pays for itself in month {base.payback}" if base.payback else "does not pay for itself in that time"
        table.add_row("result", money(base.total), f"after {found.model.scenario.months} months, base view; {pays}")
    out.print(table)
    rules = Table(title="Rules", title_justify="left", show_edge=False)
    for name in ("rule", "times", points.name, "worth"):
        rules.add_column(name, justify="left" if name == "rule" else "right")
    for rule, sums in sorted(outcome.rules.items(), key=lambda one: -one[1].points):
        rules.add_row(rule, whole(sums.times), points(sums.points), money(outcome.money(sums.points)))
    out.print(rules)
    for told in history.notes:
        note(told)
