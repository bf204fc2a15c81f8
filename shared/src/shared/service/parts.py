"""What a service is given, and what it consists of."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import asyncpg
from fastapi import APIRouter
from starlette.middleware import Middleware

from shared.auth import Verifier
from shared.batches import Handler
from shared.clock import Clock
from shared.problems import MAX_BODY_BYTES
from shared.settings import AuthSettings, Environment, HttpSettings, RunSettings


@dataclass(frozen=True, slots=True)
class Resources:
    """What a service is given to work with."""

    pool: asyncpg.Pool
    """None in a service that has no database."""
    clock: Clock
    verifier: Verifier
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    """Set it after a commit that wrote to the outbox, and the relay sends at once."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something the clock asks for. One process of the service does it at a time.

    `run` is called in a transaction of its own, says how many things it did, and is called again at once until that is 0;
    it should do a bounded number each time. What it writes to the outbox is sent at once.
    """

    name: str
    every_seconds: float
    run: Callable[[asyncpg.Connection, datetime], Awaitable[int]]
    ended: Callable[[], None] | None = None
    """Called when this process leads no more, for what it told while it did."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service consists of."""

    handlers: Mapping[str, Handler] = field(default_factory=dict)
    """By topic."""
    routers: Sequence[APIRouter] = ()
    jobs: Sequence[Job] = ()
    openapi_url: str = "/openapi.json"
    docs_url: str | None = None
    max_body_bytes: int = MAX_BODY_BYTES
    body_limits: Mapping[str, int] = field(default_factory=dict)
    """By path, where another size than that is taken."""
    middleware: Sequence[Middleware] = ()
    """Around the routes and the problems alike: for headers that every answer needs, as CORS."""
    close: Callable[[], Awaitable[None]] | None = None
    """Called last, to give back what the service opened for itself."""


class ServiceSettings(Protocol):
    """The groups that every service's settings have; `kafka` and `database` besides, where it uses them."""

    @property
    def env(self) -> Environment: ...  # noqa: D102
    @property
    def run(self) -> RunSettings: ...  # noqa: D102
    @property
    def http(self) -> HttpSettings: ...  # noqa: D102
    @property
    def auth(self) -> AuthSettings: ...  # noqa: D102
