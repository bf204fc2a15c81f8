"""The HTTP side of a service: its routes, with problems for answers, and a line, a count and a time for every request."""

import re
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import metrics
from shared.ids import random_id
from shared.logs import traceparent
from shared.problems import MAX_BODY_BYTES, install, internal_error

log = structlog.get_logger(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def build_api(
    name: str,
    routers: Sequence[APIRouter],
    *,
    openapi_url: str = "/openapi.json",
    docs_url: str | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    body_limits: Mapping[str, int] | None = None,
    middleware: Sequence[Middleware] = (),
) -> FastAPI:
    """Make the app of these routes, as it runs in production. Requests are logged and counted if it is wrapped in `Observed`."""
    app = FastAPI(title=f"Loyalty {name}", version=version_of(name), openapi_url=openapi_url, docs_url=docs_url, redoc_url=None)
    install(app, max_body_bytes=max_body_bytes, body_limits=body_limits or {})
    app.user_middleware[:0] = middleware  # outermost: what the guard of the bodies answers needs them too
    for router in routers:
        app.include_router(router)
    metrics.expect_requests(
        (route.path, method) for router in routers for route in router.routes if isinstance(route, APIRoute) for method in route.methods or ()
    )
    return app


def version_of(name: str) -> str:
    """Return the version of the service that is installed."""
    try:
        return version(f"loyalty-{name}")
    except PackageNotFoundError:
        return "0"


class Observed:
    """Gives each request an id and a trace, logs and counts it by route template, and answers 500 for what nobody foresaw."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in {b"x-request-id", b"traceparent"}}
        request_id = _given(_REQUEST_ID, headers.get(b"x-request-id")) or str(random_id())
        trace = _given(_TRACEPARENT, headers.get(b"traceparent")) or f"00-{random_id().hex}-{random_id().hex[:16]}-00"
        answer = _Answer(send, request_id)
        token = traceparent.set(trace)
        with structlog.contextvars.bound_contextvars(request_id=request_id, trace_id=trace.split("-")[1]):
            started = time.perf_counter()
            try:
                await self.app(scope, receive, answer)
            except Exception:
                log.exception("request failed")
                if not answer.status:
                    await internal_error().response()(scope, receive, answer)
            finally:
                traceparent.reset(token)
                _note(scope, answer.status, time.perf_counter() - started)


class _Answer:
    """Sends, and remembers with which status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", []), (b"x-request-id", self._request_id.encode())]
        await self._send(message)


def _note(scope: Scope, status: int, seconds: float) -> None:
    """Log and count. The path itself may name a person, so only its template is told."""
    route, method = getattr(scope.get("route"), "path", "unmatched"), scope["method"]
    if route == "unmatched":
        method = "any"  # a client's invention must not become a label
    metrics.HTTP_REQUESTS.labels(route, method, str(status)).inc()
    metrics.HTTP_SECONDS.labels(route, method, str(status)).observe(seconds)
    log.info("request answered", method=method, route=route, status=status, seconds=round(seconds, 6))


def _given(form: re.Pattern[str], text: str | None) -> str | None:
    return text if text is not None and form.fullmatch(text) else None
