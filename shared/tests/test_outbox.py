"""What the outbox promises: what was said with a commit reaches Kafka, in order per key, at least once, under the same id."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from contracts.activities import ActivityRecorded
from contracts.bodies import MAX_BODY_BYTES
from contracts.cards import Topic as WantedTopic
from contracts.envelope import Event, Record, decode
from shared.ids import random_id
from shared.kafka import Producer, UnpublishedError, read_topic
from shared.kafka.topics import make_topics
from shared.outbox import Message, enqueue, message_of
from shared.outbox.relay import Relay
from shared.outbox.table import SHARDS, MessageTooLargeError, lead, pack, shard_of, take, unpack
from shared.testing import Broker, NewDatabase, eventually

from .toy_service import NOON, cancelled, holder


@dataclass
class Post:
    """A publisher that keeps what it is given, and fails when it is told to."""

    sent: list[Record] = field(default_factory=list)
    failures: int = 0
    refused: str = ""
    hold: asyncio.Event | None = None

    async def publish(self, records: Sequence[Record]) -> None:
        if self.failures:
            self.failures -= 1
            raise UnpublishedError("told to")
        if any(dict(record.headers)["ce_id"].decode() == self.refused for record in records):
            raise UnpublishedError("refused")
        self.sent += records
        if self.hold is not None:
            await self.hold.wait()

    @property
    def ids(self) -> list[str]:
        return [dict(record.headers)["ce_id"].decode() for record in self.sent]


@pytest.fixture
async def pool(database: NewDatabase) -> asyncpg.Pool:
    return (await database()).pool


def a_message(number: int, *, key: str = "k", topic: str = "toy", **changes: Any) -> Message:
    return Message(**{"topic": topic, "key": key, "id": str(number), "source": "urn:test", "type": "toy", "time": NOON, "value": b"{}", **changes})


@pytest.fixture
async def relay(pool: asyncpg.Pool) -> AsyncIterator[tuple[Relay, Post]]:
    post = Post()
    working = Relay(pool, post, asyncio.Event())
    stop = asyncio.Event()
    task = asyncio.create_task(working.run(stop))
    yield working, post
    stop.set()
    await cancelled(task)


async def _say(pool: asyncpg.Pool, *messages: Message) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await enqueue(connection, messages)


async def test_what_is_committed_is_sent_and_what_is_rolled_back_is_not(pool: asyncpg.Pool, relay: tuple[Relay, Post]):
    working, post = relay
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await enqueue(connection, [a_message(0)])
        await transaction.rollback()
    await _say(pool, a_message(1), a_message(2))
    working.nudge.set()
    await eventually(lambda: post.ids == ["1", "2"])
    await eventually(lambda: pool.fetchval("select count(*) = 0 from outbox"))


async def test_messages_of_one_key_keep_the_order_of_their_commits(pool: asyncpg.Pool, relay: tuple[Relay, Post]):
    _, post = relay
    for start in range(0, 600, 100):
        await _say(pool, *(a_message(number, key=str(number % 7)) for number in range(start, start + 100)))
    await eventually(lambda: len(post.ids) == 600)
    for key in range(7):
        assert [number for number in map(int, post.ids) if number % 7 == key] == list(range(key, 600, 7))


async def test_a_row_that_commits_late_under_a_low_sequence_is_sent(pool: asyncpg.Pool, relay: tuple[Relay, Post]):
    _, post = relay
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await enqueue(connection, [a_message(0)])
        await _say(pool, *(a_message(number) for number in range(1, 2000)))
        await eventually(lambda: len(post.ids) == 1999)
        await transaction.commit()
    await eventually(lambda: post.ids[-1] == "0")


async def test_what_kafka_did_not_take_stays_and_goes_out_later(pool: asyncpg.Pool, relay: tuple[Relay, Post]):
    _, post = relay
    post.failures = 2
    await _say(pool, a_message(1), a_message(2))
    await eventually(lambda: post.ids == ["1", "2"])


async def test_a_relay_killed_between_acknowledgement_and_commit_repeats_the_same_ids(pool: asyncpg.Pool):
    post = Post(hold=asyncio.Event())
    dying = asyncio.create_task(Relay(pool, post, asyncio.Event()).run(asyncio.Event()))
    await _say(pool, a_message(1), a_message(2))
    await eventually(lambda: post.ids == ["1", "2"])
    await cancelled(dying)
    assert await pool.fetchval("select count(*) from outbox") == 2
    post.hold = None
    heir = asyncio.create_task(Relay(pool, post, asyncio.Event()).run(asyncio.Event()))
    await eventually(lambda: post.ids == ["1", "2", "1", "2"])
    await cancelled(heir)


async def test_a_shard_has_one_relay_at_a_time(pool: asyncpg.Pool):
    await _say(pool, a_message(1))
    shard = shard_of(b"k")
    async with pool.acquire() as one, pool.acquire() as two, one.transaction():
        assert await lead(one, [shard]) == [shard]
        async with two.transaction():
            assert sorted(await lead(two, range(SHARDS))) == [other for other in range(SHARDS) if other != shard]
        assert [row["id"] for row in await take(one, [shard], limit=10, limit_bytes=1000)] == ["1"]
        assert await one.fetchval("show idle_in_transaction_session_timeout") == "30s"
    assert await pool.fetchval("show idle_in_transaction_session_timeout") == "5s"


async def test_a_shard_is_taken_in_pieces_by_number_and_size_and_always_moves(pool: asyncpg.Pool):
    await _say(pool, *(a_message(number, value=b"x" * 100_000) for number in range(10)))
    async with pool.acquire() as connection, connection.transaction():
        assert len(await take(connection, [shard_of(b"k")], limit=3, limit_bytes=10**9)) == 3
        assert len(await take(connection, [shard_of(b"k")], limit=100, limit_bytes=250_000)) == 3
        assert len(await take(connection, [shard_of(b"k")], limit=100, limit_bytes=1)) == 1


async def test_a_message_that_kafka_never_takes_blocks_its_own_shard_only(pool: asyncpg.Pool, relay: tuple[Relay, Post]):
    working, post = relay
    post.refused = "bad"
    await _say(pool, a_message(1, key="k", id="bad"), *(a_message(number, key=str(number)) for number in range(100)))
    blocked = shard_of(b"k")
    others = sorted(number for number in range(100) if shard_of(str(number).encode()) != blocked)
    await eventually(lambda: sorted(map(int, post.ids)) == others)
    await _say(pool, a_message(200, key=str(others[0])))
    await eventually(lambda: "200" in post.ids)
    post.refused = ""
    working.nudge.set()
    await eventually(lambda: len(post.ids) == 102)


async def test_a_relay_told_to_stop_sends_what_is_there(pool: asyncpg.Pool):
    post, stop = Post(), asyncio.Event()
    await _say(pool, *(a_message(number, key=str(number)) for number in range(5000)))
    stop.set()
    await Relay(pool, post, asyncio.Event()).run(stop)
    assert sorted(map(int, post.ids)) == list(range(5000))


async def test_a_message_that_nobody_would_read_is_refused_before_it_blocks_its_shard(pool: asyncpg.Pool):
    with pytest.raises(MessageTooLargeError):
        await _say(pool, a_message(1, value=b"x" * (MAX_BODY_BYTES + 1)))
    await _say(pool, a_message(1, value=b"x" * (MAX_BODY_BYTES + 1), headers=(("why", b"a dead letter may"),)))


async def test_an_event_survives_the_way_through_outbox_and_kafka(pool: asyncpg.Pool, broker: Broker):
    topic = f"toy.{random_id().hex}"
    await make_topics(broker.bootstrap_servers, [WantedTopic(name=topic, partitions=2, config={})])
    data = ActivityRecorded(programme="demo", activity_id="a", kind="survey", holder=holder(1), occurred_at=NOON)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    event = Event(str(UUID(int=7)), "urn:test", data.type, NOON.replace(microsecond=250), data, trace)
    message = message_of(event)
    producer, stop = Producer(broker.bootstrap_servers), asyncio.Event()
    relay = Relay(pool, producer, asyncio.Event())
    relaying = asyncio.create_task(relay.run(stop))
    await _say(pool, *(Message(topic, message.key, message.id, message.source, message.type, message.time, message.value, trace) for _ in range(2)))
    stop.set()
    await relaying
    await producer.close()
    received = [decode(record) async for record in read_topic(broker.bootstrap_servers, topic)]
    assert received == [event, event]


def test_any_header_survives_the_outbox():
    headers = [("plain", b"text"), ("none", None), ("bytes", bytes(range(256))), ("", b""), ("unicode ✓\x00", b"\x00")]
    assert unpack(pack(headers)) == headers
