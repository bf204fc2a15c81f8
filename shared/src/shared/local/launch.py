"""Becomes a server that dies with the process that started it. Run as a script, it needs nothing but the standard library.

`launch.py PARENT SIGNAL UID GID PROGRAM …`: gives up root if UID is not 0, asks the kernel (Linux) for SIGNAL when the
parent is gone, and turns into PROGRAM. PARENT 0: live on without it.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, signal: int, uid: int, gid: int, program: list[str]) -> None:
    """Replace this process by the program."""
    if uid:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal)  # after setuid, which clears it
        if os.getppid() != parent:  # it died before we could ask
            sys.exit(1)
    os.execv(program[0], program)  # noqa: S606  the caller names the program


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:5]), sys.argv[5:])  # type: ignore[call-arg, arg-type]
