"""What an SRE is promised holds for the processes that run: metrics, health, the audit, and the commands of the runbooks."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import httpx
import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from e2e.builders import Cast
from e2e.system import System, eventually

ROOT = Path(__file__).parents[2]
SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
ROW = re.compile(r"^\| `(loyalty_[a-z_]+)` \| (\w+) \| (.+?) \|", re.MULTILINE)
RUNNABLE = re.compile(r"^```bash run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Labels that the histograms add, and that tell a bucket from a quantile.
OF_THE_TYPE = {"le"}
#: Without a database, a broker or jobs, a process has nothing to say of these.
OF_WORK = re.compile(r"loyalty_(event|batch|consumer|topic|rebalances|offsets|commits|outbox|dead|invariant|job)_?")
#: Owned partitions have these only while somebody owns them.
BY_PARTITION = {"partition"}


def documented(service: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Read the page of metrics: type and labels by name, of every service and of this one."""
    page = (ROOT / "docs/guides/metrics.md").read_text()
    headings = [*SECTION.finditer(page)]
    ends = [*(heading.start() for heading in headings[1:]), len(page)]
    sections = {heading[1]: page[heading.end() : end] for heading, end in zip(headings, ends, strict=True)}
    rows = [row for name in ("Every service", service) for row in ROW.findall(sections.get(name, ""))]
    return {name: (kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def urls_of(system: System) -> dict[str, str]:
    services = json.loads((system.folder / "stack.json").read_text())["services"]
    return {name: service["url"] for name, service in services.items()}


async def metrics_of(system: System, service: str) -> dict[str, Metric]:
    """Ask a process, and give its own families by the name that a counter is asked for."""
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"{urls_of(system)[service]}/metrics")).raise_for_status().text
    families = [family for family in text_string_to_metric_families(text) if family.name.startswith("loyalty_")]
    return {family.name + ("_total" if family.type == "counter" else ""): family for family in families}


@pytest.mark.parametrize("service", ["accrual", "members", "gateway"])
async def test_a_process_says_what_the_page_of_metrics_says_and_no_more(system: System, cast: Cast, service: str):
    purchase = cast.a_purchase(cast.holder("olga"))
    await system.publish(purchase)
    await eventually(lambda: _granted(system, purchase))
    told, expected = await metrics_of(system, service), documented(service)
    assert {name: family.type for name, family in told.items()} == {name: kind for name, (kind, _) in expected.items()}
    for name, (_, labels) in expected.items():
        found = {frozenset(sample.labels) - OF_THE_TYPE for sample in told[name].samples}
        if service == "gateway" and OF_WORK.match(name):
            assert not found
        else:
            assert found == {labels}, f"{name} of {service}"


@pytest.mark.parametrize("service", ["accrual", "members", "gateway"])
async def test_a_process_at_work_is_started_ready_and_alive(system: System, service: str):
    async with httpx.AsyncClient(base_url=urls_of(system)[service], trust_env=False) as client:
        for question in ("startup", "ready", "live"):
            answer = await client.get(f"/health/{question}")
            assert (answer.status_code, answer.json()) == (200, {"status": "ok", "reasons": []}), question


@pytest.mark.parametrize("service", ["accrual", "members"])
async def test_every_invariant_is_checked_by_the_running_service(system: System, service: str):
    offered = {check.id for entry in entry_points(group="loyalty.checks", name=service) for check in entry.load()}
    assert offered

    async def checked() -> set[str]:
        told = await metrics_of(system, service)
        assert {sample.value for sample in told["loyalty_invariant_violations"].samples} == {0}
        return {sample.labels["invariant"] for sample in told["loyalty_invariant_checked_timestamp_seconds"].samples if sample.value}

    async def all_checked() -> bool:
        return await checked() == offered

    await eventually(all_checked)


def commands() -> list[tuple[str, str]]:
    pages = [*sorted((ROOT / "docs/runbooks").glob("*.md")), ROOT / "docs/guides/sre.md", ROOT / "docs/guides/dead-letters.md"]
    return [(path.stem, command) for path in pages for command in RUNNABLE.findall(path.read_text())]


def test_what_the_runbooks_say_to_run_can_be_run(system: System):
    """On a healthy system; that the alerts' faults are seen and mended is for `make ops`."""
    environment = os.environ | {name.upper(): url for name, url in urls_of(system).items()} | {"LOYALTY_DATA": str(system.folder)}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done: dict[str, subprocess.CompletedProcess[str]] = {}
    for page, command in commands():
        if command not in done:
            done[command] = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", command], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
            )
        assert done[command].returncode == 0, f"{page}: {command}{done[command].stdout}{done[command].stderr}"
    assert done


async def _granted(system: System, purchase: object) -> bool:
    return set(await system.verdicts([purchase])) == {"granted"}  # type: ignore[list-item]
