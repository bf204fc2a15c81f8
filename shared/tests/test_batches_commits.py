"""A COMMIT whose answer is lost: the batch counts once, whether it happened or not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from shared.batches.commits import LostCommitError
from shared.metrics import COMMITS_UNKNOWN
from shared.postgres import create_pool
from shared.testing import Database, NewDatabase, eventually

from .toy_service import MIGRATIONS, Toy, an_event, holder, in_order


@dataclass
class Wire:
    """A TCP proxy before PostgreSQL that cuts a connection around its COMMIT."""

    host: str
    port: int
    cut: str = ""  # "before": COMMIT never arrives; "after": its answer never comes back; "held": neither is told, the session lives on
    cuts: int = 0
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    serving: list[asyncio.Task[object]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(self.host, self.port)
        self.writers |= {writer, up_writer}
        self.serving.append(asyncio.current_task())
        cut = ""

        async def forward() -> None:
            nonlocal cut
            while data := await reader.read(65536):
                if b"COMMIT;" in data and self.cut:
                    cut, self.cut, self.cuts = self.cut, "", self.cuts + 1
                if cut in ("before", "held"):
                    writer.close()
                    break
                up_writer.write(data)
            if cut != "held":
                up_writer.close()

        async def back() -> None:
            while data := await up_reader.read(65536):
                if cut:
                    break
                writer.write(data)
            writer.close()

        with contextlib.suppress(OSError):
            await asyncio.gather(forward(), back())


@pytest.fixture
async def behind_wire(database: NewDatabase) -> AsyncIterator[tuple[Toy, Wire, Database]]:
    fresh = await database(MIGRATIONS)
    parts = urlsplit(fresh.url)
    wire = Wire(parts.hostname or "", parts.port or 0)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    user = parts.netloc.rpartition("@")[0]
    pool = await create_pool(urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{port}")), size=3, application_name="wire")
    yield Toy(pool), wire, fresh
    pool.terminate()
    server.close()
    for writer in wire.writers:
        writer.close()
    await eventually(lambda: all(task.done() for task in wire.serving))


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
