"""Where Docker is asked for a broker."""

import socket
import threading
from pathlib import Path
from tempfile import mkdtemp

import pytest

from shared.testing import docker


def test_a_machine_without_an_engine_has_no_broker_from_docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for address in (f"unix://{tmp_path}/nowhere.sock", "tcp://127.0.0.1:1"):
        monkeypatch.setenv("DOCKER_HOST", address)
        assert docker.start_kafka() is None


def test_an_engine_that_answers_is_found(monkeypatch: pytest.MonkeyPatch):
    path = Path(mkdtemp()) / "docker.sock"  # pytest's own folders are too deep for a socket
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(path))
        engine.listen()

        def answer() -> None:
            with engine.accept()[0] as connection:
                connection.recv(64)
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nOK")

        answering = threading.Thread(target=answer)
        answering.start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        assert docker._answers()
        answering.join()
    path.unlink()
    path.parent.rmdir()
