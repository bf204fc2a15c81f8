"""P3: how long it takes from producing a purchase until its reward can be read, at a steady pace."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from backlog import Backlog
from rewards import Arrivals, listening

from contracts.envelope import Record
from loyalty.console import Advance, Failure
from loyalty.demo.rewards import quantile
from shared.clock import utc_now

#: The first seconds warm up caches, plans and connections; nobody's till is the first of the day for ever.
WARM_UP_SECONDS = 3.0
PATIENCE_SECONDS = 15.0
#: A paced run whose sender could not keep the pace says nothing about the service.
MOST_LATE_SECONDS = 0.25


class TooSlow(Exception):  # noqa: N818  it says what the benchmark was
    """This machine cannot produce at the pace asked for, so nothing is known about the service."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long it took, sorted, of all purchases that earned."""

    per_second: int
    seconds: Sequence[float]

    def milliseconds(self, share: float) -> float:
        """Return the time that this share of purchases stayed within."""
        return (quantile(list(self.seconds), share) or 0.0) * 1000

    def as_json(self) -> dict[str, Any]:
        """Make the object of the results file."""
        shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
        return {"per_second": self.per_second, "rewards": len(self.seconds)} | {
            f"{name}_ms": round(self.milliseconds(share), 1) for name, share in shares.items()
        }


async def measure(address: str, *, per_second: int, seconds: float, holders: int, seed: int, advance: Advance) -> Latency:
    """Produce purchases evenly, and watch their rewards come in as any reader of Kafka would."""
    total = int(per_second * (WARM_UP_SECONDS + seconds))
    records = list(Backlog(purchases=total, holders=holders, seed=seed, until=utc_now(), name="paced").records())
    producer = AIOKafkaProducer(bootstrap_servers=address, acks="all")  # as a till would have it: each receipt at once, no lingering
    sent: dict[str, float] = {}
    await producer.start()
    try:
        async with listening(address) as arrivals:
            await _send(producer, records, per_second, sent, advance)
            await _settled(arrivals, sent)
            warm = list(sent)[int(per_second * WARM_UP_SECONDS) :]
            return Latency(per_second, sorted(arrivals.at[event] - sent[event] for event in warm if event in arrivals.at))
    except KafkaError as error:
        raise Failure(f"The purchases could not be produced at that pace: {type(error).__name__}") from error
    finally:
        await producer.stop()


async def _send(producer: AIOKafkaProducer, records: Sequence[Record], per_second: int, sent: dict[str, float], advance: Advance) -> None:
    """Send each record when it is due, whether or not those before it were answered."""
    now = asyncio.get_running_loop().time
    began, answers = now(), []
    for place, record in enumerate(records):
        due = began + place / per_second
        if due > now():
            await asyncio.sleep(due - now())
        sent[dict(record.headers)["ce_id"].decode()] = now()
        answers.append(await producer.send(record.topic, key=record.key, value=record.value, headers=list(record.headers)))
        late = now() - due
        if late > MOST_LATE_SECONDS and place > per_second * WARM_UP_SECONDS:
            raise TooSlow(f"the benchmark itself fell {late:.2f} s behind its pace of {per_second:,} purchases a second.")
        if place % per_second == 0:
            advance(place)
    await asyncio.gather(*answers)


async def _settled(arrivals: Arrivals, sent: dict[str, float]) -> None:
    """Wait until nothing more comes in."""
    now = asyncio.get_running_loop().time
    seen, changed_at = -1, now()
    while now() - changed_at < 1.0 and len(arrivals.at.keys() & sent.keys()) < len(sent):
        if len(arrivals.at) != seen:
            seen, changed_at = len(arrivals.at), now()
        if now() - changed_at > PATIENCE_SECONDS:
            break
        await asyncio.sleep(0.1)
