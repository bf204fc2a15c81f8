"""Connections to one service: what aiohttp's client answers, taken whole or not at all, and three ways in which there may be no answer.

Redirects, cookies, proxies and compression are off: our services use none of them.
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

#: More would only queue inside the service; waiting for a connection counts against the caller's deadline.
MAX_CONNECTIONS = 64
#: Less than the five seconds of a service's server, so that we are the first to give an idle connection up.
IDLE_SECONDS = 4
#: Far above a page of 200 changes with their explanations. A larger answer is a fault of its owner.
MAX_ANSWER_BYTES = 2 * 1024 * 1024
_BROKEN = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError, ConnectionError)
_SPACE = re.compile(r"[\s\0]")
_OURS = {"Accept-Encoding": "identity", "User-Agent": "loyalty-gateway"}


class UnreachableError(Exception):
    """There was no connection, so nothing was asked."""


class CutError(Exception):
    """The connection was cut before the whole answer was there; what was asked may have been done."""


class NoAnswerError(Exception):
    """What came is no answer: not HTTP, too large, compressed, or without an end."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. Names of headers may be asked for in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """Keeps connections open, asks one question at a time on each, and cuts one that was left in the middle of an answer."""

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        self._url = url.rstrip("/")
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Ask and return the whole answer. Raises UnreachableError, CutError or NoAnswerError; to give up, cancel it."""
        if _SPACE.search(target):
            raise ValueError("a line break or a blank where none may be")
        url = URL(self._url + target, encoded=True)
        try:
            async with self._opened().request(method, url, headers=headers, data=body or None, allow_redirects=False) as response:
                return Answer(response.status, response.headers, await _whole(response))
        except aiohttp.ClientConnectorError as error:
            raise UnreachableError(_reason(error)) from error
        except aiohttp.ClientResponseError as error:
            raise NoAnswerError(error.message) from error
        except _BROKEN as error:
            raise CutError(type(error).__name__) from error

    async def close(self) -> None:
        """Close what is open; nobody may ask any more."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """Return the session, made when the event loop runs that it belongs to."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=IDLE_SECONDS, ssl=self._tls or True)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers=_OURS,
                timeout=aiohttp.ClientTimeout(),  # the deadline is the asker's
            )
        return self._session


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    if "content-encoding" in response.headers:
        raise _refused(response, "compressed answers are not understood here")
    if response.content_length is None and "transfer-encoding" not in response.headers:
        raise _refused(response, "an answer that ends with its connection may be half of one")
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise _refused(response, "a larger answer than any can be")
    return bytes(body)


def _refused(response: aiohttp.ClientResponse, reason: str) -> NoAnswerError:
    response.close()  # and the connection with it: who knows what else is on it
    return NoAnswerError(reason)


def _reason(error: aiohttp.ClientConnectorError) -> str:
    """Name what went wrong below: a certificate that is not the owner's, a port where nobody listens."""
    return type(getattr(error, "certificate_error", None) or error.os_error).__name__
