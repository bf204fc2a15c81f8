"""Writes what SREs are given and the code knows best: burn-rate rules, the dashboard, the list of metrics. With `--check`, says what is not fresh."""
# ruff: noqa: INP001  a folder of scripts

import sys
from pathlib import Path

import dashboard
import freshness
import listing

ROOT = Path(__file__).parents[2]
FILES = {
    ROOT / "deploy/observability/rules/freshness.yml": freshness.rules,
    ROOT / "deploy/observability/dashboards/loyalty.json": dashboard.dashboard,
    ROOT / "docs/guides/metrics.md": listing.page,
}


def main() -> None:
    """Write the files, or name those that differ from what would be written and exit with 1."""
    if "--check" not in sys.argv[1:]:
        for path, write in FILES.items():
            path.write_text(write())
        return
    stale = [path.relative_to(ROOT) for path, write in FILES.items() if not path.is_file() or path.read_text() != write()]
    sys.exit("".join(f"{path} is not what the code says. `make dashboards` writes it anew.\n" for path in stale) or 0)


main()
