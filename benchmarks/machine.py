"""On what was measured: the machine, the versions, the settings of the servers."""

import os
import platform
import re
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import psycopg
from ground import HERE, Ground

REPOSITORY = HERE.parent
LIBRARIES = ("aiokafka", "asyncpg", "orjson", "pydantic", "uvloop")
SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "wal_level", "shared_buffers", "max_wal_size", "checkpoint_timeout", "wal_compression")
SYNCS = 200
LOOPS = 1_000_000


def describe(ground: Ground) -> dict[str, Any]:
    """Describe what a reader needs to compare these figures with others."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "kernel": platform.release(),
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "disk_sync_ms": sync_milliseconds(ground.places.folder),
        "python": platform.python_version(),
        "python_loops_per_second": python_speed(),
        "java": _said("java", "-version").partition("\n")[0],
        "kafka": _kafka_version(),
        "postgresql": _postgresql(ground),
        "libraries": {name: version(name) for name in LIBRARIES},
        "commit": _said("git", "-C", str(REPOSITORY), "rev-parse", "HEAD").strip(),
        "uncommitted_changes": bool(_said("git", "-C", str(REPOSITORY), "status", "--porcelain", "--", "contracts", "shared", "services").strip()),
    }


def sync_milliseconds(folder: Path) -> dict[str, float]:
    """Measure what the disk takes to make 8 KiB durable: every batch waits for that at least once."""
    taken = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(SYNCS):
            file.write(b"\0" * 8192)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return {"median": round(taken[SYNCS // 2], 2), "p99": round(taken[SYNCS * 99 // 100], 2)}


def python_speed() -> int:
    """Measure how fast this Python is here: builds of one version differ by a factor of two, and a shared machine by as much."""
    best = float("inf")
    for _ in range(5):
        began, total = time.process_time(), 0
        for number in range(LOOPS):
            total += number * number & 7
        best = min(best, time.process_time() - began)
    return round(LOOPS / best)


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except FileNotFoundError:
        return platform.processor()
    found = re.search(r"model name\s*: (.*)", text)
    return found[1] if found else platform.processor()


def _kafka_version() -> str:
    found = re.search(r"<artifactId>kafka_[0-9.]+</artifactId>\s*<version>([^<]+)<", (REPOSITORY / "deploy/local/pom.xml").read_text())
    return found[1] if found else "unknown"


def _postgresql(ground: Ground) -> dict[str, str]:
    with psycopg.connect(ground.postgres.url) as connection:
        rows = connection.execute("select name, current_setting(name) from unnest(%s::text[]) as name", [["server_version", *SETTINGS]])
        return dict(rows.fetchall())


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout or done.stderr
