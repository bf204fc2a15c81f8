"""Finds Prometheus and its promtool: those on the PATH, or Debian's, unpacked into `.local/tools` without touching the system."""

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PLACE = ROOT / ".local" / "tools" / "prometheus"
_NAMES = ("promtool", "prometheus")
#: Package lists and one package, over any line.
_DOWNLOAD_SECONDS = 240


class MissingError(Exception):
    """There is no Prometheus here, and why."""


@cache
def prometheus_folder() -> Path:
    """Return the folder of the two programs. Raises MissingError where there is neither a Prometheus nor Debian's package client."""
    found = shutil.which("promtool")
    if found is not None and shutil.which("prometheus") is not None:
        return Path(found).parent
    programs = _PLACE / "usr" / "bin"
    if not all((programs / name).is_file() for name in _NAMES):
        _unpack()
    return programs


def _unpack() -> None:
    if not all(map(shutil.which, ("apt-get", "dpkg"))):
        raise MissingError("no promtool on the PATH, and no apt-get to fetch it with")
    _PLACE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_PLACE.parent) as folder:
        here = Path(folder)
        here.chmod(0o755)
        if _run(here, "apt-get", "download", "prometheus"):
            own = _own_lists(here)
            if error := _run(here, "apt-get", *own, "update") or _run(here, "apt-get", *own, "download", "prometheus"):
                raise MissingError(f"no promtool on the PATH, and apt-get cannot fetch it: {error}")
        package = next(here.glob("prometheus_*.deb"))
        if error := _run(here, "dpkg", "-x", package.name, "unpacked"):
            raise MissingError(error)
        shutil.rmtree(_PLACE, ignore_errors=True)
        (here / "unpacked").rename(_PLACE)


def _own_lists(here: Path) -> tuple[str, ...]:
    """Keep package lists of our own, where the system's are not there or not ours to write."""
    for name in ("lists/partial", "archives/partial"):
        (here / name).mkdir(parents=True)
    return ("-o", f"Dir::State::Lists={here}/lists", "-o", f"Dir::Cache={here}", "-o", "APT::Sandbox::User=")


def _run(folder: Path, *command: str) -> str | None:
    """Run a command in a folder. Return what went wrong."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_DOWNLOAD_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"{command[0]} took more than {_DOWNLOAD_SECONDS} s"
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
