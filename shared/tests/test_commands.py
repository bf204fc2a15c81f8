"""What an Idempotency-Key promises: one effect, one reply, for ever."""

import asyncio
from hashlib import sha256

import asyncpg
import pytest

from shared.batches.commits import BROKEN
from shared.commands import Command, Reply, once
from shared.problems import Problem
from shared.testing import NewDatabase, SettableClock

from .toy_service import MIGRATIONS, Toy, holder
from .wire import behind_a_wire

CREATED = Reply(status=201, body=b'{"id":1}')


@pytest.fixture
async def toy(database: NewDatabase) -> Toy:
    return Toy((await database(MIGRATIONS)).pool)


def a_command(payload: bytes = b"{}", *, key: str = "k", caller: str = "till-7", route: str = "POST /v1/things") -> Command:
    return Command(caller=caller, route=route, key=key, payload_hash=sha256(payload).digest())


async def _effect(connection: asyncpg.Connection, reply: Reply = CREATED) -> Reply:
    await connection.execute("insert into toy values ($1, 1) on conflict (holder) do update set points = toy.points + 1", holder(1))
    return reply


async def test_the_same_key_and_payload_get_the_same_reply_and_one_effect(toy: Toy, clock: SettableClock):
    replies = []
    for _ in range(3):
        replies.append(await once(toy.pool, a_command(), _effect, clock=clock))
        clock.advance(days=400)
    assert replies == [CREATED] * 3
    assert await toy.points() == {holder(1): 1}


async def test_the_same_key_with_another_payload_is_a_conflict(toy: Toy, clock: SettableClock):
    await once(toy.pool, a_command(), _effect, clock=clock)
    with pytest.raises(Problem) as refused:
        await once(toy.pool, a_command(b"other"), _effect, clock=clock)
    assert (refused.value.status, refused.value.code) == (422, "conflict")
    assert await toy.points() == {holder(1): 1}


async def test_another_callers_or_routes_key_is_another_key(toy: Toy, clock: SettableClock):
    for command in (a_command(), a_command(caller="till-8"), a_command(route="POST /v1/others"), a_command(key="k2")):
        assert await once(toy.pool, command, _effect, clock=clock) == CREATED
    assert await toy.points() == {holder(1): 4}


async def test_while_a_command_runs_the_same_key_is_told_so(toy: Toy, clock: SettableClock):
    started, finish = asyncio.Event(), asyncio.Event()

    async def slow(connection: asyncpg.Connection) -> Reply:
        started.set()
        await finish.wait()
        return await _effect(connection)

    first = asyncio.create_task(once(toy.pool, a_command(), slow, clock=clock))
    await started.wait()
    with pytest.raises(Problem) as refused:
        await once(toy.pool, a_command(), _effect, clock=clock)
    assert (refused.value.status, refused.value.code) == (409, "still-running")
    finish.set()
    assert await first == CREATED == await once(toy.pool, a_command(), _effect, clock=clock)
    assert await toy.points() == {holder(1): 1}


async def test_many_at_once_have_one_effect(toy: Toy, clock: SettableClock):
    async def ask() -> object:
        try:
            return await once(toy.pool, a_command(), _effect, clock=clock)
        except Problem as problem:
            return problem.code

    answers = await asyncio.gather(*(ask() for _ in range(50)))
    assert CREATED in answers
    assert set(map(str, answers)) <= {str(CREATED), "still-running"}
    assert await toy.points() == {holder(1): 1}


async def test_a_refusal_is_remembered_and_leaves_no_effect(toy: Toy, clock: SettableClock):
    refusal = Reply(status=422, body=b'{"code":"too-young"}', content_type="application/problem+json")
    assert await once(toy.pool, a_command(), lambda connection: _effect(connection, refusal), clock=clock) == refusal
    assert await toy.points() == {}
    assert await once(toy.pool, a_command(), _effect, clock=clock) == refusal


async def test_a_malformed_request_or_a_failure_of_ours_may_be_tried_again(toy: Toy, clock: SettableClock):
    async def fail(connection: asyncpg.Connection) -> Reply:
        await _effect(connection)
        raise Problem(400, "malformed", "No")

    with pytest.raises(Problem):
        await once(toy.pool, a_command(), fail, clock=clock)
    assert (await once(toy.pool, a_command(), lambda connection: _effect(connection, Reply(status=503, body=b"")), clock=clock)).status == 503
    assert await toy.points() == {}
    assert await once(toy.pool, a_command(), _effect, clock=clock) == CREATED


async def test_a_command_whose_session_dies_before_the_commit_is_done_once(toy: Toy, clock: SettableClock):
    async def die_once(connection: asyncpg.Connection) -> Reply:
        reply = await _effect(connection)
        if not deaths:
            deaths.append(await killer.execute("select pg_terminate_backend($1)", connection.get_server_pid()))
        return reply

    deaths: list[str] = []
    async with toy.pool.acquire() as killer:
        with pytest.raises(BROKEN):
            await once(toy.pool, a_command(), die_once, clock=clock)
        assert await once(toy.pool, a_command(), die_once, clock=clock) == CREATED
    assert await toy.points() == {holder(1): 1}


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_a_command_whose_commit_got_lost_is_done_once_and_answered(database: NewDatabase, clock: SettableClock, cut: str):
    async with behind_a_wire((await database(MIGRATIONS)).url) as (pool, wire):
        wire.cut = cut
        assert await once(pool, a_command(), _effect, clock=clock) == CREATED
        assert wire.cuts == 1
        assert await Toy(pool).points() == {holder(1): 1}
