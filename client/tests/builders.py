"""What these tests send, and a gateway that answers as it is told."""

import asyncio
import contextlib
import socket
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from contracts.envelope import Event
from contracts.purchases import Line, PurchaseRecorded
from loyalty_client import event

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHOP = "urn:shop:corner-shop"
CARD = "h1:" + "c" * 43


def a_purchase(number: int, *, holder: str = CARD, **changes: Any) -> Event[PurchaseRecorded]:
    given: dict[str, Any] = {
        "merchant": "corner-shop",
        "purchase_id": f"receipt-{number}",
        "holder": holder,
        "currency": "USD",
        "lines": (Line(line_id="1", sku="tea", paid_amount=12_50),),
        "occurred_at": NOON,
    }
    return event(PurchaseRecorded(**given | changes), source=SHOP)


def key_file(folder: Path, kind: str, key: bytes) -> Path:
    path = folder / f"{kind}.key"
    path.write_bytes(urlsafe_b64encode(key).rstrip(b"=") + b"\n")
    return path


@dataclass
class Answers:
    """A server that gives these answers, one after the other, and the last one for ever."""

    answers: list[Callable[[Request, bytes], Response]]
    asked: list[Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        self.asked.append(request)
        self.bodies.append(body)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await answer(request, body)(scope, receive, send)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = uvicorn.Server(uvicorn.Config(self, lifespan="off", log_config=None, timeout_graceful_shutdown=1))
            server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.should_exit = server.force_exit = True
                await serving


def says(value: Any, status: int = 200) -> Callable[[Request, bytes], Response]:
    return lambda _, __: Response(orjson.dumps(value), status, media_type="application/json")


def refuses(status: int, code: str, *, retry_after: str | None = None, **more: Any) -> Callable[[Request, bytes], Response]:
    document = {"type": f"urn:loyalty:problem:{code}", "title": "No", "status": status, "code": code, "request_id": "r-1", **more}
    headers = {"retry-after": retry_after} if retry_after else {}
    return lambda _, __: Response(orjson.dumps(document), status, media_type="application/problem+json", headers=headers)


def takes(_: Request, body: bytes) -> Response:
    """Take events as the gateway does."""
    events = [
        {"id": each["id"], "source": each["source"], "topic": "loyalty.purchases.v1", "partition": 0, "offset": number}
        for number, each in enumerate(orjson.loads(body))
    ]
    return Response(orjson.dumps({"events": events}), 202, media_type="application/json")
