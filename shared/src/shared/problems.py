"""How HTTP says no: RFC 9457 `application/problem+json`, with a stable `code` and the request's id, and nothing from inside."""

import asyncio
from collections.abc import Mapping, MutableMapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.bodies import read_body
from contracts.faults import Fault, Undecodable

MAX_BODY_BYTES = 64 * 1024
BODY_SECONDS = 10
MAX_ERRORS = 20
_NO_LIMITS: Mapping[str, int] = MappingProxyType({})
_CODES = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "unsupported-media-type", 429: "too-many-requests", 503: "unavailable"}


class Problem(Exception):  # noqa: N818  the word of RFC 9457
    """An HTTP answer that is no success. Codes are kebab-case and never change; extras stand beside them in the document."""

    def __init__(self, status: int, code: str, title: str, detail: str | None = None, *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra

    def response(self) -> Response:
        """Return the answer."""
        document = {"type": f"urn:loyalty:problem:{self.code}", "title": self.title, "status": self.status, "code": self.code, **self.extra}
        if self.detail is not None:
            document["detail"] = self.detail
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if request_id is not None:
            document["request_id"] = request_id
        return Response(orjson.dumps(document), self.status, headers=self.headers, media_type="application/problem+json")


def install(app: FastAPI, *, max_body_bytes: int = MAX_BODY_BYTES, body_limits: Mapping[str, int] = _NO_LIMITS) -> None:
    """Make an app answer every failure with a problem, and guard its bodies (BodyGuard)."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _internal)
    app.add_middleware(BodyGuard, max_body_bytes=max_body_bytes, body_limits=body_limits)


def internal_error() -> Problem:
    """Return the problem for what nobody foresaw; the log has the rest, under the request's id."""
    return Problem(500, "internal-error", "Something went wrong here")


class BodyGuard:
    """Takes a body whole before the app sees it: no larger, slower, deeper or more ambiguous than a program can mean it.

    413 `too-large`, 408 `too-slow`; a JSON body with bad UTF-8, NaN, repeated keys, U+0000 or more than 16 levels: 400 `malformed`.
    `body_limits` names, by path, where another size than `max_body_bytes` is taken.
    """

    def __init__(
        self, app: ASGIApp, *, max_body_bytes: int = MAX_BODY_BYTES, body_limits: Mapping[str, int] = _NO_LIMITS, body_seconds: float = BODY_SECONDS
    ) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.body_limits = body_limits
        self.body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name: value for name, value in scope["headers"] if name in {b"content-type", b"content-length"}}
        limit = self.body_limits.get(scope.get("path", ""), self.max_body_bytes)
        try:
            async with asyncio.timeout(self.body_seconds):
                body = await _whole(headers, receive, limit)
            if body and _is_json(headers.get(b"content-type", b"")):
                _refuse_ambiguous(body, limit)
        except TimeoutError:
            await Problem(408, "too-slow", "The body took too long to arrive").response()(scope, receive, send)
        except Problem as problem:
            await problem.response()(scope, receive, send)
        else:
            await self.app(scope, _replay(body, receive), send)


async def _whole(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    said = headers.get(b"content-length", b"0")
    if said.isdigit() and int(said) > limit:
        raise _too_large(limit)
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> Problem:
    # closing spares us the rest of it
    return Problem(413, "too-large", "The body is too large", f"At most {limit} bytes are taken.", headers={"Connection": "close"})


def _is_json(content_type: bytes) -> bool:
    media_type = content_type.partition(b";")[0].strip().lower()
    return media_type == b"application/json" or media_type.endswith(b"+json")


def _refuse_ambiguous(body: bytes, limit: int) -> None:
    try:
        read_body(body, max_bytes=limit)
    except Undecodable as bad:
        if bad.fault is Fault.TOO_LARGE:
            raise Problem(413, "too-large", "The body is too large", bad.reason) from None
        raise Problem(400, "malformed", "The body is not JSON that means one thing", bad.reason, fault=bad.fault.value) from None


def _replay(body: bytes, receive: Receive) -> Receive:
    parts: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return parts.pop() if parts else await receive()

    return again


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101  registered for it
    return error.response()


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for it
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return Problem(400, "malformed", "The body is not JSON").response()
    # where and why, and never the value: it may be somebody's phone number
    errors = [{"path": ".".join(map(str, each["loc"])), "message": each["msg"]} for each in error.errors()[:MAX_ERRORS]]
    return Problem(422, "invalid-request", "The request is not valid", errors=errors).response()


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for it
    phrase = HTTPStatus(error.status_code).phrase
    code = _CODES.get(error.status_code, phrase.lower().replace(" ", "-"))
    return Problem(error.status_code, code, phrase, headers=error.headers).response()


async def _internal(_: Request, __: Exception) -> Response:
    return internal_error().response()
