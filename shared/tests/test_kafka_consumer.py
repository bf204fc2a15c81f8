"""From a real broker to verdicts: groups, rebalances, crashes, and what Kafka believes about offsets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from prometheus_client import REGISTRY

from contracts.cards import Topic as WantedTopic
from shared.batches.breaker import REASONS, TOO_MANY_IN_A_ROW
from shared.clock import Clock
from shared.ids import random_id
from shared.kafka import Consumer, Consuming, Producer, watch
from shared.kafka.topics import make_topics
from shared.testing import Broker, Database, NewDatabase, SettableClock, eventually

from .toy_service import MIGRATIONS, Toy, ToyHandler, an_event, cancelled, holder

PARTITIONS = 3


@dataclass
class Town:
    """A topic of its own on the session's broker, and processes that consume it."""

    broker: Broker
    topic: str
    service: str
    database: Database
    producer: Producer
    handler: ToyHandler = field(default_factory=ToyHandler)
    clock: Clock = field(default_factory=SettableClock)
    running: dict[Consumer, tuple[asyncio.Task[None], asyncio.Event]] = field(default_factory=dict)

    @property
    def toy(self) -> Toy:
        return Toy(self.database.pool)

    def process(self) -> Consumer:
        """Start one more consumer of the service."""
        given = Consuming(
            address=self.broker.bootstrap_servers,
            service=self.service,
            handlers={self.topic: self.handler},
            pool=self.database.pool,
            clock=self.clock,
            nudge=asyncio.Event(),
        )
        consumer, stop = Consumer(given), asyncio.Event()
        self.running[consumer] = asyncio.create_task(consumer.run(stop)), stop
        return consumer

    async def stop(self, consumer: Consumer) -> None:
        task, stop = self.running.pop(consumer)
        stop.set()
        await asyncio.wait_for(task, 10)

    async def kill(self, consumer: Consumer) -> None:
        await cancelled(self.running.pop(consumer)[0])

    async def publish(self, numbers: range) -> None:
        await self.producer.publish([an_event(str(number), who=number, topic=self.topic) for number in numbers])

    async def counted(self) -> dict[str, int]:
        row = await self.database.pool.fetchrow(
            "select coalesce(sum(next), 0) as read, coalesce(sum(granted), 0) as granted, coalesce(sum(duplicate), 0) as duplicate from consumer_offset"
        )
        return {name: int(value) for name, value in row.items() if value}


@pytest.fixture
async def town(broker: Broker, database: NewDatabase) -> AsyncIterator[Town]:
    name = random_id().hex[:12]
    topic = f"toy.{name}"
    await make_topics(broker.bootstrap_servers, [WantedTopic(name=topic, partitions=PARTITIONS, config={})])
    producer = Producer(broker.bootstrap_servers)
    town = Town(broker, topic, f"toy-{name}", await database(MIGRATIONS), producer)
    yield town
    for consumer in list(town.running):
        await town.kill(consumer)
    await producer.close()


async def test_what_is_published_gets_a_verdict_and_a_restart_goes_on_where_it_ended(town: Town):
    await town.publish(range(50))
    first = town.process()
    await eventually(lambda: first.polling, 30)
    await eventually(lambda: _counts(town, {"read": 50, "granted": 50}), 30)
    await town.stop(first)
    assert not first.polling
    await town.publish(range(40, 70))
    town.process()
    await eventually(lambda: _counts(town, {"read": 80, "granted": 70, "duplicate": 10}), 30)
    assert await town.toy.points() == {holder(number): 1 for number in range(70)}


async def _counts(town: Town, expected: dict[str, int]) -> bool:
    assert await town.counted() == expected
    return True


async def test_processes_share_the_partitions_and_one_takes_over_from_the_other(town: Town):
    first, second = town.process(), town.process()
    await eventually(lambda: first.owned and second.owned and first.owned + second.owned == PARTITIONS, 60)
    await town.publish(range(100))
    await eventually(lambda: _counts(town, {"read": 100, "granted": 100}), 30)
    await town.stop(first)
    await town.publish(range(100, 200))
    await eventually(lambda: _counts(town, {"read": 200, "granted": 200}), 60)


async def test_kafkas_own_idea_of_the_offset_is_not_believed(town: Town):
    await town.publish(range(30))
    liar = AIOKafkaConsumer(bootstrap_servers=town.broker.bootstrap_servers, group_id=f"{town.service}.events", enable_auto_commit=False)
    await liar.start()
    liar.assign([TopicPartition(town.topic, partition) for partition in range(PARTITIONS)])
    await liar.commit({TopicPartition(town.topic, partition): 7 for partition in range(PARTITIONS)})
    await liar.stop()
    town.process()
    await eventually(lambda: _counts(town, {"read": 30, "granted": 30}), 30)


async def test_a_batch_in_hand_when_its_process_dies_counts_once(town: Town):
    reached = asyncio.Event()

    async def hang(_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    town.handler.before_decide = hang
    await town.publish(range(30))
    dying = town.process()
    await asyncio.wait_for(reached.wait(), 30)
    await town.kill(dying)
    town.handler.before_decide = None
    town.process()
    await eventually(lambda: _counts(town, {"read": 30, "granted": 30}), 60)
    assert sum((await town.toy.points()).values()) == 30


async def test_a_database_that_went_away_and_came_back_is_waited_for(town: Town):
    consumer = town.process()
    await town.publish(range(10))
    await eventually(lambda: _counts(town, {"read": 10, "granted": 10}), 30)
    failures = 5

    async def cut(connection: asyncpg.Connection) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            await connection.execute("select pg_terminate_backend(pg_backend_pid())")

    town.handler.before_decide = cut
    await town.publish(range(10, 40))
    await eventually(lambda: _counts(town, {"read": 40, "granted": 40}), 30)
    assert failures == 0
    assert not consumer.stalled


async def test_what_a_process_should_not_survive_ends_it(town: Town):
    def no_clock() -> datetime:
        raise RuntimeError("no clock")

    town.clock = no_clock
    consumer = town.process()
    await town.publish(range(3))
    with pytest.raises(RuntimeError, match="no clock"):
        await asyncio.wait_for(town.running.pop(consumer)[0], 30)


async def test_how_far_behind_it_is_can_be_seen_here_and_in_kafka(town: Town):
    go_on = asyncio.Event()

    async def hang(_: object) -> None:
        await go_on.wait()

    def behind() -> list[float | None]:
        return [REGISTRY.get_sample_value("loyalty_consumer_lag_records", {"topic": town.topic, "partition": str(number)}) for number in range(PARTITIONS)]

    town.handler.before_decide = hang
    consumer = town.process()
    await town.publish(range(30))
    await eventually(lambda: sum(each or 0 for each in behind()) == 30, 60)
    assert not consumer.stalled
    go_on.set()
    await eventually(lambda: behind() == [0] * PARTITIONS, 30)
    asking = AIOKafkaAdminClient(bootstrap_servers=town.broker.bootstrap_servers)
    await asking.start()

    async def hinted() -> int:
        return sum(found.offset for found in (await asking.list_consumer_group_offsets(f"{town.service}.events")).values())

    await eventually(lambda: _is(hinted(), 30), 30)
    await asking.close()


async def test_one_partition_that_stands_still_is_a_reason_to_restart_however_busy_the_others_are(town: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(watch, "STALLED_SECONDS", 2.5)  # more than the second between two looks
    consumer = town.process()
    await town.publish(range(30))
    await eventually(lambda: _counts(town, {"read": 30, "granted": 30}), 60)
    assert _gauges(town, "consumer_partitions") == [PARTITIONS]
    await eventually(lambda: _gauges(town, "topic_partitions") == [PARTITIONS])
    assert [_gauges(town, "consumer_paused", partition="0", reason=reason) for reason in REASONS] == [[0]] * len(REASONS)
    blocker = await asyncpg.connect(town.database.url)
    async with blocker.transaction():
        await blocker.execute("select from consumer_offset where partition = 0 for update")
        await town.publish(range(30, 60))
        await eventually(lambda: [*map(bool, _gauges(town, "consumer_lag_records"))].count(True) == 1)
        await eventually(lambda: consumer.stalled)
    await eventually(lambda: not consumer.stalled)
    await blocker.close()


async def test_a_broker_that_does_not_answer_is_seen(town: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(watch, "_ENDS_EVERY_SECONDS", 0.0)
    town.process()
    await eventually(lambda: _gauges(town, "topic_partitions") == [PARTITIONS])
    monkeypatch.setattr(watch, "_ANSWER_SECONDS", 0.0)
    await eventually(lambda: _gauges(town, "topic_partitions") == [0])


async def test_a_partition_that_its_breaker_stopped_is_no_reason_to_restart(town: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(watch, "STALLED_SECONDS", 2.5)  # more than the second between two looks
    consumer = town.process()
    await town.producer.publish([an_event(f"p{number}", kind="poison", topic=town.topic) for number in range(60)])
    await eventually(lambda: 1 in _gauges(town, "consumer_paused", reason=TOO_MANY_IN_A_ROW))
    await eventually(lambda: max(_gauges(town, "consumer_lag_seconds"), default=0) > 3)
    assert not consumer.stalled
    assert sum(_gauges(town, "consumer_lag_records")) > 0


def _gauges(town: Town, name: str, **labels: str) -> list[float]:
    wanted = {"topic": town.topic, **labels}
    samples = [sample for metric in REGISTRY.collect() if metric.name == f"loyalty_{name}" for sample in metric.samples]
    return [sample.value for sample in samples if wanted.items() <= sample.labels.items()]


async def _is(answer: Awaitable[int], expected: int) -> bool:
    return await answer == expected
