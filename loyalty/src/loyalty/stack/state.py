"""The state file of a stack: what runs, and how each part is reached."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from loyalty.console import COULD_NOT, Failure
from loyalty.stack.places import Places

NOT_RUNNING_ADVICE = "Start it with `loyalty up`, or name another folder with --data (the demo's is .local/demo)."


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Broker(_Part):
    """The broker in use."""

    kind: Literal["kafka", "tansu", "given"]
    bootstrap_servers: str


class Service(_Part):
    """One service: where it answers, and how it fares."""

    name: str
    url: str
    log: str
    pid: int | None = None
    restarts: int = 0
    failed: bool = False


class State(_Part):
    """A whole stack. `ready` turns true when everything answers and the programmes are published."""

    pid: int
    created: float
    started_at: datetime
    ready: bool = False
    broker: Broker
    database: Literal["embedded", "given"]
    verify_urls: dict[str, str]
    audience: str
    services: dict[str, Service] = {}
    programmes: tuple[str, ...] = ()


def write(places: Places, state: State) -> None:
    """Replace the state file in one step; it holds a database password, so only its owner may read it."""
    draft = places.state.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(state.model_dump_json(indent=2))
    draft.replace(places.state)


def read(places: Places) -> State | None:
    """Read the state of the stack that runs here; nothing if none does, whatever an old file says."""
    try:
        state = State.model_validate_json(places.state.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return state if process_of(state.pid, state.created) else None


def running(places: Places) -> State:
    """Read the state of the ready stack here, or fail with advice."""
    state = read(places)
    if state is not None and state.ready:
        return state
    if owner(places) is not None:
        raise Failure("The stack is still starting.", advice="`loyalty status` shows how far it is.", code=COULD_NOT)
    raise Failure(f"No stack runs in {places.folder}.", advice=NOT_RUNNING_ADVICE, code=COULD_NOT)


def process_of(pid: int, created: float) -> psutil.Process | None:
    """Find this very process, not another under the same number."""
    try:
        process = psutil.Process(pid)
        return process if process.create_time() == created and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


@contextmanager
def alone(places: Places) -> Iterator[None]:
    """Hold the folder for this process as long as it lives. Fails if another has it."""
    places.folder.mkdir(parents=True, exist_ok=True)
    with places.lock.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            advice = "`loyalty status` shows it, `loyalty down` stops it; --data FOLDER starts another beside it."
            raise Failure(f"A stack runs in {places.folder} already.", advice=advice) from error
        me = psutil.Process()
        lock.truncate(0)
        lock.write(f"{me.pid} {me.create_time()}")
        lock.flush()
        yield


def owner(places: Places) -> psutil.Process | None:
    """Find the process that holds the folder, ready or not."""
    try:
        pid, created = places.lock.read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return process_of(int(pid), float(created))
