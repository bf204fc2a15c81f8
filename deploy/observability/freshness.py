"""Writes the rules that watch how fast the freshness goals' error budgets burn: two windows must agree, and a handful of events is no trend."""
# ruff: noqa: INP001  a folder of scripts

from typing import Any

import yaml

HEADER = """\
# Made by deploy/observability/generate.py; change it there.
# Freshness, from a record's append to the commit of its effect, over 30 days: 99 % within 2 s, 99.9 % within 10 s.
"""
#: By name: the histogram's bound, and the share of events that may be slower.
OBJECTIVES = {"2s": ("2.0", 0.01), "10s": ("10.0", 0.001)}
#: How many times faster than allowed, a long window, a short one.
Pair = tuple[float, str, str]
#: Severity: the alert's name, and how many times faster than allowed it may burn in both windows, long and short.
ALERTS: dict[str, tuple[str, list[Pair]]] = {
    "page": ("FreshnessBurning", [(14.4, "1h", "5m"), (6, "6h", "30m")]),
    "ticket": ("FreshnessSlowBurn", [(3, "1d", "2h"), (1, "3d", "6h")]),
}
#: Days of samples are read for a ticket's windows: not every minute.
INTERVALS = {"page": "1m", "ticket": "5m"}
LEAST_EVENTS, LEAST_SLOW = 100, 5


def rules() -> str:
    """Return the file."""
    groups: list[dict[str, Any]] = []
    recorded: set[str] = set()
    for severity, (name, pairs) in ALERTS.items():
        windows = [window for _, *both in pairs for window in both if window not in recorded]
        recorded |= set(windows)
        records = [_ratio(objective, window) for objective in OBJECTIVES for window in windows]
        records += [rule for _, long, _ in pairs for rule in (_events(long), *(_slow(objective, long) for objective in OBJECTIVES))]
        alerts = [_alert(name, severity, objective, pair) for objective in OBJECTIVES for pair in pairs]
        groups.append({"name": f"loyalty-freshness-{severity}", "interval": INTERVALS[severity], "rules": records + alerts})
    return HEADER + yaml.safe_dump({"groups": groups}, sort_keys=False, width=1000)


def _ratio(objective: str, window: str) -> dict[str, Any]:
    bound, _ = OBJECTIVES[objective]
    within = f'sum by (service) (rate(loyalty_event_age_seconds_bucket{{le="{bound}"}}[{window}]))'
    return {
        "record": f"loyalty:events_slow:ratio_rate{window}",
        "expr": f"1 - {within} / sum by (service) (rate(loyalty_event_age_seconds_count[{window}]))",
        "labels": {"objective": objective},
    }


def _events(window: str) -> dict[str, Any]:
    return {"record": f"loyalty:events:increase{window}", "expr": f"sum by (service) (increase(loyalty_event_age_seconds_count[{window}]))"}


def _slow(objective: str, window: str) -> dict[str, Any]:
    bound, _ = OBJECTIVES[objective]
    within = f'sum by (service) (increase(loyalty_event_age_seconds_bucket{{le="{bound}"}}[{window}]))'
    return {
        "record": f"loyalty:events_slow:increase{window}",
        "expr": f"sum by (service) (increase(loyalty_event_age_seconds_count[{window}])) - {within}",
        "labels": {"objective": objective},
    }


def _alert(name: str, severity: str, objective: str, pair: Pair) -> dict[str, Any]:
    factor, long, short = pair
    most = round(factor * OBJECTIVES[objective][1], 6)
    chosen = f'{{objective="{objective}"}}'
    return {
        "alert": name,
        "expr": f"loyalty:events_slow:ratio_rate{long}{chosen} > {most}\n"
        f"and loyalty:events_slow:ratio_rate{short}{chosen} > {most}\n"
        f"and on (service) loyalty:events:increase{long} >= {LEAST_EVENTS}\n"
        f"and loyalty:events_slow:increase{long}{chosen} >= {LEAST_SLOW}",
        "labels": {"severity": severity, "objective": objective, "windows": f"{long} and {short}"},
        "annotations": {
            "summary": "{{ $value | humanizePercentage }} of the events of {{ $labels.service }} take longer than {{ $labels.objective }}",
            "runbook": f"docs/runbooks/{name}.md",
        },
    }
