"""The HTTP server inside a service's own loop. Signals stay with the service."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import structlog
import uvicorn
from starlette.types import ASGIApp

from shared.settings import HttpSettings

log = structlog.get_logger(__name__)
_BACKLOG = 2048
_MAX_CONNECTIONS = 1000  # above it: 503 at once, rather than everybody late
_DRAIN_SECONDS = 5


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(http: HttpSettings) -> socket.socket:
    """Bind the address, so that its port is known. Raises OSError if it is taken."""
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    listening = socket.create_server((http.host, http.port), family=family, backlog=_BACKLOG)
    listening.setblocking(False)
    log.info("listening", host=http.host, port=listening.getsockname()[1], tls=http.certificate_file is not None)
    return listening


async def serve(app: ASGIApp, listening: socket.socket, http: HttpSettings, stop: asyncio.Event) -> None:
    """Answer until `stop` is set; then take no more connections, answer what was asked, and close."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        http="httptools",
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        ssl_certfile=http.certificate_file,
        ssl_keyfile=http.key_file,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        server.force_exit = True
        raise
    finally:
        server.should_exit = True
        stopping.cancel()
        await serving
