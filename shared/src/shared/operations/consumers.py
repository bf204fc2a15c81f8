"""The operators' routes about consumers: where each partition stands, and to let stopped ones go on."""

from datetime import datetime
from typing import Annotated, Self, cast

import asyncpg
import structlog
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.verdicts import Verdict
from shared.auth import Principal, require
from shared.batches import offsets, standing
from shared.operations.desk import READ, WRITE, Desk, IdempotencyKey
from shared.operations.wire import Text

log = structlog.get_logger(__name__)


class Partition(BaseModel):
    """Where one partition stands. The verdicts and the gaps add up to the way from `first` to `next`."""

    incarnation: str = Field(description="The broker's cluster id; a memory-only broker has a new one at each start.")
    topic: str
    partition: int
    first: int
    next: int
    verdicts: dict[Verdict, int]
    gaps: int
    paused_at: datetime | None
    pause_reason: str | None
    updated_at: datetime


class Partitions(BaseModel):
    """Every partition that was ever read, by topic and number; of several brokers the one that was read last comes first."""

    items: list[Partition]


class Resume(BaseModel):
    """Which stopped partitions shall go on: one, those of a topic, or all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: Text | None = None
    partition: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    all: bool = False

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if self.all == (self.topic is not None) or (self.partition is not None and self.topic is None):
            raise ValueError("name a topic, a topic and a partition, or all")
        return self


class Stopped(BaseModel):
    """A partition that stood still, and why."""

    topic: str
    partition: int
    next: int
    reason: str


class Resumed(BaseModel):
    """The partitions that go on."""

    resumed: list[Stopped]


def add_to(router: APIRouter, desk: Desk) -> None:
    """Add the routes about consumers."""

    @router.get("/consumers", openapi_extra={"x-access": READ}, dependencies=[Depends(require(desk.verifier, READ))])
    async def partitions() -> Partitions:
        """Show each partition: how far it was read, what became of its records, and whether it was stopped."""
        async with desk.pool.acquire() as proxy:
            rows = await standing.everything(cast("asyncpg.Connection", proxy))
        return Partitions(items=[_partition(row) for row in rows])

    @router.post("/consumers/resume", response_model=Resumed, openapi_extra={"x-access": WRITE})
    async def resume(asked: Resume, principal: Annotated[Principal, Depends(require(desk.verifier, WRITE))], key: IdempotencyKey = None) -> Response:
        """Let partitions go on that the breaker stopped. It forgets what it counted, so old failures do not stop them again."""

        async def effect(connection: asyncpg.Connection) -> Resumed:
            rows = await standing.stopped(connection, topic=asked.topic, partition=asked.partition)
            await offsets.resume(connection, topic=asked.topic, partition=asked.partition, now=desk.clock())
            for row in rows:
                log.info("partition resumed by hand", topic=row["topic"], partition=row["partition"], reason=row["reason"], by=principal.subject)
            return Resumed(resumed=[Stopped(topic=row["topic"], partition=row["partition"], next=row["next"], reason=row["reason"]) for row in rows])

        return await desk.take("POST /v1/consumers/resume", principal, key, asked, effect)


def _partition(row: asyncpg.Record) -> Partition:
    told = {name: row[name] for name in Partition.model_fields if name != "verdicts"}
    return Partition(**told, verdicts={verdict: row[verdict.replace("-", "_")] for verdict in Verdict})
