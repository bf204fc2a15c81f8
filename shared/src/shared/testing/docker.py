"""Apache Kafka in Docker, for tests, where an engine of this machine answers."""

import os
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog

from shared.local.ports import HOST, free_ports

IMAGE = "apache/kafka:4.3.1"
_PORT = "9092/tcp"
log = structlog.get_logger(__name__)


def start_kafka() -> tuple[str, Callable[[], None]] | None:
    """Run one node and return its bootstrap address and how to stop it; None if Docker is not there or cannot."""
    if not _answers():
        return None
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415  only tests install it
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy  # noqa: PLC0415

    (port,) = free_ports(None)  # chosen here, because the broker has to tell its clients
    container = DockerContainer(IMAGE).waiting_for(LogMessageWaitStrategy("Kafka Server started"))
    container.ports[_PORT] = (HOST, port)  # type: ignore[assignment]  # the engine takes an address too
    for name, value in _environment(port).items():
        container.with_env(name, value)
    try:
        container.start()
    except Exception as error:  # noqa: BLE001  no image, no network, no rights: whatever it is, there are other brokers
        log.warning("no broker from Docker", reason=str(error))
        return None
    return f"{HOST}:{port}", container.stop


def _answers() -> bool:
    address = urlsplit(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"))
    if address.scheme != "unix":
        return False  # an engine elsewhere has another loopback
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(address.path)
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


def _environment(port: int) -> dict[str, str]:
    return {
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_NODE_ID": "1",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": "PLAINTEXT://0.0.0.0:9092,CONTROLLER://localhost:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{HOST}:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }
