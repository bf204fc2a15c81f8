"""Server processes of this machine: start, find again, wait until they answer, stop."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import psutil

STOP_SECONDS = 30
_STATE = "server.json"
_children: dict[int, subprocess.Popen[bytes]] = {}  # kept so that they are reaped, whoever holds the handle


class LocalServerError(Exception):
    """A local server did not start; the message ends with its last words."""


@dataclass(frozen=True, slots=True)
class Served:
    """One running server process, recognised by more than its number: numbers are given out again."""

    pid: int
    created: float
    ports: tuple[int, ...]
    kind: str

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Return what was last started in the folder, running or not."""
        try:
            state: dict[str, Any] = json.loads((folder / _STATE).read_bytes())
            return cls(**{**state, "ports": tuple(state["ports"])})
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None

    def save(self, folder: Path) -> None:
        """Note it for the next process that comes to the folder."""
        (folder / _STATE).write_text(json.dumps(asdict(self)))

    def alive(self) -> bool:
        """Whether this very process still runs."""
        with suppress(psutil.Error):
            process = psutil.Process(self.pid)
            return process.create_time() == self.created and process.status() != psutil.STATUS_ZOMBIE
        return False

    def end(self, how: signal.Signals, *, seconds: float = STOP_SECONDS) -> None:
        """Send the signal and wait until the process is gone; after so many seconds it is killed."""
        for each in (how, signal.SIGKILL):
            if not self.alive():
                break
            with suppress(ProcessLookupError):
                os.kill(self.pid, each)
            with suppress(psutil.TimeoutExpired, psutil.NoSuchProcess):
                psutil.Process(self.pid).wait(seconds)
        child = _children.pop(self.pid, None)
        if child is not None:
            child.wait()


@dataclass(frozen=True, slots=True)
class Account:
    """The system user a server runs as; 0 means: as we are."""

    uid: int = 0
    gid: int = 0


def spawn(
    program: Sequence[str],
    *,
    folder: Path,
    kind: str,
    ports: tuple[int, ...],
    account: Account = Account(),
    parent_death_signal: signal.Signals | None,
    environment: Mapping[str, str] | None = None,
) -> Served:
    """Start a server in a session of its own (Ctrl-C is ours to answer), its output in `server.log`, and note it in the folder.

    With a parent death signal it does not outlive us, however we end. Linux watches the thread that starts it, so that has
    to be the main thread.
    """
    if parent_death_signal and threading.current_thread() is not threading.main_thread():
        raise RuntimeError("start local servers from the main thread, or the end of this one would end them")
    parent = os.getpid() if parent_death_signal else 0
    launch = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py"))]
    arguments = [parent, int(parent_death_signal or 0), account.uid, account.gid]
    with (folder / "server.log").open("ab") as log:
        child = subprocess.Popen(  # noqa: S603  our own servers
            [*launch, *map(str, arguments), *program],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    _children[child.pid] = child
    served = Served(pid=child.pid, created=psutil.Process(child.pid).create_time(), ports=ports, kind=kind)
    served.save(folder)
    return served


def wait_until_ready(served: Served, answers: Callable[[], bool], *, folder: Path, seconds: float) -> None:
    """Return as soon as the server answers; raise LocalServerError with the end of its log if it stops or takes too long."""
    deadline = time.monotonic() + seconds
    while not answers():
        if not served.alive() or time.monotonic() > deadline:
            how = "took too long to start" if served.alive() else "stopped while starting"
            served.end(signal.SIGKILL)
            raise LocalServerError(f"{served.kind} {how}; the end of {folder / 'server.log'}:\n{log_tail(folder)}")
        time.sleep(0.05)


def log_tail(folder: Path, *, lines: int = 20) -> str:
    """Return the last lines that the server wrote."""
    with suppress(FileNotFoundError):
        return "\n".join((folder / "server.log").read_text(errors="replace").splitlines()[-lines:])
    return ""


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that two processes that start a server there end up with one."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
