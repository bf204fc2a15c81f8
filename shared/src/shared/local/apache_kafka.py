"""Apache Kafka without Docker: the recipe in deploy/local, fetched once by Maven, run by Java."""

import base64
import os
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from string import Template

from shared.ids import random_bytes
from shared.local.processes import LocalServerError, alone_in

_OLDEST_JAVA = 17  # Kafka 4
_FETCH_SECONDS = 600
MEMORY = ("-Xmx512m", "-XX:+UseSerialGC")


def repository() -> Path | None:
    """Return the folder of the checkout that holds the recipe: this file's, or the one we are in."""
    for start in (Path(__file__).resolve(), Path.cwd()):
        for folder in start.parents if start.is_file() else (start, *start.parents):
            if (folder / "deploy/local/pom.xml").is_file():
                return folder
    return None


def missing() -> str | None:
    """Return what this machine lacks to run Apache Kafka, or None if it can."""
    top = repository()
    if top is None:
        return "no checkout with deploy/local"
    if _java_version() < _OLDEST_JAVA:
        return f"no Java {_OLDEST_JAVA} or newer"
    if shutil.which("mvn") is None and not _libraries(top).exists():
        return "no Maven"
    return None


def program(folder: Path, *, port: int, controller_port: int) -> list[str]:
    """Prepare the folder (format it the first time) and return the command that runs the broker in it."""
    reason, top = missing(), repository()
    if reason is not None or top is None:
        raise LocalServerError(f"Apache Kafka cannot run here: {reason}")
    recipe, libraries = top / "deploy/local", _fetched(top)
    properties = folder / "server.properties"
    filled = Template((recipe / "server.properties").read_text()).substitute(port=port, controller_port=controller_port, data=folder / "data")
    properties.write_text(filled)
    java = [str(_java()), *MEMORY, f"-Dlog4j2.configurationFile={recipe / 'log4j2.properties'}", "-cp", f"{libraries}/*"]
    if not (folder / "data/meta.properties").exists():
        _run([*java, "kafka.tools.StorageTool", "format", "--standalone", "-t", _cluster_id(), "-c", str(properties)])
    return [*java, "kafka.Kafka", str(properties)]


def _libraries(top: Path) -> Path:
    edition = sha256((top / "deploy/local/pom.xml").read_bytes()).hexdigest()[:12]  # another recipe, another folder
    return top / ".local/kafka-libs" / edition


def _fetched(top: Path) -> Path:
    libraries = _libraries(top)
    with alone_in(libraries.parent):
        if not libraries.exists():
            partial = libraries.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            maven = shutil.which("mvn") or "mvn"
            pom = top / "deploy/local/pom.xml"
            _run([maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={partial}", "-DincludeScope=runtime"])
            partial.rename(libraries)
    return libraries


def _java() -> Path:
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin/java").exists():
        return Path(home) / "bin/java"
    return Path(shutil.which("java") or "java")


def _java_version() -> int:
    try:
        said = subprocess.run([str(_java()), "-version"], capture_output=True, text=True, check=False, timeout=30).stderr  # noqa: S603
    except OSError:
        return 0
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_FETCH_SECONDS)  # noqa: S603  ours
    if done.returncode:
        raise LocalServerError(f"{Path(command[0]).name} failed:\n{(done.stdout + done.stderr)[-2000:]}")


def _cluster_id() -> str:
    while (text := base64.urlsafe_b64encode(random_bytes(16)).decode().rstrip("=")).startswith("-"):
        pass  # it would read as an option
    return text
