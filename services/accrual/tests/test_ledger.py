"""What the database itself refuses, whoever asks."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import psycopg
import pytest

from accrual.store import due
from shared.ids import random_id

from .builders import NOON, a_purchase, linked
from .conftest import Service


@pytest.fixture
def owner(service: Service) -> psycopg.Connection:
    """The role that owns the tables."""
    with psycopg.connect(service.database.urls.owner, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    "statement",
    ["update {} set amount = amount + 1", "update {} set hash = null", "delete from {}", "truncate {}"],
)
@pytest.mark.parametrize("table", ["entry", "entry_default", "the current partition"])
async def test_not_even_the_owner_changes_an_entry(service: Service, owner: psycopg.Connection, statement: str, table: str):
    service.clock.now = datetime.combine(_first_partition(owner), datetime.min.time(), UTC) + timedelta(days=1)
    await service.hear(a_purchase("1", at=service.clock() - timedelta(days=1)))
    service.clock.now = NOON  # long before the first partition
    await service.hear(a_purchase("2"))
    before = await service.fetch("select * from entry order by booked_at, leg")
    assert len(before) == 4
    partition = f"entry_{_first_partition(owner):%Y_%m}" if table == "the current partition" else table
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed or deleted"):
        owner.execute(statement.format(partition))
    assert await service.fetch("select * from entry order by booked_at, leg") == before


def _first_partition(owner: psycopg.Connection) -> datetime:
    name = owner.execute("select min(relname) from pg_class where relname ~ '^entry_[0-9]{4}_[0-9]{2}$'").fetchone()
    assert name is not None
    return datetime.strptime(name[0], "entry_%Y_%m").date()  # noqa: DTZ007  a month


@pytest.mark.parametrize("table", ["entry", "entry_default"])
async def test_legs_that_do_not_sum_to_zero_are_refused(service: Service, owner: psycopg.Connection, table: str):
    insert = f"insert into {table} (transaction_id, account_id, booked_at, amount, leg, bucket) values (%s, %s, %s, %s, %s, 'system')"
    with pytest.raises(psycopg.errors.CheckViolation, match="sum to zero"):
        owner.execute(insert, (random_id(), UUID(int=1), NOON, 5, 0))


@pytest.mark.parametrize(
    "statement",
    [
        "update entry set amount = 1",
        "delete from entry",
        "truncate entry",
        "update lot set amount = amount + 1",
        "update lot set usable_from = now()",
        "delete from lot",
        "update purchase set decision = ''",
        "delete from purchase",
        "update activity set decision = ''",
        "update account set kind = 'member'",
        "update account set version_base = 0",
        "delete from account",
        "delete from counter",
        "delete from anchor",
        "update programme_version set document = '{}'",
        "delete from programme_version",
        "delete from inbox",
        "delete from consumer_offset",
        "update refusal set reason = ''",
        "delete from discrepancy",
        "create table mine (x int)",
        "alter table entry disable trigger all",
        "drop table entry_default",
    ],
)
async def test_the_service_may_only_do_what_it_needs(service: Service, statement: str):
    await service.hear(a_purchase(), linked())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.pool.execute(statement)


@pytest.mark.parametrize("table", ["account", "lot", "entry", "purchase", "holder", "identifier", "inbox", "outbox"])
async def test_the_auditor_reads_and_never_writes(service: Service, table: str):
    await service.hear(a_purchase(), linked())
    auditor = await asyncpg.connect(service.database.urls.verify)
    try:
        assert await auditor.fetchval(f"select count(*) from {table}") > 0
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
            await auditor.execute(f"delete from {table}")
        await auditor.execute("set default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await auditor.execute(f"delete from {table}")
    finally:
        await auditor.close()


async def test_no_bucket_falls_below_its_floor(service: Service):
    await service.hear(a_purchase())
    for bucket, value in {"pending": -1, "available": -1, "held": -1, "debt": 1}.items():
        with pytest.raises(asyncpg.CheckViolationError, match="account_floors"):
            await service.pool.execute(f"update account set {bucket} = $1", value)
    with pytest.raises(asyncpg.CheckViolationError, match="account_moved_is_empty"):
        await service.pool.execute("update account set moved_to = id where version > 0")


async def test_partitions_are_made_ahead_once_and_take_the_entries_of_their_months(service: Service):
    service.clock.now = datetime(2031, 5, 31, 23, tzinfo=UTC)
    async with service.pool.acquire() as connection:
        assert await due.make_partitions(connection, now=service.clock(), months=12) == 14
        assert await due.make_partitions(connection, now=service.clock(), months=12) == 0
        assert await due.make_partitions(connection, now=datetime(2031, 7, 1, tzinfo=UTC), months=12) == 2
    await service.hear(a_purchase("1", at=service.clock()))
    service.clock.advance(hours=2)
    await service.hear(a_purchase("2", at=service.clock()))
    assert await service.fetch("select tableoid::regclass::text, count(*) from entry group by 1 order by 1") == [("entry_2031_05", 2), ("entry_2031_06", 2)]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.pool.execute("delete from entry_2031_05")


async def test_a_month_whose_entries_came_before_its_partition_keeps_them(service: Service):
    service.clock.now = datetime(2031, 5, 10, tzinfo=UTC)
    await service.hear(a_purchase("1", at=service.clock()))
    async with service.pool.acquire() as connection:
        assert await due.make_partitions(connection, now=service.clock(), months=12) == 13
    await service.hear(a_purchase("2", at=service.clock()))
    assert await service.fetch("select tableoid::regclass::text, count(*) from entry group by 1") == [("entry_default", 4)]
