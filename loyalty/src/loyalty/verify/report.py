"""Shows what an audit found."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from loyalty.verify.audit import Finding


def as_table(findings: Sequence[Finding]) -> Table:
    """Make the table: one line a check."""
    table = Table(title="loyalty verify", title_justify="left", show_edge=False)
    for heading in ("invariant", "service", "must hold"):
        table.add_column(heading)
    table.add_column("violations", justify="right")
    for finding in findings:
        count = f"{finding.violations:,}{' or more' if finding.stopped else ''}"
        table.add_row(finding.invariant, finding.service, finding.title, "[green]clean[/]" if finding.clean else f"[bold red]{count}[/]")
    return table


def first_damage(findings: Sequence[Finding]) -> str | None:
    """Name the first damaged row, or nothing."""
    for finding in findings:
        if finding.first is not None:
            row = finding.first
            return f"{row.invariant} is broken in {finding.service}.{row.table}, row {row.key}: expected {row.expected}, found {row.found}"
    return None


def verdict(findings: Sequence[Finding]) -> Text:
    """Say the result in one line."""
    damage = first_damage(findings)
    return Text("Clean: every invariant holds.", style="green") if damage is None else Text(damage, style="bold red")


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Make the object that `--json` prints."""
    return {
        "clean": all(finding.clean for finding in findings),
        "violations": sum(finding.violations for finding in findings),
        "first": next((_row(finding) for finding in findings if not finding.clean), None),
        "invariants": [
            {
                "invariant": finding.invariant,
                "service": finding.service,
                "title": finding.title,
                "violations": finding.violations,
                "counted_all": not finding.stopped,
                "first": _row(finding),
            }
            for finding in findings
        ],
    }


def _row(finding: Finding) -> dict[str, str] | None:
    row = finding.first
    if row is None:
        return None
    return {
        "invariant": row.invariant,
        "service": finding.service,
        "table": row.table,
        "key": row.key,
        "expected": row.expected,
        "found": row.found,
    }
