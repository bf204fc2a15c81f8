"""A stack in the background: started, awaited, stopped."""

import subprocess
import sys
import time

import psutil

from loyalty.console import Failure, progress
from loyalty.stack import state
from loyalty.stack.places import Places
from loyalty.stack.supervisor import READY_SECONDS, tail
from shared.local import BrokerKind

#: Broker and PostgreSQL, a first download included, then the services.
START_SECONDS = 300.0 + READY_SECONDS
#: Services drain in 25 s at most, the servers stop in as much.
STOP_SECONDS = 90.0
POLL_SECONDS = 0.1


def start_in_background(places: Places, *, broker: BrokerKind | None, port: int | None) -> state.State:
    """Start `loyalty up` as a process of its own that outlives this one, and wait until it is ready."""
    command = [sys.executable, "-m", "loyalty", "up", "--data", str(places.folder)]
    command += ["--broker", broker] if broker else []
    command += ["--port", str(port)] if port else []
    places.logs.mkdir(parents=True, exist_ok=True)
    log = places.logs / "stack.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)  # noqa: S603  ourselves
    deadline = time.monotonic() + START_SECONDS
    with progress("Starting broker, PostgreSQL and services"):
        while True:
            found = state.read(places)
            if found is not None and found.ready:
                return found
            if process.poll() is not None:
                raise Failure(f"The stack did not start. The end of {log}:\n{tail(log.read_text(errors='replace'))}")
            if time.monotonic() > deadline:
                process.terminate()
                raise Failure(f"The stack took longer than {START_SECONDS:.0f} s to start.", advice=f"Its log: {log}")
            time.sleep(POLL_SECONDS)


def stop_in_background(places: Places) -> bool:
    """Stop the stack of a folder and wait until nothing of it runs. Says whether there was one."""
    supervisor = state.owner(places)
    if supervisor is None:
        return False
    supervisor.terminate()
    try:
        supervisor.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        supervisor.kill()  # its guardian ends the rest
        supervisor.wait(STOP_SECONDS)
    return True
