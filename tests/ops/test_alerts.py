"""Alerts fire when they should, stay silent when it was close, and resolve; each has a runbook; all that they name is there."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from loyalty.stack.programs import SERVICES, WITH_DATABASE

ROOT = Path(__file__).parents[2]
HERE = ROOT / "deploy" / "observability"
RUNBOOKS = ROOT / "docs" / "runbooks"
RULES = sorted((HERE / "rules").glob("*.yml"))
TESTS = sorted((HERE / "tests").glob("*.yml"))
DASHBOARDS = sorted((HERE / "dashboards").glob("*.json"))
SECTIONS = ["## Meaning", "## Look", "## Act", "## Check"]
ALERTS = [rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"] if "alert" in rule]
NAMES = sorted({alert["alert"] for alert in ALERTS})
METRIC = re.compile(r"\bloyalty_[a-z_]+[a-z]\b(?!\()")


def promtool(programs: Path, *arguments: str | Path) -> None:
    done = subprocess.run([programs / "promtool", *arguments], capture_output=True, text=True, check=False, cwd=HERE)
    assert done.returncode == 0, done.stdout + done.stderr


def documented() -> set[str]:
    """List every name under which a documented metric can be asked for."""
    rows = re.findall(r"^\| `(loyalty_[a-z_]+)` \| (\w+) \|", (ROOT / "docs/guides/metrics.md").read_text(), re.MULTILINE)
    return {name + suffix for name, kind in rows for suffix in (("_bucket", "_count", "_sum") if kind == "histogram" else ("",))}


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_each_alert_fires_is_silent_when_it_was_close_and_resolves(path: Path, prometheus_programs: Path):
    promtool(prometheus_programs, "test", "rules", path)


def test_the_rules_and_the_scrape_configuration_load(prometheus_programs: Path):
    promtool(prometheus_programs, "check", "rules", "--lint=all", "--lint-fatal", *RULES)
    promtool(prometheus_programs, "check", "config", HERE / "prometheus.yml")


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_a_rule_test_has_all_three_parts(path: Path):
    cases = yaml.safe_load(path.read_text())["tests"]
    asked = [[bool(check["exp_alerts"]) for check in case["alert_rule_test"]] for case in cases]
    assert {check["alertname"] for case in cases for check in case["alert_rule_test"]} == {path.stem}
    assert any(fired[-2:] == [True, False] for fired in asked), "it fires, and then resolves"
    assert any(not any(fired) and "near miss" in case["name"].casefold() for case, fired in zip(cases, asked, strict=True))


def test_each_alert_has_a_rule_test_and_a_runbook_and_neither_is_an_orphan():
    assert [path.stem for path in TESTS] == NAMES
    assert sorted(path.stem for path in RUNBOOKS.glob("*.md") if path.stem != "README") == NAMES
    for alert in ALERTS:
        assert alert["labels"]["severity"] in {"page", "ticket"}
        assert alert["annotations"]["runbook"] == f"docs/runbooks/{alert['alert']}.md"


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_says_what_it_means_where_to_look_what_to_do_and_how_to_know_that_it_is_over(name: str):
    lines = (RUNBOOKS / f"{name}.md").read_text().splitlines()
    assert lines[0] == f"# {name}"
    assert [line for line in lines if line.startswith("## ")] == SECTIONS


@pytest.mark.parametrize("path", [*RULES, *DASHBOARDS, *sorted(RUNBOOKS.glob("*.md")), ROOT / "docs/guides/sre.md"], ids=lambda path: path.name)
def test_every_metric_that_is_named_is_documented(path: Path):
    assert set(METRIC.findall(path.read_text())) - documented() - {"loyalty_app"} == set()


def test_what_is_generated_is_fresh():
    done = subprocess.run([sys.executable, HERE / "generate.py", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_question_of_the_dashboard_can_be_asked(prometheus_programs: Path, tmp_path: Path):
    panels = [panel for path in DASHBOARDS for panel in json.loads(path.read_text())["panels"]]
    asked = [target["expr"].replace("$__rate_interval", "5m").replace("$service", ".*") for panel in panels for target in panel.get("targets", [])]
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(asked)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert asked
    promtool(prometheus_programs, "check", "rules", tmp_path / "panels.yml")


def test_panels_do_not_overlap():
    for path in DASHBOARDS:
        taken: set[tuple[int, int]] = set()
        for panel in json.loads(path.read_text())["panels"]:
            cells = set(cells_of(panel["gridPos"]))
            assert not cells & taken, panel["title"]
            assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
            taken |= cells


def cells_of(place: dict[str, Any]) -> list[tuple[int, int]]:
    return [(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])]


def test_no_service_can_be_absent_without_an_alert():
    expressions = {alert["alert"]: alert["expr"] for alert in ALERTS}
    for service in SERVICES:
        assert f'absent(up{{job="loyalty", service="{service}"}})' in expressions["TargetDown"]
    for service in WITH_DATABASE:
        assert f'absent(loyalty_invariant_checked_timestamp_seconds{{service="{service}"}})' in expressions["AuditSilent"]
    (scrape,) = yaml.safe_load((HERE / "prometheus.yml").read_text())["scrape_configs"]
    assert {name for found in scrape["dns_sd_configs"] for name in found["names"]} == set(SERVICES)
