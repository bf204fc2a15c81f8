"""What publishing promises: everything acknowledged or an error, order per key, and a producer that stays usable."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as theirs
from hypothesis import given
from hypothesis import strategies as st

from contracts.cards import Topic as WantedTopic
from contracts.cards import load_cards
from contracts.envelope import Record
from shared.ids import random_id
from shared.kafka import Producer, UnavailableError, UnpublishedError, create_topics, incarnation_of, read_topic
from shared.kafka.partitions import murmur2, partition_of
from shared.kafka.topics import make_topics
from shared.testing import Broker

NOBODY = "127.0.0.1:9"


@pytest.fixture
async def producer(broker: Broker) -> AsyncIterator[Producer]:
    made = Producer(broker.bootstrap_servers)
    yield made
    await made.close()


async def a_topic(broker: Broker, **config: str) -> str:
    name = f"toy.{random_id().hex}"
    await make_topics(broker.bootstrap_servers, [WantedTopic(name=name, partitions=3, config=config)])
    return name


async def test_records_of_a_key_keep_their_order_even_in_many_requests(broker: Broker, producer: Producer):
    topic = await a_topic(broker)
    sent = [Record(topic, b"key-%d" % (number % 5), b"%05d" % number + b"x" * 20_000, (("h", b"1"),)) for number in range(300)]
    places = await producer.publish(sent)
    received: dict[bytes | None, list[bytes | None]] = defaultdict(list)
    lies = {}
    async for record in read_topic(broker.bootstrap_servers, topic):
        received[record.key].append(record.value)
        lies[record.partition, record.offset] = record.value
        assert record.partition == partition_of(record.key or b"", 3)
    assert [lies[place.partition, place.offset] for place in places] == [record.value for record in sent]
    assert sum(map(len, received.values())) == 300
    assert all(values == sorted(values) for values in received.values())


async def test_records_without_key_or_value_and_odd_headers_arrive_as_they_were(broker: Broker, producer: Producer):
    topic = await a_topic(broker)
    odd = (("", b""), ("none", None), ("bytes", bytes(range(256))))
    await producer.publish([Record(topic, None, b"value", odd), Record(topic, b"\xff\x00", None, ()), Record(topic, None, None, ())])
    received = {(record.key, record.value): record.headers async for record in read_topic(broker.bootstrap_servers, topic)}
    assert received == {(None, b"value"): odd, (b"\xff\x00", None): (), (None, None): ()}


async def test_an_empty_topic_is_read_to_its_end(broker: Broker):
    assert [record async for record in read_topic(broker.bootstrap_servers, await a_topic(broker))] == []


async def test_a_reader_that_follows_hears_what_comes_later(broker: Broker, producer: Producer):
    topic = await a_topic(broker)
    reading = read_topic(broker.bootstrap_servers, topic, follow=True)
    heard = asyncio.ensure_future(anext(reading))
    await producer.publish([Record(topic, b"k", b"later", ())])
    assert (await asyncio.wait_for(heard, 30)).value == b"later"
    await reading.aclose()


async def test_what_the_broker_refuses_is_an_error_and_the_producer_goes_on(broker: Broker, producer: Producer):
    if broker.kind == "tansu":
        pytest.skip("the memory-only broker takes messages of any size")
    topic = await a_topic(broker, **{"max.message.bytes": "10000"})
    with pytest.raises(UnpublishedError, match="MessageSizeTooLarge"):
        await producer.publish([Record(topic, b"k", b"x" * 20_000, ())])
    await producer.publish([Record(topic, b"k", b"small", ())])
    assert [record.value async for record in read_topic(broker.bootstrap_servers, topic)] == [b"small"]


async def test_a_broker_that_is_not_there_is_an_error_in_our_words():
    producer = Producer(NOBODY)
    with pytest.raises(UnpublishedError):
        await producer.publish([Record("t", b"k", b"v", ())])
    await producer.close()
    with pytest.raises(UnavailableError):
        await incarnation_of(NOBODY)
    with pytest.raises(UnavailableError):
        _ = [record async for record in read_topic(NOBODY, "t")]


async def test_topics_are_created_from_their_cards_once(broker: Broker):
    first = await create_topics(broker.bootstrap_servers, load_cards())
    assert set(first) <= {topic.name for card in load_cards() for topic in card.topics()}
    assert await create_topics(broker.bootstrap_servers, load_cards()) == []


async def test_a_broker_says_who_it_is(broker: Broker):
    assert await incarnation_of(broker.bootstrap_servers) == await incarnation_of(broker.bootstrap_servers) != ""


@given(st.binary(max_size=70))
def test_keys_belong_to_the_partitions_that_every_kafka_producer_chooses(key: bytes):
    assert murmur2(key) == theirs(key)
    assert partition_of(key, 12) == DefaultPartitioner()(key, list(range(12)), list(range(12)))
