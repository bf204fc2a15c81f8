"""The guide for integrators tells the truth: its commands and code run, in its order, and print what it says."""

import shutil
from pathlib import Path

import pytest

from e2e.guides import Reader
from e2e.system import System

NEEDED = ("bash", "curl", "jq")


@pytest.mark.skipif(any(shutil.which(each) is None for each in NEEDED), reason=f"the guide needs {', '.join(NEEDED)}")
async def test_whoever_follows_the_guide_gets_what_it_says(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    await Reader(tmp_path, system, monkeypatch).follow("store-integrator.md")
