"""Follows a guide: its commands and code run, in its order, and must print what it says."""

import ast
import contextlib
import inspect
import io
import os
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from e2e.system import System

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LANGUAGES = frozenset({"sh", "python", "text"})
#: Keeps what a block of shell exports for the blocks after it.
KEEP_ENVIRONMENT = '\nenv -0 > "$GUIDE_FOLDER/environment"\n'


@dataclass(frozen=True)
class Block:
    """A fenced block of a guide, and what it has to print."""

    guide: Path
    line: int
    language: str
    code: str
    prints: str | None


def blocks(name: str) -> Iterator[Block]:
    """Read the blocks of a guide, in order."""
    guide = GUIDES / name
    text = guide.read_text()
    found = [(match[1], match[2], text[: match.start()].count("\n") + 2) for match in BLOCK.finditer(text)]
    assert {language for language, _, _ in found} <= LANGUAGES
    for number, (language, code, line) in enumerate(found):
        if language != "text":
            following = found[number + 1] if number + 1 < len(found) else ("", "", 0)
            yield Block(guide, line, language, code, following[1] if following[0] == "text" else None)


class Reader:
    """Somebody who follows a guide: one shell, and one `python -m asyncio` beside it."""

    def __init__(self, folder: Path, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.names: dict[str, Any] = {"__name__": "guide"}
        monkeypatch.setenv("LOYALTY_DATA", str(system.folder))
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("GUIDE_FOLDER", str(folder))

    async def follow(self, name: str) -> None:
        """Do everything that a guide says, and see what it says will be seen."""
        for block in blocks(name):
            printed = self._shell(block.code) if block.language == "sh" else await self._python(block)
            if block.prints is not None:
                assert printed == block.prints, f"{name}:{block.line}"

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
        code = compile("\n" * (block.line - 1) + block.code, str(block.guide), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            running = types.FunctionType(code, self.names)()
            if inspect.isawaitable(running):
                await running
        return printed.getvalue()
