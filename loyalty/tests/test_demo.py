"""The demo from its first process to its last, on the small broker and with a few customers."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from loyalty.demo.cdnow import first_customers, read_sales

CUSTOMERS = 40
PURCHASES = len(first_customers(read_sales(), CUSTOMERS))
SECONDS = 280


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="loyalty-demo-") as name:
        Path(name).chmod(0o711)  # PostgreSQL may run as another user
        yield Path(name) / "demo"


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "loyalty", "demo", "--broker", "tansu", "--limit", str(CUSTOMERS), "--data", str(folder), *arguments]


def left_behind(folder: Path) -> list[psutil.Process]:
    """Find whatever was told of the folder: servers by their command line, services by their settings."""

    def knows(process: psutil.Process) -> bool:
        try:
            return str(folder) in " ".join([*process.cmdline(), *process.environ().values()])
        except psutil.Error:
            return False

    return [process for process in psutil.process_iter() if knows(process)]


def test_demo_counts_every_purchase_once_and_ends_with_one_object(folder: Path):
    elsewhere = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    done = subprocess.run(command(folder, "--json"), capture_output=True, text=True, check=False, timeout=SECONDS, env=os.environ | elsewhere)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["purchases"], found["customers"], found["violations"]) == (PURCHASES, CUSTOMERS, 0)
    verdicts = found["verdicts"]
    assert sum(verdicts.values()) == found["purchase_events"]
    # Each purchase once; beside them two without identifier, one in foreign money, the returns, three unreadable records, one of them
    # again, and the repeats. One slip is handed in twice.
    assert verdicts["granted"] + verdicts["nothing-earned"] == PURCHASES + 2
    assert (verdicts["refused"], verdicts["dead-lettered"]) == (2, 4)
    assert verdicts["reversed"] + verdicts.get("applied", 0) + verdicts["waiting"] == found["returns"] - 1
    assert verdicts["duplicate"] == found["purchase_events"] - PURCHASES - 3 - 4 - found["returns"]
    assert found["dead_letters"] == {"discarded": 1, "settled": 1, "waiting": 1}
    assert found["members"] + found["unclaimed"] == CUSTOMERS
    buckets = ("pending", "available", "held", "debt", "expired", "reversed")
    assert found["points_issued"] == sum(found[f"points_{bucket}"] for bucket in buckets) > 0
    assert found["seconds_to_first_grant"] > 0
    assert found["broker"] == "tansu"
    for told in ("leaves that server alone", "forgotten on stop", "A year and a half of purchases", "Why: purchase cdnow/", "Clean", "/docs", "/metrics"):
        assert told in done.stderr
    assert left_behind(folder) == []


def test_interrupted_demo_leaves_nothing_running(folder: Path):
    with subprocess.Popen(command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stderr is not None
        for line in demo.stderr:
            if line.startswith("Services"):
                break
        demo.send_signal(signal.SIGINT)
        rest = demo.stderr.read()
        assert demo.wait(SECONDS) == 130, rest
    assert "nothing is left running" in rest
    assert left_behind(folder) == []
