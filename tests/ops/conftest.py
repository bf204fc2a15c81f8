"""What the tests of operations are given."""

from pathlib import Path

import pytest

from ops.tools import MissingError, prometheus_folder

_missing: list[str] = []


@pytest.fixture(scope="session")
def prometheus_programs() -> Path:
    """Give the folder of `promtool` and `prometheus`; without them, say what is not tested."""
    try:
        return prometheus_folder()
    except MissingError as missing:
        _missing.append(str(missing))
        pytest.skip(f"there is no Prometheus here: {missing}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where it is seen: a skipped test is one letter among many."""
    for reason in dict.fromkeys(_missing):
        terminalreporter.write_line(f"NOT TESTED: that the alert rules load, fire and resolve. {reason}")
