import asyncpg
import pytest

from .builders import ANA, BORIS, TERMS, a_form, proven
from .conftest import Service

SEALED = {"member": ["given_name", "family_name", "birth_date"], "member_key": ["wrapped"], "link": ["sealed_value"], "attempt": ["sealed_submission"]}


FORBIDDEN = [
    "update consent set text_version = 'other'",
    "delete from consent",
    "truncate consent",
    "delete from member",
    "update member set given_name = null",
    "update link set member_id = gen_random_uuid()",
    "delete from link",
    "update member_key set wrapped = wrapped",
    "delete from inbox",
    "delete from idempotency",
    "create table mine ()",
    "drop table claim",
]


async def test_the_service_may_do_what_it_has_to_and_no_more(service: Service):
    for statement in FORBIDDEN:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.pool.execute(statement)


async def test_consents_only_grow_even_for_the_owner(service: Service):
    await service.hear(proven("r-1", ANA.phone).event())
    connection = await asyncpg.connect(service.database.urls.owner)
    try:
        for statement in ("update consent set text_version = 'other'", "delete from consent", "truncate consent"):
            with pytest.raises(asyncpg.RestrictViolationError, match="only grows"):
                await connection.execute(statement)
    finally:
        await connection.close()
    assert await service.fetch("select count(*) from consent") == [(len(TERMS),)]


async def test_an_audit_reads_everything_but_what_is_sealed(service: Service):
    await service.hear(proven("r-1", ANA.phone).event(), a_form("r-2", BORIS.phone).event())
    columns = await service.fetch("select table_name, column_name from information_schema.columns where table_schema = 'public' order by 1, 2")
    tables = {"member", "member_key", "membership", "identifier", "link", "attempt", "claim", "consent", "waiting", "waiting_lot"}
    audit = await asyncpg.connect(service.database.urls.verify)
    try:
        for table, column in columns:
            if table not in tables:
                continue
            if column in SEALED.get(table, []):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await audit.fetch(f"select {column} from {table}")
            else:
                await audit.fetch(f"select {column} from {table}")
        with pytest.raises(asyncpg.PostgresError):
            await audit.execute("delete from claim")
    finally:
        await audit.close()


async def test_plain_text_cannot_stand_where_personal_facts_do(service: Service):
    with pytest.raises(asyncpg.CheckViolationError):
        await service.pool.execute(
            "insert into member (member_id, language, registered_at, given_name) values (gen_random_uuid(), 'en', now(), $1)",
            b"Ana, a name that is long enough",
        )
