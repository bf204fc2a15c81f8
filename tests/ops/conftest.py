"""What the tests of operations are given."""

from pathlib import Path

import pytest

from ops.tools import MissingError, prometheus_folder


@pytest.fixture(scope="session")
def prometheus_programs() -> Path:
    """Give the folder of `promtool` and `prometheus`; without them, say what is not tested."""
    try:
        return prometheus_folder()
    except MissingError as missing:
        pytest.skip(f"NOT TESTED, as there is no Prometheus here: alert rules. {missing}")
