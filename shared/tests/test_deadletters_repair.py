"""A dead letter's way back: redriven it counts once, still broken it waits again, discarded it is gone; and the audit knows."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared import migrations
from shared.batches.lane import TRANSIENT
from shared.batches.records import Fetched
from shared.deadletters import repair, table
from shared.deadletters.check import CHECKS
from shared.deadletters.repair import LARGEST_REDRIVEN, Done, Order
from shared.deadletters.table import State, Which
from shared.ids import event_key, random_id
from shared.postgres import provision
from shared.testing import Database, NewDatabase, Server

from .toy_service import HERE, MIGRATIONS, SOURCE, Toy, an_event, broken, holder, in_order, reward_id

MOST = 500


@pytest.fixture
async def base(database: NewDatabase) -> Database:
    return await database(MIGRATIONS)


@pytest.fixture
async def toy(base: Database) -> Toy:
    return Toy(base.pool)


@pytest.fixture(autouse=True)
async def _the_audit_stays_clean(base: Database) -> AsyncIterator[None]:
    yield
    assert await violations(base) == []


async def violations(base: Database) -> list[str]:
    """What the audit finds, asked in its own role."""
    connection = await asyncpg.connect(base.urls.verify)
    try:
        return [f"{found.key}: {found.found}" for check in CHECKS async for found in check.run(connection)]
    finally:
        await connection.close()


async def redrive(toy: Toy, *, limit: int = MOST, dry_run: bool = False, **which: Any) -> Done:
    async with toy.pool.acquire() as connection, connection.transaction():
        return await repair.redrive(connection, Order(which=Which(**which), limit=limit, by="ana", dry_run=dry_run), now=toy.clock())


async def discard(toy: Toy, *, dry_run: bool = False, **which: Any) -> Done:
    async with toy.pool.acquire() as connection, connection.transaction():
        return await repair.discard(connection, Order(which=Which(**which), limit=MOST, by="ana", dry_run=dry_run), now=toy.clock())


async def rows(toy: Toy) -> list[asyncpg.Record]:
    return list(await toy.pool.fetch('select * from dead_letter order by failed_at, topic, partition, "offset"'))


async def states(toy: Toy) -> dict[str, int]:
    return {row["state"]: row["count"] for row in await toy.pool.fetch("select state, count(*) from dead_letter group by state")}


async def test_a_dead_record_is_kept_as_it_was(toy: Toy):
    record = an_event("p", kind="poison")
    await toy.settle(in_order([an_event("a"), record, an_event("b")]))
    async with toy.pool.acquire() as connection:
        found = await table.find(connection, event_key(SOURCE, "p"))
    assert found is not None
    dead, content = found
    assert content is not None
    assert (content.key, content.value, tuple(content.headers)) == (record.key, record.value, record.headers)
    assert (dead.event_id, dead.source, dead.type, dead.code, dead.reason) == ("p", SOURCE, "loyalty.activity.recorded.v1", "bad-taste", "it tastes bad")
    assert (dead.topic, dead.partition, dead.offset, dead.attempts, dead.state) == ("toy", 0, 1, 1, State.WAITING)
    assert dead.first_failed_at == dead.failed_at == toy.clock()


async def test_a_redriven_event_counts_once_however_often_it_is_redriven(toy: Toy):
    await toy.settle(in_order([an_event("p", kind="poison"), an_event("a")]))
    toy.handler.mended = True
    key = event_key(SOURCE, "p")
    assert (await redrive(toy)).count == 1
    assert (await redrive(toy)).count == 0  # it is on its way: nothing goes round by itself
    assert (await redrive(toy, keys=[key])).count == 1  # asked for by name it is sent again
    again = await toy.sent()
    assert len(again) == 2
    settled = await toy.settle(again)
    assert [outcome.verdict for outcome in settled.outcomes] == ["granted", "duplicate"]
    assert await toy.points() == {holder(1): 2}
    assert (await redrive(toy, keys=[key])).skipped == {"settled": 1}
    (row,) = await rows(toy)
    assert (row["state"], row["changed_by"], row["value"], row["headers"], row["record_key"]) == ("settled", "ana", None, None, None)
    assert await toy.rewards() == [reward_id("a", holder(1)), reward_id("p", holder(1))]


async def test_what_is_still_broken_waits_again_with_its_attempts_counted(toy: Toy):
    first = toy.clock()
    await toy.settle(in_order([an_event("p", kind="poison")]))
    for attempts in (2, 3):
        toy.clock.advance(hours=1)
        assert (await redrive(toy)).count == 1
        (again,) = await toy.sent()
        assert len({name for name, _ in again.headers}) == len(again.headers)  # what earlier redrives said is not heaped up
        await toy.settle([again])
        (row,) = await rows(toy)
        assert (row["state"], row["attempts"], row["offset"]) == ("waiting", attempts, 0)
        assert (row["first_failed_at"], row["failed_at"]) == (first, toy.clock())
    assert dict((await toy.letters())[-1].headers)["dlq_attempts"] == b"3"
    assert await toy.verdicts() == ["dead-lettered"]


async def test_what_somebody_publishes_again_correctly_is_settled(toy: Toy):
    await toy.settle(in_order([an_event("a"), an_event("p", kind="poison"), broken(headers=(("ce_id", b"q"), ("ce_source", SOURCE.encode())))]))
    assert await states(toy) == {"waiting": 2}
    await toy.settle(in_order([an_event("p"), an_event("q")], first=await toy.next()))
    assert await states(toy) == {"settled": 2}
    assert await toy.points() == {holder(1): 3}


async def test_what_is_discarded_is_gone_and_its_verdict_stays(toy: Toy):
    await toy.settle(in_order([broken(value=b"secret"), an_event("p", kind="poison")]))
    done = await discard(toy, code="no-envelope")
    assert (done.count, done.by_code) == (1, {"no-envelope": 1})
    gone = next(row for row in await rows(toy) if row["state"] == "discarded")
    assert (gone["value"], gone["headers"], gone["record_key"], gone["changed_by"]) == (None, None, None, "ana")
    assert (await redrive(toy, keys=[gone["key"], b"\0" * 16])).skipped == {"discarded": 1, "unknown": 1}
    assert await toy.verdicts() == ["dead-lettered", "dead-lettered"]
    await discard(toy)
    await toy.settle([replace(an_event("p"), offset=2)])
    assert await states(toy) == {"discarded": 1, "settled": 1}


async def test_a_nameless_record_whose_id_can_be_read_at_last_is_settled_by_it(toy: Toy):
    await toy.settle([broken(offset=0)])
    await redrive(toy)
    (again,) = await toy.sent()
    mended = an_event("named")  # the same record, to a reader that was mended
    await toy.settle([replace(mended, headers=(*mended.headers, *again.headers), offset=1)])
    assert await states(toy) == {"settled": 1}
    assert await toy.pool.fetchval("select reason from inbox where verdict = 'duplicate'") == "has-an-id"
    assert await toy.points() == {holder(1): 1}


async def test_a_dry_run_counts_what_is_then_done_and_changes_nothing(toy: Toy):
    kinds = ["poison", "crash", "survey", "poison"] * 5
    await toy.settle(in_order([an_event(str(number), kind=kind) for number, kind in enumerate(kinds)]))
    before = [tuple(row) for row in await rows(toy)]
    for which in ({}, {"code": "internal-error"}, {"type": "nothing"}, {"topic": "toy", "source": SOURCE, "since": toy.clock(), "until": toy.clock()}):
        dry = await redrive(toy, dry_run=True, limit=7, **which)
        assert await discard(toy, dry_run=True, **which) == replace(dry, count=sum(dry.matching.values()), by_code=dry.matching)
        assert [tuple(row) for row in await rows(toy)] == before
    dry = await redrive(toy, dry_run=True, limit=7)
    assert dry == await redrive(toy, limit=7)
    assert (dry.count, dry.matching) == (7, {"bad-taste": 10, "internal-error": 5})
    assert await states(toy) == {"redriven": 7, "waiting": 8}
    numbers = [dict(record.headers)["ce_id"] for record in await toy.sent()]
    assert numbers == [b"0", b"1", b"3", b"4", b"5", b"7", b"8"]  # in the order in which they were met


async def test_a_redrive_that_dies_before_its_commit_has_sent_nothing(toy: Toy):
    await toy.settle(in_order([an_event("p", kind="poison")]))
    connection = await toy.pool.acquire()
    await connection.execute("begin")
    await repair.redrive(connection, Order(which=Which(), limit=1, by="ana", dry_run=False), now=toy.clock())
    connection.terminate()
    await toy.pool.release(connection)
    assert await toy.sent() == []
    assert await states(toy) == {"waiting": 1}


async def test_two_operators_at_once_send_a_record_once(toy: Toy):
    await toy.settle(in_order([an_event(str(number), kind="poison") for number in range(20)]))
    done = await asyncio.gather(*(redrive(toy) for _ in range(4)))
    assert sum(each.count for each in done) == len(await toy.sent()) == 20


async def test_bad_and_good_copies_and_operators_at_once_end_with_every_event_counted_once(toy: Toy):
    """Two partitions hold the events spoiled, two hold them good, and operators redrive and look all the while."""

    async def read(partition: int) -> None:
        kind = "poison" if partition < 2 else "survey"
        numbers = [(number + 7 * partition) % 30 for number in range(30)]
        records = [an_event(str(number), who=number, kind=kind, partition=partition, offset=place) for place, number in enumerate(numbers)]
        position = replace(HERE, partition=partition)
        while records:
            with contextlib.suppress(*TRANSIENT):  # as a lane does: the batch is given up and comes again
                done = await toy.settle(records[:5], position=position)
                del records[: len(done.items)]

    async def operate() -> None:
        for _ in range(10):
            await redrive(toy, limit=3)

    await asyncio.gather(*(read(partition) for partition in range(4)), operate(), operate())
    assert await toy.points() == {holder(number): 1 for number in range(30)}
    assert await toy.verdicts() == ["granted"] * 30
    assert set(await states(toy)) <= {"settled"}


async def test_nobody_waits_for_a_record_that_somebody_else_is_at(toy: Toy):
    await toy.settle(in_order([an_event("p", kind="poison"), an_event("q", kind="poison")]))
    async with toy.pool.acquire() as other, other.transaction():
        await other.execute("select from dead_letter where key = $1 for update", event_key(SOURCE, "p"))
        done = await asyncio.wait_for(redrive(toy), 10)
    assert (done.count, done.skipped) == (1, {"busy": 1})
    assert await states(toy) == {"waiting": 1, "redriven": 1}


async def test_a_record_that_no_topic_could_take_again_is_left_where_it_is(toy: Toy):
    await toy.settle(in_order([broken(value=b"x" * (LARGEST_REDRIVEN + 1)), broken()]))
    done = await redrive(toy)
    assert (done.count, done.skipped) == (1, {"too-large": 1})
    assert (await discard(toy)).count == 1


async def test_two_records_of_one_id_that_are_both_dead_have_one_row(toy: Toy):
    named = (("ce_id", b"q"), ("ce_source", SOURCE.encode()))
    await toy.settle(in_order([broken(value=b"1", headers=named), broken(value=b"2", headers=named)]))
    (row,) = await rows(toy)
    assert (row["attempts"], row["value"]) == (2, b"2")


BOASTS = {
    "attempts": b"9223372036854775807",
    "partition": b"99999999999",
    "offset": b"9223372036854775807",
    "first_failed_at": b"0001-01-01T00:00:00+14:00",
}


@pytest.mark.parametrize("name", BOASTS)
async def test_what_a_record_claims_of_its_past_stops_nothing(toy: Toy, name: str):
    claims = {"topic": b"toy", "partition": b"3", "offset": b"4", "attempts": b"1", "first_failed_at": b"2025-03-09T12:00:00+00:00"} | {name: BOASTS[name]}
    await toy.settle([broken(headers=tuple((f"redrive_{claim}", value) for claim, value in claims.items()))])
    assert await states(toy) == {"waiting": 1}
    assert (await redrive(toy)).count == 1


async def test_a_record_is_never_sent_to_a_topic_that_it_only_claims(toy: Toy):
    claims = {"topic": b"elsewhere", "partition": b"3", "offset": b"4"}
    await toy.settle([broken(headers=tuple((f"redrive_{name}", value) for name, value in claims.items()))])
    await redrive(toy)
    (again,) = await toy.sent()
    assert (again.topic, dict(again.headers)["redrive_offset"]) == ("toy", b"0")


async def test_reasons_that_no_column_can_hold_are_kept_as_far_as_they_go(toy: Toy):
    record = broken(headers=(("a\x00b", b"c"),))
    await toy.settle([record, Fetched("toy", None, None, (("x", None),), partition=0, offset=1, timestamp_ms=0)])  # type: ignore[arg-type]
    assert await states(toy) == {"waiting": 2}
    await redrive(toy)
    assert [record.headers[0] for record in await toy.sent()] == [("a\x00b", b"c"), ("x", None)]


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("update dead_letter set state = 'settled', record_key = null, headers = null, value = null", "state settled, verdict dead-lettered"),
        ("delete from dead_letter", "state none, verdict dead-lettered"),
        ("alter table inbox disable trigger user; update inbox set verdict = 'granted'", "state waiting, verdict another, or none"),
    ],
)
async def test_the_audit_finds_where_inbox_and_dead_letters_part(base: Database, toy: Toy, damage: str, found: str):
    await toy.settle(in_order([an_event("p", kind="poison")]))
    owner = await asyncpg.connect(base.urls.owner)
    await owner.execute(damage)
    assert await violations(base) == [f"{event_key(SOURCE, 'p').hex()}: {found}"]
    await owner.execute("delete from dead_letter; delete from inbox")
    await owner.close()


async def test_the_audit_may_not_read_what_dead_records_hold(base: Database):
    audit = await asyncpg.connect(base.urls.verify)
    await audit.fetch("select key, state, code from dead_letter")
    for column in ("record_key", "headers", "value"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await audit.fetch(f"select {column} from dead_letter")
    await audit.close()


async def test_a_dead_letter_cannot_be_deleted_by_the_service(toy: Toy):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await toy.pool.execute("delete from dead_letter")


async def test_what_was_put_aside_before_the_table_has_its_row(postgres_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    urls = provision(postgres_server.url, service="shared", database=f"test_before_{random_id().hex[:12]}")
    for file in sorted(migrations.SHARED.glob("*.sql"))[:4]:
        shutil.copy(file, tmp_path)
    with monkeypatch.context() as before:
        before.setattr(migrations, "SHARED", tmp_path)
        migrations.apply(urls.owner)
    connection = await asyncpg.connect(urls.owner)
    await connection.execute("insert into inbox values ($1, now(), 'dead-lettered', 'not-json'), ($2, now(), 'granted', null)", b"d" * 16, b"g" * 16)
    migrations.apply(urls.owner)
    rows = await connection.fetch("select key, state, code, headers from dead_letter")
    await connection.close()
    assert [tuple(row) for row in rows] == [(b"d" * 16, "discarded", "not-json", None)]
    assert await violations(Database(urls, None)) == []  # type: ignore[arg-type]  only its roles are used


@pytest.mark.parametrize("forged", [an_event("y"), broken(value=b"another")], ids=["readable", "unreadable"])
async def test_nobody_touches_another_records_row_by_claiming_its_place(toy: Toy, forged: Fetched):
    await toy.settle([broken(offset=0)])
    before = [dict(row) for row in await rows(toy)]
    claim = (("redrive_topic", b"toy"), ("redrive_partition", b"0"), ("redrive_offset", b"0"))
    await toy.settle([replace(forged, headers=(*forged.headers, *claim), offset=1)])
    assert [dict(row) for row in await rows(toy)] == before
