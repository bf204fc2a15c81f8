"""What the operators' routes stand on, and how they take a command: once for each Idempotency-Key."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

import asyncpg
from fastapi import Header, Response
from pydantic import BaseModel

from shared.auth import Principal, Verifier
from shared.clock import Clock
from shared.commands import Command, Reply, once
from shared.problems import Problem

READ, WRITE = "operations:read", "operations:write"
IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", description="1 to 200 visible ASCII characters, chosen by the caller, one for each thing asked for.")
]
_KEY = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that a route needs to answer."""

    pool: asyncpg.Pool
    clock: Clock
    verifier: Verifier
    nudge: asyncio.Event

    async def take(
        self, route: str, principal: Principal, key: str | None, payload: BaseModel, effect: Callable[[asyncpg.Connection], Awaitable[BaseModel]]
    ) -> Response:
        """Do what is asked for, once for its key, and answer. Raises Problem: 400 `key-missing`, and what `shared.commands.once` raises."""
        if key is None or _KEY.fullmatch(key) is None:
            raise Problem(400, "key-missing", "Idempotency-Key missing", "Send an Idempotency-Key header of 1 to 200 visible ASCII characters.")
        command = Command(caller=principal.subject, route=route, key=key, payload_hash=sha256(payload.model_dump_json().encode()).digest())

        async def reply(connection: asyncpg.Connection) -> Reply:
            return Reply(status=200, body=(await effect(connection)).model_dump_json().encode())

        answer = await once(self.pool, command, reply, clock=self.clock)
        self.nudge.set()
        return Response(answer.body, answer.status, media_type=answer.content_type)
