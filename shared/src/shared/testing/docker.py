"""Apache Kafka in Docker, for tests, where an engine answers."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from shared.local.ports import HOST, free_ports

IMAGE = "apache/kafka:4.3.1"
_PORT = 9092


def answers() -> bool:
    """Whether a Docker engine can be used from here."""
    address = urlsplit(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"))
    by_socket = address.scheme == "unix"
    try:
        with socket.socket(socket.AF_UNIX if by_socket else socket.AF_INET) as connection:
            connection.settimeout(5)
            connection.connect(address.path if by_socket else (address.hostname, address.port))
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in connection.recv(64)
    except (OSError, TypeError):
        return False


@contextmanager
def kafka() -> Iterator[str]:
    """Run one node for as long as the context lasts, and give its bootstrap address."""
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy  # noqa: PLC0415

    (port,) = free_ports(None)  # chosen here, because the broker has to tell its clients
    container = DockerContainer(IMAGE).with_bind_ports(_PORT, port).waiting_for(LogMessageWaitStrategy("Kafka Server started"))
    for name, value in {
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_NODE_ID": "1",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": f"PLAINTEXT://0.0.0.0:{_PORT},CONTROLLER://localhost:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{HOST}:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }.items():
        container.with_env(name, value)
    with container:
        yield f"{HOST}:{port}"
