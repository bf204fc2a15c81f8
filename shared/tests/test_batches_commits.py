"""A COMMIT whose answer is lost: the batch counts once, whether it happened or not."""

import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.batches.commits import LostCommitError
from shared.metrics import COMMITS_UNKNOWN
from shared.testing import Database, NewDatabase

from .toy_service import MIGRATIONS, Toy, an_event, holder, in_order
from .wire import Wire, behind_a_wire


@pytest.fixture
async def behind_wire(database: NewDatabase) -> AsyncIterator[tuple[Toy, Wire, Database]]:
    fresh = await database(MIGRATIONS)
    async with behind_a_wire(fresh.url) as (pool, wire):
        yield Toy(pool), wire, fresh


def _resolved() -> tuple[float, float]:
    return tuple(COMMITS_UNKNOWN.labels(result)._value.get() for result in ("committed", "rolled-back"))


async def test_a_commit_that_happened_is_not_repeated(behind_wire: tuple[Toy, Wire, Database]):
    toy, wire, _ = behind_wire
    await toy.next()
    before = _resolved()
    wire.cut = "after"
    settled = await toy.settle(in_order([an_event("a"), an_event("b")]))
    assert (settled.next, wire.cuts) == (2, 1)
    assert await toy.points() == {holder(1): 2}
    assert await toy.counts() == {"granted": 2}
    assert _resolved() == (before[0] + 1, before[1])


@pytest.mark.parametrize("cut", ["before", "held"])
async def test_a_commit_that_did_not_happen_is_known_once_its_session_is_gone(behind_wire: tuple[Toy, Wire, Database], cut: str):
    toy, wire, database = behind_wire
    await toy.next()
    before = _resolved()
    wire.cut = cut
    records = in_order([an_event("a"), an_event("b")])
    with pytest.raises(LostCommitError):
        await toy.settle(records)
    assert _resolved() == (before[0], before[1] + 1)
    assert await database.pool.fetchval("select count(*) from pg_stat_activity where application_name = 'wire' and state <> 'idle'") == 0
    assert await toy.points() == {}
    await toy.settle(records)
    assert await toy.points() == {holder(1): 2}
    assert await toy.counts() == {"granted": 2}


async def test_an_event_that_only_the_commit_refuses_is_found_and_put_aside(behind_wire: tuple[Toy, Wire, Database]):
    toy, _, database = behind_wire
    before = _resolved()
    async with asyncpg_owner(database) as owner:
        await owner.execute("create table good (holder text primary key)")
        await owner.execute("insert into good select $1 || to_char(n, 'FM000000000000') from generate_series(0, 9) n where n <> 5", holder(0)[:-12])
        await owner.execute("alter table toy add foreign key (holder) references good deferrable initially deferred")
    batches = await toy.settle_all(in_order([an_event(str(number), who=number) for number in range(10)]))
    outcomes = [outcome.verdict for batch in batches for outcome in batch.outcomes]
    assert outcomes == ["granted"] * 5 + ["dead-lettered"] + ["granted"] * 4
    assert _resolved() == before, "the session itself said what became of it"


@contextlib.asynccontextmanager
async def asyncpg_owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.urls.owner)
    try:
        yield connection
    finally:
        await connection.close()
