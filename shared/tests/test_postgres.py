"""Roles, rights and pools on a real server."""

import asyncio

import asyncpg
import psycopg
import pytest

from shared.ids import random_id
from shared.postgres import create_pool, provision, url_for
from shared.testing import NewDatabase, Server


@pytest.fixture
def service() -> str:
    return f"bakery_{random_id().hex[:8]}"


async def test_provisioning_twice_changes_nothing(postgres_server: Server, service: str):
    assert provision(postgres_server.url, service=service) == provision(postgres_server.url, service=service)


async def test_provisioning_in_two_processes_at_once_is_safe(postgres_server: Server, service: str):
    first, second = await asyncio.gather(*(asyncio.to_thread(provision, postgres_server.url, service=service) for _ in range(2)))
    assert first == second


async def test_the_service_and_the_auditor_can_connect_and_other_services_cannot(postgres_server: Server, service: str):
    urls = provision(postgres_server.url, service=service)
    provision(postgres_server.url, service=f"{service}_rival")
    for url in (urls.owner, urls.app, urls.verify):
        await (await asyncpg.connect(url)).close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(url_for(postgres_server.url, role=f"{service}_rival_app", database=service))


async def test_the_service_cannot_change_the_schema(postgres_server: Server, service: str):
    urls = provision(postgres_server.url, service=service)
    connection = await asyncpg.connect(urls.app)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("create table mine (id int)")
    await connection.close()


async def test_the_auditor_writes_nothing_even_where_it_was_granted(postgres_server: Server, service: str):
    urls = provision(postgres_server.url, service=service)
    with psycopg.connect(urls.owner) as owner:
        owner.execute("create table entry (id int); grant all on entry to verify")
    auditor = await asyncpg.connect(urls.verify)
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await auditor.execute("insert into entry values (1)")
    await auditor.close()


async def test_roles_have_passwords_of_their_own(postgres_server: Server, service: str):
    urls = provision(postgres_server.url, service=service)
    assert len({url.split("@")[0].split(":")[-1] for url in (urls.owner, urls.app, urls.verify, postgres_server.url)}) == 4


async def test_a_pool_reads_what_is_committed_in_utc_and_frees_frozen_transactions(database: NewDatabase):
    pool = await create_pool((await database()).url, application_name="bakery")
    async with pool.acquire() as connection:
        said = [await connection.fetchval(f"show {name}") for name in ("transaction_isolation", "timezone", "idle_in_transaction_session_timeout")]
    await pool.close()
    assert said == ["read committed", "UTC", "5s"]


async def test_a_connection_goes_back_to_its_pool_without_another_word_but_never_with_a_transaction(database: NewDatabase):
    pool, said = await create_pool((await database()).url, size=1, application_name="bakery"), list[str]()
    async with pool.acquire() as connection:
        connection.add_query_logger(lambda logged: said.append(logged.query))
        await connection.fetchval("select 1")
    async with pool.acquire() as connection:
        assert said == ["select 1"]
        await connection.execute("begin")
    async with pool.acquire() as connection:
        assert not connection.is_in_transaction()
    await pool.close()
