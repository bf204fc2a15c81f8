"""Asks the process in this container whether it is ready: exit status 0 if it is."""  # noqa: INP001  a script

import http.client
import os
import ssl
import sys

TIMEOUT_SECONDS = 4
OK = 200


def ready(port: int, *, sealed: bool) -> bool:
    """Ask on loopback. Whose certificate it is does not matter here: it is our own."""
    if sealed:
        context = ssl._create_unverified_context()  # noqa: S323, SLF001  loopback
        connection: http.client.HTTPConnection = http.client.HTTPSConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == OK
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if ready(int(os.environ["HTTP_PORT"]), sealed=bool(os.environ.get("HTTP_CERTIFICATE_FILE"))) else 1)
