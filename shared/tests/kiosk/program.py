"""The smallest whole service: every activity is granted something, and is told of. Tests run it as a process."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Depends
from pydantic_settings import BaseSettings

from contracts.envelope import Event
from contracts.verdicts import Verdict
from shared.auth import Principal, require
from shared.batches import Outcome
from shared.ids import derived
from shared.outbox import Message
from shared.service import Job, Parts, Resources, run
from shared.settings import FROM_ENVIRONMENT, AuthSettings, DatabaseSettings, Environment, HttpSettings, KafkaSettings, RunSettings

HEARS, SAYS = "loyalty.activities.v1", "loyalty.rewards.v1"


class Settings(BaseSettings):
    model_config = FROM_ENVIRONMENT

    env: Environment = "production"
    run: RunSettings = RunSettings()
    kafka: KafkaSettings
    database: DatabaseSettings
    http: HttpSettings = HttpSettings()
    auth: AuthSettings


class Kiosk:
    async def lock(self, connection: asyncpg.Connection, events: Sequence[Event[Any]]) -> None:
        """Nothing to lock."""

    async def decide(self, _: asyncpg.Connection, events: Sequence[Event[Any]], *, now: datetime) -> tuple[list[Outcome], list[Message]]:
        told = [
            Message(SAYS, event.data.holder, self._id(event), "urn:test:kiosk", "loyalty.reward.granted.v1", now, b'{"kiosk":true}', event.traceparent)
            for event in events
        ]
        return [Outcome(Verdict.GRANTED)] * len(events), told

    def _id(self, event: Event[Any]) -> str:
        return str(derived(service="kiosk", source=event.source, cause=event.id, type="reward", holder=event.data.holder))


def routes(resources: Resources) -> APIRouter:
    router = APIRouter(prefix="/v1")

    @router.get("/whoami", openapi_extra={"x-access": "accounts:read"})
    async def whoami(who: Annotated[Principal, Depends(require(resources.verifier, "accounts:read"))]) -> str:
        return who.subject

    @router.get("/slow")
    async def slow(seconds: float) -> str:
        await resources.pool.execute("select pg_sleep($1)", seconds)
        return "done"

    @router.post("/break")
    async def broken() -> None:
        await resources.pool.execute("insert into broken values ('canary')")

    return router


async def fail(connection: asyncpg.Connection, _: datetime) -> int:
    why = await connection.fetchval("select why from broken")
    if why is not None:
        raise RuntimeError(why)
    return 0


def assemble(resources: Resources) -> Parts:
    return Parts(handlers={HEARS: Kiosk()}, routers=[routes(resources)], jobs=[Job("fail", 0.05, fail)])


if __name__ == "__main__":
    run(name="kiosk", settings=Settings(), migrations=Path(__file__).parent, assemble=assemble)  # type: ignore[call-arg]
