"""The guide for integrators tells the truth: its commands and code run, in its order, and print what it says."""

import ast
import contextlib
import inspect
import io
import os
import re
import shutil
import subprocess
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from e2e.system import System

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "store-integrator.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDED = ("bash", "curl", "jq")
#: Keeps what a block of shell exports for the blocks after it.
KEEP_ENVIRONMENT = '\nenv -0 > "$GUIDE_FOLDER/environment"\n'


@dataclass(frozen=True)
class Block:
    """A fenced block of the guide, and what it has to print."""

    line: int
    language: str
    code: str
    prints: str | None


def blocks() -> Iterator[Block]:
    text = GUIDE.read_text()
    found = [(match[1], match[2], text[: match.start()].count("\n") + 2) for match in BLOCK.finditer(text)]
    assert {language for language, _, _ in found} == {"sh", "python", "text"}
    for number, (language, code, line) in enumerate(found):
        if language != "text":
            following = found[number + 1] if number + 1 < len(found) else ("", "", 0)
            yield Block(line, language, code, following[1] if following[0] == "text" else None)


class Reader:
    """Somebody who follows the guide: one shell, and one `python -m asyncio` beside it."""

    def __init__(self, folder: Path, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.names: dict[str, Any] = {"__name__": "guide"}
        monkeypatch.setenv("LOYALTY_DATA", str(system.folder))
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("GUIDE_FOLDER", str(folder))

    async def follow(self, block: Block) -> str:
        return self._shell(block.code) if block.language == "sh" else await self._python(block)

    def _shell(self, code: str) -> str:
        command = ["bash", "-euo", "pipefail", "-c", code + KEEP_ENVIRONMENT]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        for variable in (self.folder / "environment").read_text().split("\0"):
            name, _, value = variable.partition("=")
            if name and name not in {"_", "SHLVL", "PWD", "OLDPWD"}:
                self.monkeypatch.setenv(name, value)
        return done.stdout

    async def _python(self, block: Block) -> str:
        code = compile("\n" * (block.line - 1) + block.code, str(GUIDE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            running = types.FunctionType(code, self.names)()
            if inspect.isawaitable(running):
                await running
        return printed.getvalue()


@pytest.mark.skipif(any(shutil.which(each) is None for each in NEEDED), reason=f"the guide needs {', '.join(NEEDED)}")
async def test_whoever_follows_the_guide_gets_what_it_says(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    reader = Reader(tmp_path, system, monkeypatch)
    for block in blocks():
        printed = await reader.follow(block)
        if block.prints is not None:
            assert printed == block.prints, f"{GUIDE.name}:{block.line}"
