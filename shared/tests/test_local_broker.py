"""A broker for one machine: both kinds keep the same promises, but for memory."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.cards import load_cards
from contracts.envelope import Record
from shared.kafka import Producer, create_topics, incarnation_of, read_topic
from shared.local import BrokerKind, LocalBroker, LocalServerError, apache_kafka, start_broker
from shared.local import broker as module
from shared.local.processes import Served

TOPIC = "loyalty.activities.v1"
KINDS = [
    pytest.param("kafka", marks=pytest.mark.skipif(apache_kafka.missing() is not None, reason=f"Apache Kafka: {apache_kafka.missing()}")),
    "tansu",
]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> BrokerKind:
    chosen: BrokerKind = request.param
    return chosen


@pytest.fixture
def broker(tmp_path: Path, kind: BrokerKind) -> Iterator[LocalBroker]:
    started = start_broker(tmp_path / "broker", kind=kind)
    yield started
    started.remove()
    assert not (tmp_path / "broker").exists()


async def publish(broker: LocalBroker) -> None:
    producer = Producer(broker.bootstrap_servers)
    try:
        await producer.publish([Record(TOPIC, b"key", b"{}", ())])
    finally:
        await producer.close()


async def test_records_survive_a_crash_where_the_broker_keeps_them_and_its_identity_tells(broker: LocalBroker, tmp_path: Path, kind: BrokerKind):
    cards = [card for card in load_cards() if card.topic == TOPIC]
    await create_topics(broker.bootstrap_servers, cards)
    await publish(broker)
    before = await incarnation_of(broker.bootstrap_servers)
    broker.kill()
    again = start_broker(tmp_path / "broker", kind=kind)
    assert again.bootstrap_servers == broker.bootstrap_servers
    if kind == "kafka":
        assert len([record async for record in read_topic(again.bootstrap_servers, TOPIC)]) == 1
        assert await incarnation_of(again.bootstrap_servers) == before
    else:
        assert await incarnation_of(again.bootstrap_servers) != before
    again.stop()


async def test_a_broker_that_runs_is_found_again(broker: LocalBroker, tmp_path: Path):
    assert start_broker(tmp_path / "broker").served == broker.served


def test_a_machine_without_java_gets_the_small_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert apache_kafka.missing() == "no Java 17 or newer"
    broker = start_broker(tmp_path / "broker")
    assert broker.kind == "tansu"
    broker.remove()
    with pytest.raises(LocalServerError, match="no Java 17"):
        start_broker(tmp_path / "broker", kind="kafka")


def test_a_number_given_to_another_process_is_not_believed(tmp_path: Path):
    (tmp_path / "broker").mkdir()
    Served(pid=os.getpid(), created=1.0, ports=(1, 2), kind="tansu").save(tmp_path / "broker")
    broker = start_broker(tmp_path / "broker", kind="tansu")
    assert broker.served.pid != os.getpid()
    broker.remove()


def test_a_server_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_tansu", lambda _: ["/bin/sh", "-c", "echo last words; exit 3"])
    with pytest.raises(LocalServerError, match=r"(?s)stopped while starting.*last words"):
        start_broker(tmp_path / "broker", kind="tansu")
