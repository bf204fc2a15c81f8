"""The guide for tills tells the truth: the till in the terminal does what it says, against the running system."""

import shutil
from pathlib import Path

import pytest

from e2e.guides import Reader
from e2e.system import System

NEEDED = ("bash",)


@pytest.mark.skipif(any(shutil.which(each) is None for each in NEEDED), reason=f"the guide needs {', '.join(NEEDED)}")
async def test_whoever_follows_the_guide_sells_with_points_takes_back_and_sells_on_without_an_answer(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    await Reader(tmp_path, system, monkeypatch).follow("till.md")
