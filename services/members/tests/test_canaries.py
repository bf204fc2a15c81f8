"""Nothing personal is anywhere but sealed: not in a table, a message or a dead letter, however it is written."""

import orjson
import pytest
from cryptography.exceptions import InvalidTag

from members.clients.vault import Vault
from members.store import members
from shared.ids import random_bytes

from .builders import ANA, BORIS, Person, proven
from .canaries import CANARIES, canaries_in, registrations, spellings
from .conftest import Service


async def everything(service: Service) -> bytes:
    """Every value of every row of every table, bytes as they are."""
    tables = [name for (name,) in await service.fetch("select tablename from pg_tables where schemaname = 'public'")]
    found = []
    for table in tables:
        if table.startswith(("_yoyo", "yoyo", "migration")):
            continue  # the service may not read them, and they hold no data
        for row in await service.fetch(f"select * from {table}"):
            found += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\n".join(found)


async def test_no_table_message_or_dead_letter_holds_anything_personal(service: Service):
    await service.hear_records(registrations())
    verdicts = await service.fetch("select verdict, count(*) from inbox group by verdict order by verdict")
    assert dict(verdicts) == {"applied": 2, "dead-lettered": 4, "duplicate": 1, "refused": 2, "waiting": 1}
    assert canaries_in(await everything(service)) == []


def test_the_search_finds_what_it_looks_for():
    for canary in CANARIES:
        for spelling in spellings(canary):
            assert canary in canaries_in(b"before " + spelling + b" after")


@pytest.mark.parametrize("person", [ANA, BORIS], ids=lambda person: person.given_name)
async def test_what_is_sealed_can_be_opened_by_members_alone(service: Service, person: Person):
    await service.hear(proven("r-1", *person.all, person=person).event())
    ((member_id, given, family, born, value),) = await service.fetch(
        "select member_id, given_name, family_name, birth_date, sealed_value from member join link using (member_id) where link.kind = 'email'"
    )
    async with service.pool.acquire() as connection:
        keyring = await members.keyring_of(connection, [member_id])
    key = service.office.vault.unwrap(member_id, keyring.wrapped[member_id])
    opened = key.open("member.given_name", given), key.open("member.family_name", family), key.open("member.birth_date", born)
    assert opened == (person.given_name, person.family_name, person.birth_date)
    assert orjson.loads(key.open("link.sealed_value", value))["typed"] == person.email[1]
    with pytest.raises(InvalidTag):
        Vault(b"x" * 32, random_bytes=random_bytes).unwrap(member_id, keyring.wrapped[member_id])
