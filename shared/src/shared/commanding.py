"""Commands as HTTP brings them: the Idempotency-Key that each must have, and their answers."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import asyncpg
from fastapi import Header, Response
from pydantic import BaseModel

from shared.batches import Repeat
from shared.clock import Clock
from shared.commands import Command, Reply, once
from shared.problems import Problem

Key = Annotated[
    str | None, Header(alias="Idempotency-Key", description="1 to 200 visible ASCII characters, chosen by the caller, one for each thing asked for.")
]
_KEY = re.compile(r"[!-~]{1,200}")
#: Somebody else moved the same thing in that moment; the next look finds where.
_MOST_REPEATS = 5


def checked_key(key: str | None) -> str:
    """Return the key. Raises the Problem `key-missing` where there is none, or it is none."""
    if key is None or _KEY.fullmatch(key) is None:
        raise Problem(400, "key-missing", "Idempotency-Key missing", "Send an Idempotency-Key header of 1 to 200 visible ASCII characters.")
    return key


async def answered(pool: asyncpg.Pool, command: Command, effect: Callable[[Any], Awaitable[Reply]], *, clock: Clock, nudge: asyncio.Event) -> Response:
    """Do what a command asks for, once, or say again what was said to it; what it brings about goes out at once."""
    for _ in range(_MOST_REPEATS):
        try:
            reply = await once(pool, command, effect, clock=clock)
        except Repeat:
            continue
        nudge.set()
        return Response(reply.body, reply.status, media_type=reply.content_type)
    raise Problem(409, "still-running", "The same thing is being worked at", headers={"Retry-After": "1"})


def said(status: int, reply: BaseModel) -> Reply:
    """Answer that it is done."""
    return Reply(status=status, body=reply.model_dump_json().encode())


def refused(problem: Problem) -> Reply:
    """Answer that it cannot be done: a refusal that is remembered, and that undoes what was written."""
    response = problem.response()
    return Reply(status=response.status_code, body=bytes(response.body), content_type="application/problem+json")
