"""Commands: what changes something by HTTP. Each has an Idempotency-Key, so asking twice is asking once."""

from collections.abc import Awaitable, Callable
from hashlib import sha256

from fastapi import Response
from pydantic import BaseModel

from accrual.api.parts import Desk
from accrual.store import Connection
from shared import commanding
from shared.auth import Principal
from shared.commands import Command, Reply


def command(route: str, principal: Principal, key: str | None, payload: BaseModel | None = None, *, subject: str = "") -> Command:
    """Name a command: who asks for what, on which subject (the id in its address). Raises the Problem `key-missing`."""
    told = b"" if payload is None else payload.model_dump_json().encode()
    payload_hash = sha256(subject.encode() + b"\0" + told).digest()
    return Command(caller=principal.subject, route=route, key=commanding.checked_key(key), payload_hash=payload_hash)


async def answered(desk: Desk, command: Command, effect: Callable[[Connection], Awaitable[Reply]]) -> Response:
    """Do what a command asks for, once, or say again what was said to it."""
    return await commanding.answered(desk.pool, command, effect, clock=desk.clock, nudge=desk.nudge)


def source_of(command: Command) -> str:
    """Return the source of what the command brings about: whoever asked."""
    return f"urn:loyalty:accrual:http:{command.caller}"
