"""Stays when the supervisor is killed, ends what it left behind, then goes: no orphans, whatever happens.

The supervisor writes one process id a line to this program's standard input and closes it by ending, in whatever way.
"""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterable
from typing import IO

import psutil

GRACE_SECONDS = 10


def start_guardian() -> subprocess.Popen[bytes]:
    """Start a guardian in a session of its own, where no Ctrl-C reaches it."""
    return subprocess.Popen([sys.executable, "-m", "loyalty.stack.guardian"], stdin=subprocess.PIPE, start_new_session=True)


def entrust(guardian: subprocess.Popen[bytes], pid: int) -> None:
    """Tell the guardian of one more process."""
    stream: IO[bytes] | None = guardian.stdin
    if stream is None:
        raise ValueError("the guardian was started without a pipe")
    stream.write(b"%d\n" % pid)
    stream.flush()


def end_processes(processes: Iterable[psutil.Process]) -> None:
    """Ask each process to end, and end it by force after the grace. A process id used anew by somebody else is left alone."""
    alive = [process for process in processes if process.is_running()]
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(alive, timeout=GRACE_SECONDS)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def watch(lines: Iterable[bytes]) -> None:
    """Collect process ids until the lines end, then end those still alive."""
    entrusted: list[psutil.Process] = []
    for line in lines:
        with contextlib.suppress(psutil.NoSuchProcess):
            entrusted.append(psutil.Process(int(line)))
    end_processes(entrusted)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watch(sys.stdin.buffer)
