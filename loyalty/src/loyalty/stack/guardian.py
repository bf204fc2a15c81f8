"""Stays when the supervisor is killed, ends what it left behind, then goes: no orphans, whatever happens.

The supervisor writes one process id a line to this program's standard input and closes it by ending, in whatever way.
"""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterable
from typing import IO, cast

import psutil

GRACE_SECONDS = 10


class Guardian:
    """The supervisor's end of the pipe. Closing it, by `dismiss` or by dying, makes the guardian end what still lives."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "loyalty.stack.guardian"]
        # In a session of its own no Ctrl-C reaches it.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603  our own module

    def entrust(self, pid: int) -> None:
        """Tell the guardian of one more process."""
        stream = cast("IO[bytes]", self._process.stdin)
        with contextlib.suppress(BrokenPipeError):  # somebody ended it; the supervisor works on, and stops everything itself
            stream.write(b"%d\n" % pid)
            stream.flush()

    def dismiss(self) -> None:
        """Send the guardian home; it ends first whatever was entrusted and still runs."""
        with contextlib.suppress(BrokenPipeError):
            cast("IO[bytes]", self._process.stdin).close()
        self._process.wait()


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
