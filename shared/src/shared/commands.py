"""HTTP commands with an Idempotency-Key: the same key and payload get the same reply, for ever, and one effect."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import cast

import asyncpg

from shared.batches.commits import BROKEN, commit, session_gone
from shared.clock import Clock
from shared.problems import Problem

#: Statuses that are an answer to the command itself. Malformed requests and our own failures are none: they may be tried again.
_STORED = range(200, 500)
_REFUSED = 400
#: A lost COMMIT that did not happen is tried again this often before the caller is asked to.
_ATTEMPTS = 3
_LOCK = "select pg_try_advisory_xact_lock($1)"
_FIND = "select payload_hash, status, content_type, body from idempotency where caller = $1 and route = $2 and key = $3"
_INSERT = """
    insert into idempotency (caller, route, key, payload_hash, status, content_type, body, replied_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Who asks for what under which key, and a hash of the payload: SHA-256, keyed where the payload is personal and can be guessed."""

    caller: str
    route: str
    key: str
    payload_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer as it is sent."""

    status: int
    body: bytes
    content_type: str = "application/json"


Effect = Callable[[asyncpg.Connection], Awaitable[Reply]]


async def once(pool: asyncpg.Pool, command: Command, effect: Effect, *, clock: Clock) -> Reply:
    """Do what a command asks for, or say again what was said to it. The effect and its reply are stored together or not at all.

    `effect` is given a transaction. A reply of 400 and more undoes what it wrote and is stored like any other (a business refusal);
    what it raises undoes everything and is stored nowhere. Raises Problem: 409 `still-running`, 422 `conflict`, 503 `unavailable`.
    """
    for _ in range(_ATTEMPTS):
        async with pool.acquire() as proxy:
            connection = cast("asyncpg.Connection", proxy)
            transaction = connection.transaction(isolation="read_committed")
            await transaction.start()
            try:
                reply = await _reply(connection, command, effect, clock)
            except BaseException:
                with contextlib.suppress(*BROKEN):  # the first error is the one that counts
                    await transaction.rollback()
                raise
            unknown_pid = await commit(connection, transaction)
        if unknown_pid is None:
            return reply
        await session_gone(pool, unknown_pid)  # then the stored reply, or its absence, tells; either way the next attempt is right
    raise Problem(503, "unavailable", "The outcome could not be stored", "Ask again with the same key.")


async def _reply(connection: asyncpg.Connection, command: Command, effect: Effect, clock: Clock) -> Reply:
    fields = (command.caller, command.route, command.key)
    if not await connection.fetchval(_LOCK, _lock_key(fields)):
        raise Problem(409, "still-running", "The same command is being worked at", headers={"Retry-After": "1"})
    row = await connection.fetchrow(_FIND, *fields)
    if row is not None:
        if row["payload_hash"] != command.payload_hash:
            raise Problem(422, "conflict", "The key was used for another payload")
        return Reply(status=row["status"], body=row["body"], content_type=row["content_type"])
    reply = await _effect(connection, effect)
    if reply.status in _STORED:
        await connection.execute(_INSERT, *fields, command.payload_hash, reply.status, reply.content_type, reply.body, clock())
    return reply


async def _effect(connection: asyncpg.Connection, effect: Effect) -> Reply:
    savepoint = connection.transaction()
    await savepoint.start()
    reply = await effect(connection)
    if reply.status >= _REFUSED:
        await savepoint.rollback()
    else:
        await savepoint.commit()
    return reply


def _lock_key(fields: tuple[str, str, str]) -> int:
    """Make a 64-bit key of the fields; the lengths keep ("a", "bc") apart from ("ab", "c")."""
    digest = sha256(b"".join(len(field.encode()).to_bytes(4) + field.encode() for field in fields))
    return int.from_bytes(digest.digest()[:8], signed=True)
