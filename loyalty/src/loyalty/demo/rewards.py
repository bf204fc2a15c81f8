"""Listens to the rewards as any reader of Kafka would, and notes when each arrived."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import orjson

from contracts.envelope import Record
from contracts.rewards import RewardGranted
from loyalty.console import Failure
from shared.kafka import UnavailableError, read_topic

TOPIC = "loyalty.rewards.v1"
GRANTED = RewardGranted.type.encode()


@dataclass(slots=True)
class Rewards:
    """When the grants of each event became readable, on the event loop's clock."""

    arrived: dict[str, float] = field(default_factory=dict)
    sent: dict[str, float] = field(default_factory=dict)
    heard: int = 0

    @property
    def first_at(self) -> float | None:
        """When the first grant of all was readable."""
        return next(iter(self.arrived.values()), None)

    def note_sent(self, records: Iterable[Record]) -> None:
        """Remember that these are being sent now."""
        now = asyncio.get_running_loop().time()
        self.sent.update((dict(record.headers)["ce_id"].decode(), now) for record in records)

    def latencies(self) -> list[float]:
        """List the seconds from sending a purchase to its reward being readable, sorted, of those noted as sent."""
        return sorted(self.arrived[event] - at for event, at in self.sent.items() if event in self.arrived)


def quantile(values: list[float], share: float) -> float | None:
    """Give the value that this share of sorted values does not exceed; nothing where there are none."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else None


@asynccontextmanager
async def listening(bootstrap_servers: str) -> AsyncIterator[Rewards]:
    """Follow the topic in the background. Fails at the end if the listening did."""
    rewards = Rewards()
    task = asyncio.create_task(_listen(bootstrap_servers, rewards))
    try:
        yield rewards
        if task.done():
            await task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Failure):
            await task


async def _listen(bootstrap_servers: str, rewards: Rewards) -> None:
    now = asyncio.get_running_loop().time
    try:
        async for record in read_topic(bootstrap_servers, TOPIC, follow=True):
            rewards.heard += 1
            if dict(record.headers).get("ce_type") == GRANTED:
                rewards.arrived.setdefault(orjson.loads(record.value or b"{}")["cause"]["event_id"], now())
    except UnavailableError as error:
        raise Failure(f"The rewards cannot be read: {error}") from error
