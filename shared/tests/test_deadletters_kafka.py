"""The whole way round, through a real broker: a bad deploy stops a partition, it is mended and resumed, and what died is redriven and counts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from contracts.cards import Topic as WantedTopic
from contracts.envelope import Record
from shared.batches import offsets, standing
from shared.batches.breaker import MOST_IN_A_ROW
from shared.deadletters import dead_letter_topic, redriven, repair
from shared.deadletters.repair import MOST_AT_ONCE, Done, Order
from shared.deadletters.table import Which
from shared.ids import random_id
from shared.kafka import Consumer, Consuming, Producer, read_topic
from shared.kafka.topics import make_topics
from shared.outbox.relay import Relay
from shared.testing import Broker, NewDatabase, eventually

from .toy_service import MIGRATIONS, Toy, an_event, cancelled, holder


class Town:
    """A toy whose consumer and relay work on a topic of its own."""

    def __init__(self, toy: Toy, broker: Broker, producer: Producer, topic: str) -> None:
        self.toy, self.producer, self.topic, self.address = toy, producer, topic, broker.bootstrap_servers
        self.nudge = asyncio.Event()
        handlers = {topic: toy.handler}
        given = Consuming(address=self.address, service="toy", handlers=handlers, pool=toy.pool, clock=toy.clock, nudge=self.nudge)
        self.tasks = [asyncio.create_task(work(asyncio.Event())) for work in (Consumer(given).run, Relay(toy.pool, producer, self.nudge).run)]

    async def publish(self, numbers: range, *, kind: str = "survey") -> None:
        await self.producer.publish([an_event(str(number), kind=kind, topic=self.topic) for number in numbers])

    async def counts(self) -> dict[str, int]:
        rows = await self.toy.pool.fetch("select granted, duplicate, dead_lettered from consumer_offset")
        return {name: sum(row[name] for row in rows) for name in ("granted", "duplicate", "dead_lettered")}

    async def stopped(self) -> int:
        async with self.toy.pool.acquire() as connection:
            return len(await standing.stopped(connection, topic=self.topic, partition=None))

    async def redrive(self) -> Done:
        async with self.toy.pool.acquire() as connection, connection.transaction():
            order = Order(which=Which(), limit=MOST_AT_ONCE, by="ana", dry_run=False)
            done = await repair.redrive(connection, order, now=self.toy.clock())
        self.nudge.set()
        return done


@pytest.fixture
async def town(broker: Broker, database: NewDatabase) -> AsyncIterator[Town]:
    topic = f"toy.{random_id().hex[:12]}"
    wanted = [WantedTopic(name=name, partitions=1, config={}) for name in (topic, dead_letter_topic(topic, "toy"), "toy-rewards")]
    await make_topics(broker.bootstrap_servers, wanted)
    producer = Producer(broker.bootstrap_servers)
    town = Town(Toy((await database(MIGRATIONS)).pool), broker, producer, topic)
    yield town
    for task in town.tasks:
        await cancelled(task)
    await producer.close()


async def test_a_bad_deploy_stops_is_mended_resumed_and_redriven_and_every_event_counts_once(town: Town):
    await town.publish(range(MOST_IN_A_ROW + 10), kind="crash")
    await eventually(lambda: _is(town.stopped, 1))
    assert await town.counts() == {"granted": 0, "duplicate": 0, "dead_lettered": MOST_IN_A_ROW - 1}

    assert (await town.redrive()).count == MOST_IN_A_ROW - 1  # too early: they queue behind what stands still, and wait
    town.toy.handler.mended = True
    async with town.toy.pool.acquire() as connection:
        assert await offsets.resume(connection, now=town.toy.clock()) == 1
    await eventually(lambda: _is(town.toy.points, {holder(1): MOST_IN_A_ROW + 10}))
    assert (await town.redrive()).count == 0

    letters = [letter async for letter in read_topic(town.address, dead_letter_topic(town.topic, "toy"))]
    assert len(letters) == MOST_IN_A_ROW - 1  # outside readers have them all, and may redrive them, too
    await town.producer.publish([redriven(letter) for letter in letters])
    await eventually(lambda: _is(town.counts, {"granted": MOST_IN_A_ROW + 10, "duplicate": MOST_IN_A_ROW - 1, "dead_lettered": MOST_IN_A_ROW - 1}))
    assert await town.toy.points() == {holder(1): MOST_IN_A_ROW + 10}
    assert await town.toy.pool.fetchval("select count(*) from dead_letter where state = 'settled'") == MOST_IN_A_ROW - 1


async def test_a_nearly_too_large_record_comes_back_through_the_broker(town: Town):
    raw = an_event("large", kind="poison", topic=town.topic)
    large = Record(town.topic, raw.key, b"x" * 999_000, raw.headers)
    await town.producer.publish([large])
    await eventually(lambda: _is(town.counts, {"granted": 0, "duplicate": 0, "dead_lettered": 1}))
    assert (await town.redrive()).count == 1
    await eventually(lambda: _is(town.counts, {"granted": 0, "duplicate": 0, "dead_lettered": 2}))
    await town.producer.publish([an_event("large", topic=town.topic)])
    await eventually(lambda: _is(town.toy.points, {holder(1): 1}))


async def _is(ask: Callable[[], Awaitable[object]], wanted: object) -> bool:
    return await ask() == wanted
