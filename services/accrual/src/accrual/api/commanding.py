"""Commands: what changes something by HTTP. Each has an Idempotency-Key, so asking twice is asking once."""

import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Annotated

from fastapi import Header, Response
from pydantic import BaseModel

from accrual.api.parts import Desk
from accrual.store import Connection
from shared.auth import Principal
from shared.batches import Repeat
from shared.commands import Command, Reply, once
from shared.problems import Problem

Key = Annotated[
    str | None, Header(alias="Idempotency-Key", description="1 to 200 visible ASCII characters, chosen by the caller, one for each thing asked for.")
]
_KEY = re.compile(r"[!-~]{1,200}")
#: Somebody else moved the same account in that moment; the next look finds where.
_MOST_REPEATS = 5


def command(route: str, principal: Principal, key: str | None, payload: BaseModel | None = None, *, subject: str = "") -> Command:
    """Name a command: who asks for what, on which subject (the id in its address). Raises the Problem `key-missing`."""
    if key is None or _KEY.fullmatch(key) is None:
        raise Problem(400, "key-missing", "Idempotency-Key missing", "Send an Idempotency-Key header of 1 to 200 visible ASCII characters.")
    told = b"" if payload is None else payload.model_dump_json().encode()
    return Command(caller=principal.subject, route=route, key=key, payload_hash=sha256(subject.encode() + b"\0" + told).digest())


async def answered(desk: Desk, command: Command, effect: Callable[[Connection], Awaitable[Reply]]) -> Response:
    """Do what a command asks for, once, or say again what was said to it; what it brings about goes out at once."""
    for _ in range(_MOST_REPEATS):
        try:
            reply = await once(desk.pool, command, effect, clock=desk.clock)
        except Repeat:
            continue
        desk.nudge.set()
        return Response(reply.body, reply.status, media_type=reply.content_type)
    raise Problem(409, "still-running", "The same thing is being worked at", headers={"Retry-After": "1"})


def said(status: int, reply: BaseModel) -> Reply:
    """Answer that it is done."""
    return Reply(status=status, body=reply.model_dump_json().encode())


def refused(problem: Problem) -> Reply:
    """Answer that it cannot be done: a refusal that is remembered, and that undoes what was written."""
    response = problem.response()
    return Reply(status=response.status_code, body=bytes(response.body), content_type="application/problem+json")


def source_of(command: Command) -> str:
    """Return the source of what the command brings about: whoever asked."""
    return f"urn:loyalty:accrual:http:{command.caller}"
