"""What was measured, beside what is to be reached."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from rich.table import Table

#: Figure, goal as it reads, goal as a number (none: for information), whether more is better.
Goal = tuple[str, str, float | None, bool]
GOALS: dict[str, Goal] = {
    "P1": ("purchases/s, catching up on a backlog", "≥ 12,000", 12_000, True),
    "P1 from start": ("the same, from the start of the process", "", None, True),
    "ceiling": ("purchases/s, the same statements alone", "", None, True),
    "P2": ("P1 ÷ ceiling", "≥ 0.60", 0.6, True),
    "P3 p50": ("ms from a purchase to its reward, at 1,000/s, half within", "≤ 15", 15, False),
    "P3 p99": ("the same, 99 % within", "≤ 60", 60, False),
    "P4": ("P1 with 10 % of the purchases by one member ÷ P1", "≥ 0.80", 0.8, True),
    "P6 p50": ("ms for a balance through the gateway, at 500/s, half within", "", None, False),
    "P6 p99": ("the same, 99 % within", "≤ 15", 15, False),
    "P7 p50": ("ms for a quote of 20 lines through the gateway, at 200/s, half within", "", None, False),
    "P7 p99": ("the same, 99 % within", "≤ 25", 25, False),
    "P8 p50": ("ms for points put aside and used through the gateway, at 300 pairs/s, half within", "", None, False),
    "P8 p99": ("the same, 99 % within", "≤ 50", 50, False),
    "P10": ("purchases/s of `loyalty simulate`, in one process", "≥ 100,000", 100_000, True),
    "P10 with reading": ("the same, from a CSV file", "", None, True),
    "P12": ("seconds of `loyalty verify` per million entries", "≤ 10", 10, False),
    "P14": ("seconds from `loyalty demo` to the first grant", "≤ 20", 20, False),
    "P15 service": ("seconds from kill -9 of a service until it works again, the slowest", "≤ 10", 10, False),
    "P15 server": ("the same for broker and PostgreSQL, from when they are up", "≤ 20", 20, False),
    "P16": ("MiB resident of an idle service, the largest", "≤ 120", 120, False),
}
#: From here on, what is behind the point is noise.
WHOLE = 1000


@dataclass(slots=True)
class Figures:
    """Everything a benchmark found out."""

    parameters: dict[str, Any]
    machine: dict[str, Any]
    measured: dict[str, list[float]] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    def add(self, figure: str, value: float) -> None:
        """Note one measurement."""
        self.measured.setdefault(figure, []).append(value)

    def table(self) -> Table:
        """Make the table: goal and median side by side, with the spread of the runs."""
        table = Table(title="make bench", title_justify="left", show_edge=False)
        for heading in ("id", "what"):
            table.add_column(heading)
        for heading in ("goal", "measured", "runs", "spread"):
            table.add_column(heading, justify="right")
        table.add_column("met")
        for figure, (what, goal, limit, more) in GOALS.items():
            values = self.measured.get(figure)
            if values:
                spread = f"{_short(min(values))} … {_short(max(values))}" if len(values) > 1 else ""
                table.add_row(figure, what, goal, _short(median(values)), str(len(values)), spread, _met(values, limit, more=more))
        return table

    def as_json(self) -> dict[str, Any]:
        """Make the object of the results file."""
        figures = {
            figure: {
                "what": GOALS[figure][0],
                "goal": GOALS[figure][1] or None,
                "median": _rounded(median(values)),
                "values": [_rounded(value) for value in values],
            }
            for figure, values in self.measured.items()
        }
        return {"figures": figures, "parameters": self.parameters, "machine": self.machine, **self.details}

    def write(self, file: Path) -> None:
        """Write the results file."""
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(orjson.dumps(self.as_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _met(values: Sequence[float], limit: float | None, *, more: bool) -> str:
    if limit is None:
        return ""
    middle = median(values)
    return "[green]yes[/]" if (middle >= limit if more else middle <= limit) else "[bold red]no[/]"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= WHOLE else f"{value:.3g}"


def _rounded(value: float) -> float:
    return round(value, 3 if value < WHOLE else 0)
