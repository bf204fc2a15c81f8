"""Whether the process has started, is ready, is alive; and the small front that says so before the API is there."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.problems import Problem

DATABASE_SECONDS = 10


class Consuming(Protocol):
    """What health asks the consumer."""

    @property
    def polling(self) -> bool:
        """Whether records are being asked for; owning no partition is fine."""
        ...

    @property
    def stalled(self) -> bool:
        """Whether an owned partition with records waiting, not stopped by its breaker, stood still for 60 s."""
        ...


@dataclass(slots=True)
class Health:
    """What is known about the process."""

    monotonic: Callable[[], float] = time.monotonic
    has_database: bool = False
    started: bool = False
    stopping: bool = False
    consumer: Consuming | None = None
    _database_answered: float = field(default=float("-inf"))

    def database_answered(self) -> None:
        """Note that the database answered now."""
        self._database_answered = self.monotonic()

    @property
    def database_answers(self) -> bool:
        """Whether the database answered in the last ten seconds."""
        return not self.has_database or self.monotonic() - self._database_answered <= DATABASE_SECONDS

    def not_started(self) -> list[str]:
        """Return why the process has not started; empty if it has."""
        return [] if self.started else ["migrations or stores"]

    def not_ready(self) -> list[str]:
        """Return why the process should be given no work; empty if it may."""
        reasons = {
            "starting": not self.started,
            "stopping": self.stopping,
            "database": not self.database_answers,
            "consumer": self.consumer is not None and not self.consumer.polling,
        }
        return [reason for reason, holds in reasons.items() if holds]

    def not_alive(self) -> list[str]:
        """Return why the process should be started anew; empty if it should not. A store's outage is no reason.

        That the loop turns needs no question: the answer comes from it.
        """
        stalled = self.consumer is not None and self.consumer.stalled and self.database_answers
        return ["consumer"] if stalled else []


class Front:
    """Answers health and metrics itself and hands on the rest to the API, once there is one."""

    def __init__(self, health: Health) -> None:
        self.health = health
        self.api: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        match scope["path"]:
            case "/health/startup":
                response = _state(self.health.not_started())
            case "/health/ready":
                response = _state(self.health.not_ready())
            case "/health/live":
                response = _state(self.health.not_alive())
            case "/metrics":
                response = Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
            case _ if self.api is not None:
                await self.api(scope, receive, send)
                return
            case _ if self.health.started:
                response = Problem(404, "not-found", "Not Found").response()
            case _:
                response = Problem(503, "unavailable", "Starting", headers={"Retry-After": "1"}).response()
        await response(scope, receive, send)


def _state(reasons: list[str]) -> Response:
    body = {"status": "no" if reasons else "ok", "reasons": reasons}
    return Response(orjson.dumps(body), 503 if reasons else 200, media_type="application/json")
