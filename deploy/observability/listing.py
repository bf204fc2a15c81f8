"""Lists the metrics, as the code declares them: the table of docs/guides/metrics.md."""
# ruff: noqa: INP001  a folder of scripts

from types import ModuleType

from prometheus_client import Counter, Histogram
from prometheus_client.metrics import MetricWrapperBase

import accrual.metrics
import gateway.metrics
import members.metrics
import shared.metrics

HEADER = """\
# Metrics

What every process says at `/metrics`, beside the health endpoints. This page is made from the code by `make dashboards`; a test compares it with
what running processes say, both ways. How to watch them: [sre.md](sre.md).

Units are base units. A counter's name ends in `_total`. Label values are closed sets that stand at 0 from the start, so that the first failure is seen as a
rise; no label ever names a person or an event. The label `service` comes from the scrape configuration, `deploy/observability/prometheus.yml`. Beside these
there are `process_*` and `python_*`, as the Prometheus client has them everywhere.
"""
OWNERS: dict[str, ModuleType] = {"Every service": shared.metrics, "accrual": accrual.metrics, "members": members.metrics, "gateway": gateway.metrics}


def page() -> str:
    """Return the file."""
    return HEADER + "".join(_section(owner, module) for owner, module in OWNERS.items())


def _section(owner: str, module: ModuleType) -> str:
    elsewhere = [] if module is shared.metrics else list(vars(shared.metrics).values())
    rows = [_row(metric) for metric in vars(module).values() if isinstance(metric, MetricWrapperBase) and metric not in elsewhere]
    return f"\n## {owner}\n\n| metric | type | labels | what it says |\n|---|---|---|---|\n" + "".join(rows)


def _row(metric: MetricWrapperBase) -> str:
    """Write one line. What a metric is called and has is in the client library's object, under names with an underscore."""
    name = metric._name + ("_total" if isinstance(metric, Counter) else "")  # noqa: SLF001
    labels = ", ".join(f"`{label}`" for label in metric._labelnames) or "none"  # noqa: SLF001
    says = metric._documentation  # noqa: SLF001
    if isinstance(metric, Histogram):
        bounds = ", ".join(f"{bound:g}" for bound in metric._upper_bounds[:-1])  # noqa: SLF001
        says += f" Buckets: {bounds}."
    return f"| `{name}` | {metric._type} | {labels} | {says} |\n"  # noqa: SLF001
