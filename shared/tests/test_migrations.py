"""Migrations: numbered, forward only, whole or not at all."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from shared import migrations
from shared.ids import random_id
from shared.migrations import MigrationChangedError
from shared.postgres import provision
from shared.testing import Server

FUNCTION = """-- A function with a body of its own, and words that look like the end of it.
create function refuse() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        raise exception 'no; never; % is for ever', tg_table_name;
    end if;
    return null;
end;
$$;
create table entry (id int primary key);
create trigger never before update on entry for each row execute function refuse();
"""


@pytest.fixture
def url(postgres_server: Server) -> str:
    return provision(postgres_server.url, service="shared", database=f"test_{random_id().hex[:12]}").owner


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute("select tablename from pg_tables where schemaname = 'public'")}


def test_files_are_applied_once_in_order(url: str, tmp_path: Path):
    write(tmp_path, "0002-more.sql", "alter table thing add column name text;")
    write(tmp_path, "0001-thing.sql", "create table thing (id int primary key);")
    applied = migrations.apply(url, [tmp_path])
    assert applied == len(list(migrations.SHARED.glob("*.sql"))) + 2
    assert migrations.apply(url, [tmp_path]) == 0
    assert "thing" in tables(url)


def test_what_is_missing_is_told_without_changing_anything(url: str, tmp_path: Path):
    write(tmp_path, "0001-thing.sql", "create table thing (id int primary key);")
    assert "0001-thing" in migrations.pending(url, [tmp_path])
    assert tables(url) == set()
    migrations.apply(url, [tmp_path])
    assert migrations.pending(url, [tmp_path]) == []


def test_a_changed_file_is_refused_before_anything_runs(url: str, tmp_path: Path):
    write(tmp_path, "0001-thing.sql", "create table thing (id int primary key);")
    migrations.apply(url, [tmp_path])
    write(tmp_path, "0001-thing.sql", "create table thing (id bigint primary key);")
    write(tmp_path, "0002-other.sql", "create table other (id int);")
    with pytest.raises(MigrationChangedError, match=r"0001-thing\.sql was changed"):
        migrations.apply(url, [tmp_path])
    assert "other" not in tables(url)


def test_a_file_that_fails_half_way_leaves_nothing_and_is_tried_again(url: str, tmp_path: Path):
    write(tmp_path, "0001-thing.sql", "create table thing (id int primary key); insert into nowhere values (1);")
    with pytest.raises(psycopg.errors.UndefinedTable):
        migrations.apply(url, [tmp_path])
    assert "thing" not in tables(url)
    write(tmp_path, "0001-thing.sql", "create table thing (id int primary key);")
    assert migrations.apply(url, [tmp_path]) == 1


async def test_two_processes_that_start_at_once_apply_each_file_once(url: str, tmp_path: Path):
    write(tmp_path, "0001-thing.sql", "create table thing (id int primary key); select pg_sleep(0.3);")
    counts = await asyncio.gather(*(asyncio.to_thread(migrations.apply, url, [tmp_path]) for _ in range(3)))
    assert sorted(counts)[:2] == [0, 0]
    assert max(counts) > 0


async def test_a_migration_steps_aside_for_traffic_and_tries_again(url: str, tmp_path: Path):
    write(tmp_path, "0001-thing.sql", "create table thing (id int primary key);")
    migrations.apply(url, [tmp_path])
    write(tmp_path, "0002-more.sql", "alter table thing add column name text;")
    with psycopg.connect(url) as busy:
        busy.execute("select from thing")  # holds a lock until the transaction ends
        migrating = asyncio.create_task(asyncio.to_thread(migrations.apply, url, [tmp_path]))
        done, _ = await asyncio.wait({migrating}, timeout=migrations.LOCK_TIMEOUT_SECONDS + 0.5)
        assert not done
    assert await migrating == 1


def test_a_newer_database_lets_the_release_before_start(url: str, tmp_path: Path):
    write(tmp_path, "0001-thing.sql", "create table thing (id int primary key);")
    write(tmp_path, "0002-more.sql", "alter table thing add column name text;")
    migrations.apply(url, [tmp_path])
    (tmp_path / "0002-more.sql").unlink()
    assert migrations.apply(url, [tmp_path]) == 0


def test_functions_with_bodies_are_read_whole(url: str, tmp_path: Path):
    migrations.apply(url, [write(tmp_path, "0001-entry.sql", FUNCTION)])
    with psycopg.connect(url) as connection:
        connection.execute("insert into entry values (1)")
        with pytest.raises(psycopg.errors.RaiseException, match="no; never; entry is for ever"):
            connection.execute("update entry set id = 2")


def test_an_index_can_be_built_beside_traffic(url: str, tmp_path: Path):
    write(tmp_path, "0001-thing.sql", "create table thing (id int primary key, name text);")
    write(tmp_path, "0002-index.sql", "-- transactional: false\ncreate index concurrently thing_name on thing (name);")
    assert migrations.apply(url, [tmp_path]) > 0
    assert migrations.apply(url, [tmp_path]) == 0


def test_rows_that_a_migration_selects_do_not_reach_the_log(url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    migrations.apply(url, [write(tmp_path, "0001-select.sql", "select 'canary';")])
    assert "canary" not in "".join(capfd.readouterr())


def test_two_files_of_one_name_are_refused(url: str, tmp_path: Path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, "0001-thing.sql", "select 1;")
    with pytest.raises(ValueError, match="the same name: 0001-thing"):
        migrations.apply(url, [tmp_path / "one", tmp_path / "two"])
