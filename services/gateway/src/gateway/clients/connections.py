"""Connections to one service: HTTP/1.1 by the parser that uvicorn uses, an answer taken whole, and nothing that is not needed.

A general client (httpx) takes 1.9 ms of processor for a call, this one 0.1: with the other, a balance could not be told 500 times a second on
two cores. It knows no redirects, proxies, cookies, compression, or answers that end with their connection.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httptools

#: More would only queue inside the service; waiting for a connection counts against the caller's deadline.
MAX_CONNECTIONS = 64
#: Less than the five seconds of a service's server, so that we are the first to give an idle connection up.
IDLE_SECONDS = 4
#: Far above a page of 200 changes with their explanations. A larger answer is a fault of its owner.
MAX_ANSWER_BYTES = 2 * 1024 * 1024


class UnreachableError(Exception):
    """There was no connection, so nothing was asked."""


class CutError(Exception):
    """The connection was cut before the whole answer was there; what was asked may have been done."""


class NoAnswerError(Exception):
    """What came is no answer: not HTTP, too large, interim or compressed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """Keeps connections open, asks one question at a time on each, and cuts one that was left in the middle of an answer."""

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        self._host, self._netloc = parts.hostname or "", parts.netloc
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._places = asyncio.Semaphore(MAX_CONNECTIONS)
        self._idle: list[_Connection] = []

    async def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Ask and return the whole answer. Raises UnreachableError, CutError or NoAnswerError; to give up, cancel it."""
        question = _written(method, target, {"host": self._netloc, **headers}, body)
        async with self._places:
            connection = self._take() or await self._open()
            try:
                answer = await connection.ask(question)
            except BaseException:
                connection.cut()
                raise
            if connection.reusable:
                self._idle.append(connection)
            else:
                connection.cut()
        return answer

    def close(self) -> None:
        """Close what is idle; nobody may ask any more."""
        while self._idle:
            self._idle.pop().cut()

    def _take(self) -> "_Connection | None":
        """Return the connection that was idle for the shortest time. If it is too old, so are all others."""
        if self._idle and self._idle[-1].good:
            return self._idle.pop()
        self.close()
        return None

    async def _open(self) -> "_Connection":
        try:
            _, connection = await asyncio.get_running_loop().create_connection(_Connection, self._host, self._port, ssl=self._tls)
        except OSError as error:
            raise UnreachableError(type(error).__name__) from error
        return connection


class _Connection(asyncio.Protocol):
    """One connection, with at most one question on its way."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._asked: asyncio.Future[Answer] | None = None
        self._idle_since = 0.0
        self.reusable = True

    @property
    def good(self) -> bool:
        """Whether another question may be asked here."""
        return self.reusable and self._loop.time() - self._idle_since < IDLE_SECONDS

    async def ask(self, question: bytes) -> Answer:
        """Send a question and return the whole answer."""
        if self._transport is None or not self.reusable:
            raise CutError
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._asked = self._loop.create_future()
        self._transport.write(question)
        return await self._asked

    def cut(self) -> None:
        """Close at once."""
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be told that the connection stands."""
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002  asyncio says so
        """Be told that the connection is gone: whoever waits is told, too."""
        self.reusable = False
        self._fail(CutError())

    def data_received(self, data: bytes) -> None:
        """Take a piece of the answer."""
        if self._asked is None:
            self.cut()
            return
        self._size += len(data)
        if self._size > MAX_ANSWER_BYTES:
            self._fail(NoAnswerError("a larger answer than any can be"))
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(NoAnswerError(str(error)))

    def on_message_begin(self) -> None:
        """Begin an answer (called by the parser)."""
        if self._asked is None:
            self.cut()  # bytes behind an answer must never become the next one

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header (called by the parser)."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body (called by the parser)."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """End the answer (called by the parser)."""
        status = self._parser.get_status_code()
        asked, self._asked = self._asked, None
        if asked is None or asked.done():
            return
        self.reusable = self._parser.should_keep_alive()
        self._idle_since = self._loop.time()
        if status < 200 or "content-encoding" in self._headers:  # noqa: PLR2004  the first status of an answer that is one
            self.reusable = False
            asked.set_exception(NoAnswerError("neither interim nor compressed answers are understood here"))
        else:
            asked.set_result(Answer(status, self._headers, b"".join(self._body)))

    def _fail(self, error: Exception) -> None:
        asked, self._asked = self._asked, None
        if asked is not None and not asked.done():
            asked.set_exception(error)
        self.cut()


def _written(method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Write a request down. Raises ValueError if a part of it would read as more than it is."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), f"content-length: {len(body)}"]
    head = "\r\n".join(lines)
    if head.count("\r") != len(lines) - 1 or head.count("\n") != len(lines) - 1 or "\0" in head or " " in target:
        raise ValueError("a line break or a blank where none may be")
    return head.encode("latin-1") + b"\r\n\r\n" + body
