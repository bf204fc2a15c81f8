"""Shows what the demo did: figures first, then one member, then where to look."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from loyalty.demo.example import Example
from loyalty.demo.summary import Summary
from loyalty.hints import try_next
from loyalty.member import view
from loyalty.stack.places import Places
from loyalty.stack.state import State
from loyalty.verify.report import as_table, verdict

#: What each verdict means here, in a few words.
MEANINGS = {
    "granted": "earned points",
    "nothing-earned": "no card shown, or too small for a point",
    "duplicate": "sent twice, or known under another event id: counted once",
    "refused": "foreign money, and goods that had come back already",
    "dead-lettered": "unreadable: kept aside with its reason",
    "reversed": "returns: exactly what the kept goods do not earn was taken back",
    "applied": "returns that took nothing",
    "waiting": "a return told before its purchase: it was taken with it",
}
HISTORY_SHOWN = 12


def show_summary(console: Console, summary: Summary) -> None:
    """Print the table of figures."""
    figures = summary.as_json()
    console.print()
    table = Table(title="Real purchases (CDNOW), synthetic people, hours and categories", title_justify="left", show_header=False, show_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    table.add_row("[bold]purchases[/]", f"{figures['purchases']:,}", f"of {figures['customers']:,} customers")
    table.add_row("purchase events", f"{figures['purchase_events']:,}", f"with {figures['returns']:,} returns, and {figures['duplicates']:,} sent again")
    for name, count in figures["verdicts"].items():
        table.add_row(f"  {name}", f"{count:,}", MEANINGS.get(name, ""))
    table.add_row("[bold]dead letters[/]", f"{sum(figures['dead_letters'].values()):,}", _letters(figures["dead_letters"]))
    table.add_row("[bold]members[/]", f"{figures['members']:,}", "registered before buying, or after: then what waited moved in")
    table.add_row("unclaimed", f"{figures['unclaimed']:,}", f"guests never registered: {figures['unclaimed_points']:,} points wait for them")
    table.add_row("[bold]points issued[/]", f"{figures['points_issued']:,}", "")
    for bucket in ("pending", "available", "held", "debt", "expired", "reversed"):
        table.add_row(f"  {bucket}", f"{figures[f'points_{bucket}']:,}", "")
    table.add_row("[bold]events a second[/]", f"{figures['events_per_second']:,}", "catching up on a year and a half, until the last verdict")
    table.add_row("purchase to reward", _latency(figures), "p50, p99: sent until readable in Kafka, at 100 a second")
    table.add_row("first grant after", f"{figures['seconds_to_first_grant']:.1f} s", "from the command's start")
    console.print(table)


def _letters(states: Mapping[str, int]) -> str:
    """Say what became of them."""
    words = {"settled": "sent right by its till", "waiting": "redriven in vain: back, with its attempts counted", "discarded": "beyond repair: discarded"}
    return "; ".join(f"{count:,} {words.get(state, state)}" for state, count in states.items())


def _latency(figures: dict[str, Any]) -> str:
    values = [figures[f"latency_{name}_seconds"] for name in ("p50", "p99")]
    return ", ".join("-" if value is None else f"{value * 1000:.0f} ms" for value in values)


def show_example(console: Console, example: Example) -> None:
    """Print one member's balance and latest history, and one purchase as a tree."""
    who = example.who
    console.print()
    console.print(
        f"[bold]{who.given_name} {who.family_name}[/], customer {who.customer} of the data set: {example.purchases} purchases, known by {who.shows}",
        soft_wrap=True,
    )
    console.print(view.balances(example.accounts))
    console.print(view.history(example.history[:HISTORY_SHOWN]))
    if example.purchase is not None:
        decision = example.purchase["revisions"][-1]
        console.print()
        title = f"Why: purchase {example.purchase['merchant']}/{example.purchase['purchase_id']}, {view.day(decision['occurred_at'])}"
        console.print(view.explained(title, decision["explanation"]))


def show_audit(console: Console, summary: Summary) -> None:
    """Print what verify found."""
    console.print()
    console.print(as_table(summary.findings))
    console.print(verdict(summary.findings), soft_wrap=True)


def show_where(console: Console, state: State, example: Example | None, places: Places) -> None:
    """Print what can be tried while everything runs."""
    gateway = state.services["gateway"].url
    console.print()
    console.print(f"Documentation  {gateway}/docs", soft_wrap=True)
    console.print(f"Metrics        {' '.join(f'{service.url}/metrics' for service in state.services.values())}", soft_wrap=True)
    if example is not None:
        kind, value = example.who.identifiers[0]
        console.print(f"A member       {try_next(f'member show {kind}:{value}', places)}", soft_wrap=True)
    console.print(f"Is it right?   {try_next('verify', places)}", soft_wrap=True)
