"""Where Prometheus comes from, and what is said when it cannot come."""

from pathlib import Path

import pytest

from ops import tools


def test_a_machine_without_prometheus_and_without_packages_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tools, "_PLACE", tmp_path / "prometheus")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(tools.MissingError, match="no promtool on the PATH, and no apt-get"):
        tools.prometheus_folder.__wrapped__()


def test_a_prometheus_that_the_machine_has_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("promtool", "prometheus"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tools.prometheus_folder.__wrapped__() == tmp_path
