"""Connections to one service, beneath httpx. Its usual floor (httpcore) takes 1.7 ms of processor for a call; this one takes 0.1, and bounds the answer.

It speaks HTTP/1.1 by the parser that uvicorn uses, and takes an answer whole. What it does not need, it does not have: no redirects, no
proxies, no compression, no answers that end with their connection.
"""

import asyncio
import ssl

import httptools
import httpx

#: More would only queue inside the service; waiting for a connection counts against the caller's deadline.
MAX_CONNECTIONS = 64
#: Less than the five seconds of a service's server, so that we are the first to give an idle connection up.
IDLE_SECONDS = 4
#: Far above a page of 200 changes with their explanations. A larger answer is a fault of its owner.
MAX_ANSWER_BYTES = 2 * 1024 * 1024
_UNFIT = frozenset(b"\r\n\0")


class Connections(httpx.AsyncBaseTransport):
    """Keeps connections open, asks one question at a time on each, and cuts one that was left in the middle of an answer."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._places = asyncio.Semaphore(MAX_CONNECTIONS)
        self._idle: list[_Connection] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask. Raises ConnectError, ReadError if the connection was cut, or RemoteProtocolError for what is no answer."""
        question = _written(request)
        async with self._places:
            connection = self._take() or await self._open(request.url)
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

    async def aclose(self) -> None:
        """Close what is idle; nobody may ask any more."""
        while self._idle:
            self._idle.pop().cut()

    def _take(self) -> "_Connection | None":
        """Return the connection that was idle for the shortest time, if it is still good; then those before it are older still."""
        if self._idle and self._idle[-1].good:
            return self._idle.pop()
        while self._idle:
            self._idle.pop().cut()
        return None

    async def _open(self, url: httpx.URL) -> "_Connection":
        loop = asyncio.get_running_loop()
        tls = None if url.scheme == "http" else self._tls or ssl.create_default_context()
        try:
            _, connection = await loop.create_connection(_Connection, url.host, url.port or (443 if tls else 80), ssl=tls)
        except OSError as error:
            raise httpx.ConnectError(type(error).__name__) from error
        return connection


class _Connection(asyncio.Protocol):
    """One connection, with at most one question on its way."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._asked: asyncio.Future[httpx.Response] | None = None
        self._start_anew()
        self._idle_since = self._loop.time()
        self.reusable = True

    @property
    def good(self) -> bool:
        """Whether another question may be asked here."""
        return self.reusable and self._loop.time() - self._idle_since < IDLE_SECONDS

    async def ask(self, question: bytes) -> httpx.Response:
        """Send a question and return the whole answer."""
        if self._transport is None or not self.reusable:
            raise httpx.ReadError("the connection was closed")
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

    def connection_lost(self, error: Exception | None) -> None:
        """Be told that the connection is gone: whoever waits is told, too."""
        self.reusable = False
        self._end(httpx.ReadError(f"the connection was cut: {type(error).__name__}"))

    def data_received(self, data: bytes) -> None:
        """Take a piece of the answer."""
        self._size += len(data)
        if self._size > MAX_ANSWER_BYTES:
            self._refuse("a larger answer than any can be")
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._refuse(str(error))

    def on_message_begin(self) -> None:
        """Begin an answer (called by the parser)."""
        if self._asked is None:
            raise httptools.HttpParserError("an answer that nobody asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header (called by the parser)."""
        self._headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body (called by the parser)."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """End the answer (called by the parser)."""
        status = self._parser.get_status_code()
        answer = httpx.Response(status, headers=self._headers, stream=httpx.ByteStream(b"".join(self._body)))
        self.reusable = self._parser.should_keep_alive() and status >= httpx.codes.OK
        self._start_anew()
        self._idle_since = self._loop.time()
        if status < httpx.codes.OK or "content-encoding" in answer.headers:
            self._refuse("neither interim nor compressed answers are understood here")
        else:
            self._end(answer)

    def _start_anew(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._size = 0

    def _refuse(self, reason: str) -> None:
        self._end(httpx.RemoteProtocolError(reason))
        self.cut()

    def _end(self, outcome: httpx.Response | httpx.TransportError) -> None:
        asked, self._asked = self._asked, None
        if asked is None or asked.done():
            return
        if isinstance(outcome, httpx.Response):
            asked.set_result(outcome)
        else:
            asked.set_exception(outcome)


def _written(request: httpx.Request) -> bytes:
    """Write a request down. Raises LocalProtocolError if a part of it would read as more than it is."""
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%s: %s" % header for header in request.headers.raw]
    if any(_UNFIT.intersection(line) for line in lines):
        raise httpx.LocalProtocolError("a line break in a header")
    return b"\r\n".join([*lines, b"", request.content])
