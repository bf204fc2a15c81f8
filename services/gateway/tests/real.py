"""The real owners of the gateway's answers, without Kafka: what one says is carried to the other by hand."""

from base64 import urlsafe_b64decode
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt

from accrual.app import MIGRATIONS as ACCRUAL_MIGRATIONS
from accrual.app import assemble as assemble_accrual
from accrual.settings import AccrualSettings
from contracts.envelope import Record
from contracts.identifiers import identifier_hash
from members.app import MIGRATIONS as MEMBERS_MIGRATIONS
from members.app import assemble as assemble_members
from members.settings import Settings as MembersSettings
from shared.auth import Verifier, read_private_key
from shared.batches.breaker import Breaker
from shared.batches.items import read
from shared.batches.offsets import Position, begin
from shared.batches.records import Fetched
from shared.batches.transaction import Batch, Topic, settle
from shared.clock import Clock
from shared.local.keys import LocalKeys
from shared.outbox.relay import record_of
from shared.service import Parts, Resources, build_api
from shared.service.api import Observed
from shared.testing import Database, NewDatabase

from .builders import listening

_OUTBOX = "delete from outbox returning sequence, id, aggregatetype, aggregateid, type, source, time, traceparent, headers, payload"
_KAFKA = ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")


@dataclass
class Real:
    """A service with its database and its HTTP, that hears records and says them when it is asked to."""

    name: str
    database: Database
    parts: Parts
    clock: Clock
    url: str
    next: dict[Position, int] = field(default_factory=dict)

    async def hear(self, records: Sequence[Record]) -> None:
        for topic in dict.fromkeys(record.topic for record in records):
            if topic in self.parts.handlers:
                await self._take(topic, [record for record in records if record.topic == topic])

    async def say(self) -> list[Record]:
        rows = await self.database.pool.fetch(_OUTBOX)
        return [record_of(row) for row in sorted(rows, key=lambda row: row["sequence"])]

    async def _take(self, topic: str, records: Sequence[Record]) -> None:
        position = Position("test", topic, 0)
        expected = self.next.setdefault(position, 0)
        if expected == 0:
            async with self.database.pool.acquire() as connection:
                await begin(connection, position, first=0, now=self.clock())
        fetched = [
            Fetched(topic=topic, key=record.key, value=record.value, headers=record.headers, partition=0, offset=expected + number, timestamp_ms=0)
            for number, record in enumerate(records)
        ]
        hearing = Topic(service=self.name, handler=self.parts.handlers[topic], pool=self.database.pool, clock=self.clock)
        settled = await settle(hearing, position, Batch(expected, read(fetched), Breaker()))
        self.next[position] = settled.next


@dataclass(frozen=True)
class Owners:
    """Both of them, and the till that they trust."""

    accrual: Real
    members: Real
    keys: LocalKeys
    clock: Clock

    async def catch_up(self) -> None:
        """Carry what they say to each other until they have nothing more to say."""
        while said := await self.members.say() + await self.accrual.say():
            for owner in (self.accrual, self.members):
                await owner.hear(said)

    def holder(self, card: str) -> str:
        """Hash a card number as a till does."""
        text = self.keys.identifier("card").read_text().strip()
        return identifier_hash(key=urlsafe_b64decode(text + "=" * (-len(text) % 4)), kind="card", normal_form=card)

    def proof(self, registration_id: str, *holders: str) -> str:
        """Sign what a trusted till has seen."""
        now = self.clock()
        claims: dict[str, Any] = {"iss": "till:7", "aud": "loyalty-members", "sub": registration_id, "identifiers": list(holders)}
        claims |= {"iat": int(now.timestamp()), "exp": int((now + timedelta(minutes=10)).timestamp())}
        return jwt.encode({"alg": "Ed25519"}, claims, read_private_key(self.keys.till_private), algorithms=["Ed25519"])


async def start(serving: AsyncExitStack, database: NewDatabase, keys: LocalKeys, clock: Clock) -> Owners:
    """Start both on free ports, each on a database of its own."""
    made = []
    for name, migrations in (("accrual", ACCRUAL_MIGRATIONS), ("members", MEMBERS_MIGRATIONS)):
        own = await database(migrations, service=name)
        resources = Resources(pool=own.pool, clock=clock, verifier=Verifier.from_file(keys.jwt_public, "loyalty"))
        parts = (
            assemble_accrual(resources, own=AccrualSettings(one_step_publication=True))
            if name == "accrual"
            else assemble_members(resources, settings=_settings(keys, own))
        )
        api = build_api(name, parts.routers, max_body_bytes=parts.max_body_bytes)
        made.append(Real(name, own, parts, clock, await serving.enter_async_context(listening(Observed(api)))))
    return Owners(*made, keys=keys, clock=clock)


def _settings(keys: LocalKeys, database: Database) -> MembersSettings:
    files: dict[str, Path] = {
        "AUTH_PUBLIC_KEY_FILE": keys.jwt_public,
        "REGISTRATIONS_PRIVATE_KEY_FILE": keys.registrations_private,
        "PERSONAL_KEY_FILE": keys.personal,
        "TILL_PUBLIC_KEY_FILE": keys.till_public,
    } | {f"IDENTIFIERS_{kind.upper()}_KEY_FILE": keys.identifier(kind) for kind in ("card", "phone", "email")}
    with pytest.MonkeyPatch.context() as environment:
        for variable, value in (_KAFKA, ("DATABASE_URL", database.url), ("AUTH_AUDIENCE", "loyalty"), *files.items()):
            environment.setenv(variable, str(value))
        return MembersSettings()
