"""Free ports of 127.0.0.1."""

import socket

HOST = "127.0.0.1"


def free_ports(*wanted: int | None) -> tuple[int, ...]:
    """Return one free port for each argument: the wanted one if it is given and free, else any.

    Somebody else may take a port before it is used, so a caller whose server cannot bind asks again.
    """
    held: list[socket.socket] = []
    try:
        held.extend(map(_bound, wanted))
        return tuple(each.getsockname()[1] for each in held)
    finally:
        for each in held:
            each.close()


def _bound(port: int | None) -> socket.socket:
    for attempt in (port, None):
        candidate = socket.socket()
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free: a server that comes back wants its own
        try:
            candidate.bind((HOST, attempt or 0))
        except OSError:
            candidate.close()
        else:
            return candidate
    raise OSError("no free port")
