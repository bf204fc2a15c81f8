"""The guide for marketers tells the truth: an empty file becomes a published programme, and its next version."""

import shutil
from pathlib import Path

import pytest

from e2e.guides import Reader
from e2e.system import System

NEEDED = ("bash", "curl", "jq", "sed")


@pytest.mark.timeout(900)  # some twenty commands, each a process of its own: on a busy machine they take minutes
@pytest.mark.skipif(any(shutil.which(each) is None for each in NEEDED), reason=f"the guide needs {', '.join(NEEDED)}")
async def test_whoever_follows_the_guide_publishes_a_programme_and_changes_it(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    await Reader(tmp_path, system, monkeypatch).follow("marketer.md")
