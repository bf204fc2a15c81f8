"""Shows balances, histories and explanations so that a person can check them with a pencil."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

Json = Mapping[str, Any]


def balances(accounts: Sequence[Json]) -> Table:
    """Make the table of buckets, one line a programme."""
    table = Table(title="Balance", title_justify="left", show_edge=False)
    table.add_column("programme")
    for bucket in ("pending", "available", "held", "debt"):
        table.add_column(bucket, justify="right")
    table.add_column("next")
    for account in accounts:
        buckets = [f"{account['balance'][bucket]:,}" for bucket in ("pending", "available", "held", "debt")]
        table.add_row(account["programme"], *buckets, _next(account))
    return table


def _next(account: Json) -> str:
    coming = [f"{each['points']:,} usable from {day(each['usable_from'])}" for each in account.get("maturing", ())[:2]]
    going = [f"{each['points']:,} expire {day(each['expires_at'])}" for each in account.get("expiring", ())[:2]]
    worth = account.get("worth")
    money = [f"worth {worth['amount'] / 100:,.2f} {worth['currency']}"] if worth else []
    return "\n".join([*coming, *going, *money])


def history(items: Iterable[Json]) -> Table:
    """Make the table of changes, newest first, each with its reasons."""
    table = Table(title="History", title_justify="left", show_edge=False)
    for heading, justify in (("when", "left"), ("change", "left"), ("points", "right"), ("balance", "right"), ("why", "left")):
        table.add_column(heading, justify="right" if justify == "right" else "left", overflow="fold")
    for item in items:
        balance = item["balance"]
        pending = f" (+{balance['pending']:,} pending)" if balance["pending"] else ""
        when = day(item.get("occurred_at") or item["booked_at"])
        table.add_row(when, item["movement"], _signed(item), f"{balance['available']:,}{pending}", _why(item))
    return table


def _signed(item: Json) -> str:
    if item["movement"] == "activated":
        return f"{item['points']:,}"
    lost = item["movement"] in {"expired", "moved-out", "reversed", "debt-paid"}
    return f"{'-' if lost else '+'}{abs(item['points']):,}"


def _why(item: Json) -> RenderableType:
    cause = Text(cause_of(item["cause"]))
    explanation = item.get("explanation")
    if explanation is None:
        return cause
    return Group(cause, *(Text(f"· {step['rule']}: {step['text']}", style="dim") for step in explanation["steps"]))


def cause_of(cause: Json) -> str:
    """Say in words what brought a change about."""
    words = {
        "purchase": f"purchase {cause.get('merchant')}/{cause.get('purchase_id')}",
        "activity": f"activity {cause.get('activity')}",
        "registration": "registration",
        "link": "an identifier was linked",
        "schedule": "its date was reached",
        "command": "a command",
    }
    kind: str = cause["kind"]
    return words.get(kind, kind)


def explained(title: str, explanation: Json | None) -> Tree:
    """Make the tree of one decision: every step in order, then every rule that stayed silent."""
    tree = Tree(Text(title, style="bold"))
    if explanation is None:
        tree.add("no rule was asked")
        return tree
    for step in explanation["steps"]:
        tree.add(Text.assemble((step["rule"], "cyan"), f"  {step['text']}", (f"  = {step['points_exact']}", "green")))
    if explanation["not_given"]:
        silent = tree.add(Text("gave nothing", style="dim"))
        for rule in explanation["not_given"]:
            silent.add(Text.assemble((rule["rule"], "cyan"), f"  {rule['text'] or rule['reason']}"))
    tree.add(Text(f"{explanation['points']:,} points", style="bold green"))
    return tree


def day(moment: str) -> str:
    """Cut a moment to its day."""
    return moment[:10]
