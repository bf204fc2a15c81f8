"""A TCP proxy before PostgreSQL that cuts a connection around its COMMIT."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from shared.postgres import create_pool
from shared.testing import eventually


@dataclass
class Wire:
    """Cuts once. "before": COMMIT never arrives; "after": its answer never comes back; "held": neither is told, and the session lives on."""

    host: str
    port: int
    cut: str = ""
    cuts: int = 0
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    serving: list[asyncio.Task[object] | None] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(self.host, self.port)
        self.writers |= {writer, up_writer}
        self.serving.append(asyncio.current_task())
        cut = ""

        async def forward() -> None:
            nonlocal cut
            while data := await reader.read(65536):
                if b"COMMIT;" in data and self.cut:
                    cut, self.cut, self.cuts = self.cut, "", self.cuts + 1
                if cut in ("before", "held"):
                    writer.close()
                    break
                up_writer.write(data)
            if cut != "held":
                up_writer.close()

        async def back() -> None:
            while data := await up_reader.read(65536):
                if cut:
                    break
                writer.write(data)
            writer.close()

        with contextlib.suppress(OSError):
            await asyncio.gather(forward(), back())


@contextlib.asynccontextmanager
async def behind_a_wire(url: str) -> AsyncIterator[tuple[asyncpg.Pool, Wire]]:
    """A pool that reaches this database through a wire."""
    parts = urlsplit(url)
    wire = Wire(parts.hostname or "", parts.port or 0)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    user, port = parts.netloc.rpartition("@")[0], server.sockets[0].getsockname()[1]
    pool = await create_pool(urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{port}")), size=3, application_name="wire")
    try:
        yield pool, wire
    finally:
        pool.terminate()
        server.close()
        for writer in wire.writers:
            writer.close()
        await eventually(lambda: all(task is None or task.done() for task in wire.serving))
