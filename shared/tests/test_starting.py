"""Asking the database whether it is there."""

import asyncio
from pathlib import Path

import asyncpg
import psycopg
import pytest

from shared.migrations import MigrationChangedError
from shared.service.health import Health
from shared.service.starting import UnsafeSettingsError, beat, open_database, refuse_unsafe
from shared.settings import DatabaseSettings, KafkaSettings
from shared.testing import A_MONDAY, NewDatabase, Server, SettableClock, eventually


def test_only_local_mode_accepts_what_is_unsafe():
    unsafe = KafkaSettings(bootstrap_servers="127.0.0.1:9092")
    refuse_unsafe(unsafe, "local")
    with pytest.raises(UnsafeSettingsError, match="SASL_SSL"):
        refuse_unsafe(unsafe, "production")


async def test_the_beat_goes_on_when_its_connection_is_cut(database: NewDatabase, postgres_server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("shared.service.starting._BEAT_SECONDS", 0.02)
    health, stop = Health(has_database=True), asyncio.Event()
    url = (await database()).url
    beating = asyncio.create_task(beat(DatabaseSettings(url=url), health, SettableClock(A_MONDAY), stop))
    await eventually(lambda: health.database_answers)
    with psycopg.connect(postgres_server.url, autocommit=True) as admin:
        name = url.rsplit("/", 1)[1]
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'health' and datname = %s", [name])
    before = health._database_answered
    await eventually(lambda: health._database_answered > before)
    stop.set()
    await beating


async def test_the_beat_frees_what_a_frozen_process_holds_between_two_messages(database: NewDatabase, monkeypatch: pytest.MonkeyPatch):
    """A driver prepares a statement in one message and runs it in the next: in between the database does not call the session idle."""
    monkeypatch.setattr("shared.service.starting._BEAT_SECONDS", 0.05)
    monkeypatch.setattr("shared.service.starting._SILENT_SECONDS", 0.3)
    given = await database()
    stop = asyncio.Event()
    frozen, waiting = await asyncpg.connect(given.url), await asyncpg.connect(given.url)
    await frozen.execute("begin; set local idle_in_transaction_session_timeout = '50ms'; select pg_advisory_xact_lock(1)")
    await frozen.prepare("select 1")
    lock = asyncio.create_task(waiting.execute("select pg_advisory_lock(1)"))
    done, _ = await asyncio.wait({lock}, timeout=0.5)
    assert not done
    beating = asyncio.create_task(beat(DatabaseSettings(url=given.url), Health(has_database=True), SettableClock(A_MONDAY), stop))
    await asyncio.wait_for(lock, 30)
    stop.set()
    await beating
    for connection in (frozen, waiting):
        connection.terminate()


async def test_a_process_that_may_not_migrate_waits_for_one_that_may(database: NewDatabase, tmp_path: Path):
    urls = (await database()).urls
    (tmp_path / "0001-one.sql").write_text("create table one (id int);")
    opening = asyncio.create_task(open_database(DatabaseSettings(url=urls.app), [tmp_path], name="test"))
    done, _ = await asyncio.wait({opening}, timeout=0.5)
    assert not done
    await (await open_database(DatabaseSettings(url=urls.app, migration_url=urls.owner), [tmp_path], name="test")).close()
    pool = await opening
    assert pool.get_size() > 0
    await pool.close()


async def test_a_changed_migration_ends_the_start_instead_of_being_tried_for_ever(database: NewDatabase, tmp_path: Path):
    file = tmp_path / "0001-one.sql"
    file.write_text("select 1;")
    urls = (await database(tmp_path)).urls
    file.write_text("select 2;")
    with pytest.raises(MigrationChangedError):
        await open_database(DatabaseSettings(url=urls.app, migration_url=urls.owner), [tmp_path], name="test")
