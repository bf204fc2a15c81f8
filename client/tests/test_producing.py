"""Publishing to a real broker: confirmed means there, retried means once more and never out of order."""

import asyncio
from collections import defaultdict
from pathlib import Path

import pytest
import pytest_asyncio

from contracts.cards import load_cards
from contracts.envelope import Record, decode
from contracts.purchases import Line
from loyalty_client import KafkaPublisher, NotConfirmedError
from shared.ids import random_id
from shared.kafka import create_topics, read_topic
from shared.kafka.partitions import partition_of
from shared.local import start_broker
from shared.testing import Broker

from .builders import CARD, a_purchase

PURCHASES = "loyalty.purchases.v1"
MANY = 3_000


@pytest_asyncio.fixture(scope="session")
async def topics(broker: Broker) -> str:
    await create_topics(broker.bootstrap_servers, load_cards())
    return broker.bootstrap_servers


async def ids_on(address: str) -> dict[str, list[str]]:
    """Event ids by holder, in the order in which they lie."""
    found = defaultdict(list)
    async for record in read_topic(address, PURCHASES):
        event = decode(Record(PURCHASES, record.key, record.value, record.headers))
        found[event.data.holder or ""].append(event.id)
    return found


def somebody() -> str:
    return f"v:{random_id().hex}"


async def test_what_is_confirmed_lies_where_it_is_said(topics: str):
    holder = somebody()
    events = [a_purchase(number, holder=holder) for number in range(30)]
    async with KafkaPublisher(topics) as publisher:
        confirmed = await publisher.publish(*events)
        assert await publisher.publish() == ()
    assert [each.event_id for each in confirmed] == [event.id for event in events]
    assert {each.partition for each in confirmed} == {partition_of(holder.encode(), 12)}
    assert [each.offset for each in confirmed] == sorted(each.offset for each in confirmed)
    lies = {(record.partition, record.offset): dict(record.headers)["ce_id"].decode() async for record in read_topic(topics, PURCHASES)}
    assert [lies[each.partition, each.offset] for each in confirmed] == [event.id for event in events]


async def test_events_of_a_holder_stay_in_order_however_many_publish_at_once(topics: str):
    holders = [somebody() for _ in range(5)]
    async with KafkaPublisher(topics) as publisher:
        await asyncio.gather(*(publisher.publish(a_purchase(number, holder=holders[number % 5])) for number in range(1_000)))
    lies = await ids_on(topics)
    for number, holder in enumerate(holders):
        assert lies[holder] == [a_purchase(each).id for each in range(number, 1_000, 5)]


async def test_a_broker_that_is_killed_and_comes_back_loses_nothing_and_changes_no_order(tmp_path: Path, broker: Broker):
    if broker.kind != "kafka":
        pytest.skip("needs a broker that keeps what it was given")
    own = start_broker(tmp_path / "broker", kind="kafka")
    try:
        await create_topics(own.bootstrap_servers, load_cards())
        holder = somebody()
        async with KafkaPublisher(own.bootstrap_servers, patience_seconds=120) as publisher:
            await publisher.publish(a_purchase(0, holder=holder))
            publishing = [asyncio.create_task(publisher.publish(a_purchase(number, holder=holder))) for number in range(1, MANY)]
            await asyncio.wait(publishing, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.to_thread(own.kill)
            late = asyncio.create_task(publisher.publish(a_purchase(MANY, holder=holder)))
            own = await asyncio.to_thread(start_broker, tmp_path / "broker", kind="kafka", die_with_parent=False)
            await asyncio.gather(*publishing, late)
        found = (await ids_on(own.bootstrap_servers))[holder]
    finally:
        own.remove()
    firsts = list(dict.fromkeys(found))
    assert firsts == [a_purchase(number).id for number in range(MANY + 1)]


async def test_patience_ends_with_the_events_that_are_not_confirmed(unused_tcp_address: str):
    events = [a_purchase(number) for number in range(2)]
    async with KafkaPublisher(unused_tcp_address, patience_seconds=0.5) as publisher:
        with pytest.raises(NotConfirmedError) as given_up:
            await publisher.publish(*events)
        assert given_up.value.events == tuple(events)
        assert given_up.value.confirmed == ()


async def test_what_no_topic_can_take_is_refused_before_anything_is_sent(unused_tcp_address: str):
    lines = tuple(Line(line_id=str(number), sku="x", name="n" * 500, paid_amount=1, labels=("l" * 190,) * 20) for number in range(1_000))
    async with KafkaPublisher(unused_tcp_address) as publisher:
        with pytest.raises(ValueError, match="at most 900000"):
            await publisher.publish(a_purchase(1), a_purchase(2, lines=lines))


async def test_one_that_is_not_open_says_how_it_is_opened():
    with pytest.raises(RuntimeError, match="async with"):
        await KafkaPublisher("127.0.0.1:1").publish(a_purchase(1, holder=CARD))


@pytest.fixture
def unused_tcp_address(unused_tcp_port: int) -> str:
    return f"127.0.0.1:{unused_tcp_port}"
