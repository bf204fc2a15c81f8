"""Whole processes on a real broker: what no test of parts can show."""

import asyncio
import os
import re
import sys
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contracts.cards import load_cards
from contracts.envelope import encode
from members.app import MIGRATIONS
from shared.kafka import Producer, create_topics
from shared.local.keys import make_keys
from shared.settings import KafkaSettings
from shared.testing import Database, NewDatabase, eventually

from .builders import KEYS, a_phone, holder_of, letters_key, proven, till_key
from .canaries import canaries_in, registrations

START_SECONDS = 120


@pytest.fixture
def environment(tmp_path: Path, kafka: str) -> dict[str, str]:
    """What an operator would set, with the keys that the cast of these tests uses."""
    keys = make_keys(tmp_path / "keys")
    for kind, key in KEYS.items():
        keys.identifier(kind).write_bytes(urlsafe_b64encode(key))
    keys.registrations_private.write_bytes(letters_key().as_pem(private=True))
    keys.till_public.write_bytes(till_key().as_pem(private=False))
    return {
        "PATH": os.environ["PATH"],
        "ENV": "local",
        "RUN_LOG_LEVEL": "DEBUG",
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "AUTH_PUBLIC_KEY_FILE": str(keys.jwt_public),
        "AUTH_AUDIENCE": "loyalty",
        "IDENTIFIERS_CARD_KEY_FILE": str(keys.identifier("card")),
        "IDENTIFIERS_PHONE_KEY_FILE": str(keys.identifier("phone")),
        "IDENTIFIERS_EMAIL_KEY_FILE": str(keys.identifier("email")),
        "REGISTRATIONS_PRIVATE_KEY_FILE": str(keys.registrations_private),
        "PERSONAL_KEY_FILE": str(keys.personal),
        "TILL_PUBLIC_KEY_FILE": str(keys.till_public),
    }


@asynccontextmanager
async def running(environment: dict[str, str], *, log: Path, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a process of members; it stops when the block is left, in order."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "members", env=environment | settings, stdout=output, stderr=output)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 30)


async def test_two_processes_share_the_work_and_two_hundred_registrations_of_one_phone_make_one_member(
    database: NewDatabase, environment: dict[str, str], kafka: str, tmp_path: Path
):
    given: Database = await database(MIGRATIONS, service="members")
    settings = {"DATABASE_URL": given.urls.app, "DATABASE_MIGRATION_URL": given.urls.owner}
    address = KafkaSettings(bootstrap_servers=kafka)
    await create_topics(address, load_cards())
    phone = a_phone(4711)
    events = [proven(f"r-{number}", ("email", f"guest{number}@example.com"), phone).event(source="urn:test:two-processes") for number in range(200)]
    logs = [tmp_path / "one.log", tmp_path / "two.log"]
    async with running(environment, log=logs[0], **settings) as one, running(environment, log=logs[1], **settings) as two:
        for log in logs:
            await eventually(lambda log=log: '"event":"started"' in log.read_text(), START_SECONDS)
        producer = Producer(address)
        await producer.publish([*map(encode, events), *registrations()])
        await producer.close()
        await eventually(lambda: _count(given, "select count(*) >= 201 from link where kind = 'email'"), START_SECONDS)
        await eventually(lambda: _count(given, "select count(*) >= 4 from inbox where verdict = 'dead-lettered'"), START_SECONDS)
        await eventually(lambda: _count(given, "select count(*) = 0 from outbox"), START_SECONDS)
        assert (one.returncode, two.returncode) == (None, None)
    assert (one.returncode, two.returncode) == (0, 0)
    assert await given.pool.fetchval("select count(*) from link where identifier = $1", holder_of(phone)) == 1
    guests = [holder_of(("email", f"guest{number}@example.com")) for number in range(200)]
    assert await given.pool.fetchval("select count(distinct member_id) from link where identifier = any($1)", guests) == 1
    everything = "".join(log.read_text() for log in logs)
    assert canaries_in(everything.encode()) == []
    assert not re.search(r"guest\d+@|7916000", everything)


async def _count(given: Database, question: str) -> bool:
    return bool(await given.pool.fetchval(question))


async def test_a_process_that_cannot_open_registrations_does_not_start(environment: dict[str, str], database: NewDatabase, tmp_path: Path):
    given = await database(MIGRATIONS, service="members")
    wrong = {"REGISTRATIONS_PRIVATE_KEY_FILE": environment["TILL_PUBLIC_KEY_FILE"]}
    async with running(environment, log=tmp_path / "log", DATABASE_URL=given.urls.app, DATABASE_MIGRATION_URL=given.urls.owner, **wrong) as process:
        assert await asyncio.wait_for(process.wait(), START_SECONDS) == 1
    assert "ended by a failure" in (tmp_path / "log").read_text()
