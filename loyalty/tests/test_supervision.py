"""Child processes: kept alive, given up, and never left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from loyalty.console import Failure
from loyalty.stack import children, state
from loyalty.stack.children import Condition, Program, keep_alive
from loyalty.stack.guardian import Guardian
from loyalty.stack.places import Places
from loyalty.stack.programs import SERVICES, Ground, plans
from shared.local.keys import make_keys
from shared.local.processes import Served
from shared.postgres import ServiceUrls

Eventually = Callable[..., Awaitable[object]]

SLEEPER = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"


def program(tmp_path: Path, code: str) -> Program:
    return Program("toy", (sys.executable, "-c", code), dict(os.environ), tmp_path / "toy.log")


class Told:
    """Remembers what was said of a child."""

    def __init__(self) -> None:
        self.conditions: list[Condition] = []

    def __call__(self, condition: Condition) -> None:
        self.conditions.append(condition)

    @property
    def last(self) -> Condition:
        return self.conditions[-1]

    @property
    def pids(self) -> list[int]:
        return [condition.pid for condition in self.conditions if condition.pid is not None]


async def test_killed_child_is_started_again(tmp_path: Path, eventually: Eventually):
    told = Told()
    task = asyncio.create_task(keep_alive(program(tmp_path, SLEEPER), changed=told))
    await eventually(lambda: told.pids)
    os.kill(told.pids[0], signal.SIGKILL)
    await eventually(lambda: len(told.pids) == 2)
    assert told.last.restarts == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not any(psutil.pid_exists(pid) for pid in told.pids)


async def test_child_that_keeps_dying_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(children, "FIRST_WAIT_SECONDS", 0.01)
    told = Told()
    await keep_alive(program(tmp_path, "print('no'); raise SystemExit(3)"), changed=told)
    assert told.last.failed
    assert len(told.pids) == children.MOST_DEATHS
    assert (tmp_path / "toy.log").read_text() == "no\n" * children.MOST_DEATHS


async def test_child_that_does_not_listen_is_ended_by_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eventually: Eventually):
    monkeypatch.setattr(children, "STOP_SECONDS", 0.2)
    told = Told()
    task = asyncio.create_task(keep_alive(program(tmp_path, STUBBORN), changed=told))
    await eventually(lambda: "ready" in (tmp_path / "toy.log").read_text() if (tmp_path / "toy.log").exists() else False)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not psutil.pid_exists(told.pids[0])


SUPERVISOR = """
import subprocess, sys, time
from loyalty.stack.guardian import Guardian
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
Guardian().entrust(child.pid)
print(child.pid, flush=True)
time.sleep(600)
"""


def child_of_a_killed_supervisor() -> psutil.Process:
    with subprocess.Popen([sys.executable, "-c", SUPERVISOR], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        child = psutil.Process(int(supervisor.stdout.readline()))
        supervisor.kill()
    return child


async def test_guardian_ends_what_a_killed_supervisor_leaves(eventually: Eventually):
    child = child_of_a_killed_supervisor()
    await eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_guardian_leaves_nothing_when_dismissed():
    child = subprocess.Popen([sys.executable, "-c", SLEEPER])
    guardian = Guardian()
    guardian.entrust(child.pid)
    guardian.dismiss()
    assert child.wait(10) == -signal.SIGTERM


def test_folder_belongs_to_one_stack_and_says_to_which(tmp_path: Path):
    places = Places(tmp_path)
    assert state.owner(places) is None
    with state.alone(places):
        found = state.owner(places)
        assert found is not None
        assert found.pid == os.getpid()
        with pytest.raises(Failure, match="already"), state.alone(places):
            pass


def test_state_of_a_dead_stack_is_not_believed(tmp_path: Path):
    places = Places(tmp_path)
    me = psutil.Process()
    kept = state.State.model_validate(
        {
            "pid": me.pid,
            "created": me.create_time(),
            "started_at": "2026-11-23T00:00:00Z",
            "broker": {"kind": "kafka", "bootstrap_servers": "127.0.0.1:1"},
            "database": "embedded",
            "verify_urls": {},
            "audience": "loyalty",
            "ready": True,
        }
    )
    state.write(places, kept)
    assert state.running(places) == kept
    assert places.state.stat().st_mode & 0o077 == 0
    state.write(places, kept.model_copy(update={"created": 1.0}))
    assert state.read(places) is None
    with pytest.raises(Failure, match="No stack runs") as failure:
        state.running(places)
    assert "loyalty up" in failure.value.advice


def test_services_get_their_own_keys_and_addresses_and_nothing_of_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_POOL_SIZE", "1")
    keys = make_keys(tmp_path / "keys")
    urls = ServiceUrls("postgresql://owner@h/d", "postgresql://app@h/d", "postgresql://verify@h/d")
    ground = Ground("127.0.0.1:9", {"accrual": urls, "members": urls}, keys)
    found = plans(ground, Places(tmp_path), gateway_port=None)
    environments = {name: found[name].program.environment for name in SERVICES}
    assert len({plan.url for plan in found.values()}) == 3
    assert environments["accrual"]["DATABASE_URL"] == "postgresql://app@h/d"
    assert environments["accrual"]["DATABASE_MIGRATION_URL"] == "postgresql://owner@h/d"
    assert environments["gateway"]["ACCRUAL_URL"] == found["accrual"].url
    assert "DATABASE_URL" not in environments["gateway"]
    assert all(environment["ENV"] == "local" and "DATABASE_POOL_SIZE" not in environment for environment in environments.values())
    assert [name for name in SERVICES if str(keys.personal) in environments[name].values()] == ["members"]
    assert [name for name in SERVICES if str(keys.jwt_private) in environments[name].values()] == ["gateway"]


def test_guardian_ends_the_server_that_a_folder_tells_of(tmp_path: Path):
    child = subprocess.Popen([sys.executable, "-c", SLEEPER])
    guardian = Guardian()
    guardian.entrust_folder(tmp_path)
    guardian.entrust_folder(tmp_path / "nothing was started here")
    Served(child.pid, psutil.Process(child.pid).create_time(), (), "toy").save(tmp_path)
    guardian.dismiss()
    assert child.wait(10) == -signal.SIGTERM
