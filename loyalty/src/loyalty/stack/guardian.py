"""Stays when the supervisor is killed, ends what it left behind, then goes: no orphans, whatever happens.

The supervisor writes process ids, and folders of local servers, to this program's standard input, one a line, and closes it by
ending, in whatever way.
"""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, cast

import psutil

from shared.local.processes import Served

GRACE_SECONDS = 10


class Guardian:
    """The supervisor's end of the pipe. Closing it, by `dismiss` or by dying, makes the guardian end what still lives."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "loyalty.stack.guardian"]
        # In a session of its own no Ctrl-C reaches it.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603  our own module

    def entrust(self, pid: int) -> None:
        """Tell the guardian of one more process."""
        self._tell(str(pid))

    def entrust_folder(self, folder: Path) -> None:
        """Tell the guardian where a local server notes its process, started already or not yet."""
        self._tell(str(folder.resolve()))

    def dismiss(self) -> None:
        """Send the guardian home; it ends first whatever was entrusted and still runs."""
        with contextlib.suppress(BrokenPipeError):
            cast("IO[bytes]", self._process.stdin).close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        stream = cast("IO[bytes]", self._process.stdin)
        with contextlib.suppress(BrokenPipeError):  # somebody ended it; the supervisor works on, and stops everything itself
            stream.write(f"{line}\n".encode())
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
    """Collect process ids and folders until the lines end, then end what is still alive."""
    entrusted: list[psutil.Process] = []
    folders: list[Path] = []
    for line in lines:
        text = line.decode().rstrip("\n")
        if text.isdigit():
            with contextlib.suppress(psutil.NoSuchProcess):
                entrusted.append(psutil.Process(int(text)))
        else:
            folders.append(Path(text))
    served = [found for folder in folders if (found := Served.load(folder)) is not None and found.alive()]
    end_processes([*entrusted, *(psutil.Process(found.pid) for found in served)])


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watch(sys.stdin.buffer)
