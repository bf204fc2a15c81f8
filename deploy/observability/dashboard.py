"""Draws the Grafana dashboard: what an SRE looks at first, from top to bottom."""
# ruff: noqa: INP001  a folder of scripts

import json
from typing import Any

WIDTH, HEIGHT = 24, 8
SERVICE = 'service=~"$service"'
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
Panel = dict[str, Any]


def dashboard() -> str:
    """Return the file."""
    found = {
        "uid": "loyalty",
        "title": "Loyalty",
        "description": "Made by deploy/observability/generate.py; change it there.",
        "tags": ["loyalty"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_datasource(), _service()]},
        "panels": _placed(_rows()),
    }
    return json.dumps(found, indent=2) + "\n"


def _rows() -> list[tuple[str, list[Panel]]]:
    return [
        ("Is it right, and does it move?", _first()),
        ("Events in", _events()),
        ("Events out, and aside", _out()),
        ("People and programs ask", _http()),
        ("What it stands on", _ground()),
    ]


def _first() -> list[Panel]:
    return [
        _stat("Alerts that fire", 'sum(ALERTS{alertstate="firing"}) or vector(0)', bad_from=1),
        _stat("Rows that break an invariant", "sum(max by (service, invariant) (loyalty_invariant_violations))", bad_from=1),
        _stat("Since the last check", "time() - max by (service) (loyalty_invariant_checked_timestamp_seconds)", unit="s", legend="{{service}}", bad_from=900),
        _stat("Partitions stopped", "sum(max by (service, topic, partition) (loyalty_consumer_paused))", bad_from=1),
        _stat("Dead letters waiting", "sum(max by (service, topic, reason) (loyalty_dead_letters_waiting))", bad_from=1),
        _stat("Slower than 2 s, last hour", 'loyalty:events_slow:ratio_rate1h{objective="2s"}', unit="percentunit", legend="{{service}}", bad_from=0.01),
    ]


def _events() -> list[Panel]:
    age = f"sum by (service, le) (rate(loyalty_event_age_seconds_bucket{{{SERVICE}}}[$__rate_interval]))"
    return [
        _lines("Verdicts a second", f"sum by (service, verdict) (rate(loyalty_events_total{{{SERVICE}}}[$__rate_interval]))", "{{service}} {{verdict}}"),
        _lines(
            "Append to commit, 50th and 99th percentile",
            [(f"histogram_quantile({q}, {age})", f"{{{{service}}}} p{name}") for q, name in ((0.5, 50), (0.99, 99))],
            unit="s",
        ),
        _lines("Oldest record in hand", f"max by (service, topic) (loyalty_consumer_lag_seconds{{{SERVICE}}})", "{{service}} {{topic}}", unit="s"),
        _lines("Records behind", f"sum by (service, topic) (loyalty_consumer_lag_records{{{SERVICE}}})", "{{service}} {{topic}}"),
        _lines(
            "Time of a batch, 99th percentile",
            f"histogram_quantile(0.99, sum by (service, topic, le) (rate(loyalty_batch_seconds_bucket{{{SERVICE}}}[$__rate_interval])))",
            "{{service}} {{topic}}",
            unit="s",
        ),
        _lines(
            "Records in a batch, mean",
            _rate("batch_events_sum", "service, topic") + " / " + _rate("batch_events_count", "service, topic"),
            "{{service}} {{topic}}",
        ),
        _lines(
            "Partitions owned, of those there are",
            [
                (f"sum by (service, topic) (loyalty_consumer_partitions{{{SERVICE}}})", "{{service}} {{topic}} owned"),
                (f"max by (service, topic) (loyalty_topic_partitions{{{SERVICE}}})", "{{service}} {{topic}} of"),
            ],
        ),
        _lines(
            "Rebalances, lost records, commits without an answer, an hour",
            [
                (f"sum by (service) (increase(loyalty_rebalances_total{{{SERVICE}}}[1h]))", "{{service}} rebalances"),
                (f"sum by (service) (increase(loyalty_offsets_lost_total{{{SERVICE}}}[1h]))", "{{service}} lost"),
                (f"sum by (service, result) (increase(loyalty_commits_unknown_total{{{SERVICE}}}[1h]))", "{{service}} {{result}}"),
            ],
        ),
    ]


def _out() -> list[Panel]:
    return [
        _lines("Oldest message in the outbox", f"max by (service) (loyalty_outbox_oldest_age_seconds{{{SERVICE}}})", "{{service}}", unit="s"),
        _lines("Messages in the outbox", f"sum by (service) (max by (service, shard) (loyalty_outbox_rows{{{SERVICE}}}))", "{{service}}"),
        _lines(
            "Put aside, a minute",
            f"sum by (service, topic, reason) (rate(loyalty_dead_letters_total{{{SERVICE}}}[$__rate_interval])) * 60 > 0",
            "{{service}} {{topic}} {{reason}}",
        ),
        _lines("Points booked a second", "sum by (programme, movement) (rate(loyalty_points_total[$__rate_interval]))", "{{programme}} {{movement}}"),
    ]


def _http() -> list[Panel]:
    took = f"sum by (service, route, le) (rate(loyalty_http_request_seconds_bucket{{{SERVICE}}}[$__rate_interval]))"
    failed = f'sum by (service, route, status) (rate(loyalty_http_requests_total{{{SERVICE}, status=~"5.."}}[$__rate_interval])) > 0'
    return [
        _lines("Requests a second", f"sum by (service, route) (rate(loyalty_http_requests_total{{{SERVICE}}}[$__rate_interval])) > 0", "{{service}} {{route}}"),
        _lines("Time to answer, 99th percentile", f"histogram_quantile(0.99, {took})", "{{service}} {{route}}", unit="s"),
        _lines("Answered 5xx, a second", failed, "{{service}} {{route}} {{status}}"),
        _lines(
            "The gateway's questions, by how they ended", "sum by (asked, result) (rate(loyalty_gateway_asked_total[$__rate_interval]))", "{{asked}} {{result}}"
        ),
    ]


def _ground() -> list[Panel]:
    return [
        _lines("Processes that answer", f'sum by (service) (up{{job="loyalty", {SERVICE}}})', "{{service}}"),
        _lines("Versions", f"count by (service, version) (loyalty_build_info{{{SERVICE}}})", "{{service}} {{version}}"),
        _lines("Database connections in use", f"sum by (service) (loyalty_db_pool_in_use{{{SERVICE}}})", "{{service}}"),
        _lines("Database's clock minus ours", f"max by (service) (loyalty_clock_skew_seconds{{{SERVICE}}})", "{{service}}", unit="s"),
        _lines("CPU", f'sum by (service) (rate(process_cpu_seconds_total{{job="loyalty", {SERVICE}}}[$__rate_interval]))', "{{service}}", unit="percentunit"),
        _lines("Memory", f'sum by (service) (process_resident_memory_bytes{{job="loyalty", {SERVICE}}})', "{{service}}", unit="bytes"),
        _lines(
            "Scheduled jobs, runs an hour",
            f"sum by (service, job, result) (increase(loyalty_job_runs_total{{{SERVICE}}}[1h]))",
            "{{service}} {{job}} {{result}}",
        ),
        _lines("Scheduled jobs, things done an hour", f"sum by (service, job) (increase(loyalty_job_done_total{{{SERVICE}}}[1h]))", "{{service}} {{job}}"),
    ]


def _rate(name: str, by: str) -> str:
    return f"sum by ({by}) (rate(loyalty_{name}{{{SERVICE}}}[$__rate_interval]))"


def _stat(title: str, expr: str, *, bad_from: float, unit: str = "short", legend: str = "") -> Panel:
    steps = [{"color": "green", "value": None}, {"color": "red", "value": bad_from}]
    fields = {"defaults": {"unit": unit, "thresholds": {"mode": "absolute", "steps": steps}}, "overrides": []}
    options = {"colorMode": "background", "reduceOptions": {"calcs": ["lastNotNull"]}}
    return {"type": "stat", "title": title, "width": 4, "height": 4, "fieldConfig": fields, "options": options, "targets": _targets([(expr, legend)])}


def _lines(title: str, asked: str | list[tuple[str, str]], legend: str = "", *, unit: str = "short") -> Panel:
    pairs = [(asked, legend)] if isinstance(asked, str) else asked
    fields = {"defaults": {"unit": unit, "min": 0 if "minus" not in title else None, "custom": {"fillOpacity": 5}}, "overrides": []}
    options = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return {"type": "timeseries", "title": title, "width": 12, "height": HEIGHT, "fieldConfig": fields, "options": options, "targets": _targets(pairs)}


def _targets(pairs: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"refId": chr(ord("A") + place), "expr": expr, "legendFormat": legend, "datasource": _SOURCE} for place, (expr, legend) in enumerate(pairs)]


def _placed(rows: list[tuple[str, list[Panel]]]) -> list[Panel]:
    """Give every panel its number and its place on the grid."""
    placed: list[Panel] = []
    top = 0
    for heading, panels in rows:
        placed.append(
            {"id": len(placed) + 1, "type": "row", "title": heading, "collapsed": False, "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1}, "panels": []}
        )
        left, top = 0, top + 1
        for panel in panels:
            width, height = panel.pop("width"), panel.pop("height")
            if left + width > WIDTH:
                left, top = 0, top + height
            placed.append({"id": len(placed) + 1, **panel, "datasource": _SOURCE, "gridPos": {"x": left, "y": top, "w": width, "h": height}})
            left += width
        top += placed[-1]["gridPos"]["h"]
    return placed


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _service() -> dict[str, Any]:
    query = "label_values(loyalty_build_info, service)"
    return {
        "name": "service",
        "label": "Service",
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": "service"},
        "definition": query,
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }
