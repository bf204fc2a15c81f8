"""Records that Kafka's own clients choke on are read like others."""

import struct

from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c

from contracts.cards import Topic as WantedTopic
from shared.ids import random_id
from shared.kafka import read_topic
from shared.kafka.topics import make_topics
from shared.testing import Broker

_CRC, _AFTER_CRC = slice(17, 21), slice(21, None)


async def _publish_with_broken_names(broker: Broker, topic: str) -> None:
    """Three records, the second with a header name that is no UTF-8, between good ones of other requests."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, acks="all")
    await producer.start()
    await producer.send_and_wait(topic, b"before")
    batch = producer.create_batch()
    for number, name in enumerate(("good", "nameXX", "good")):
        batch.append(timestamp=None, key=b"k", value=b"%d" % number, headers=[(name, b"value"), ("last", None)])
    raw = bytearray(batch._build())
    place = raw.index(b"nameXX")
    raw[place : place + 6] = b"name\xff\xfe"
    raw[_CRC] = struct.pack(">I", calc_crc32c(bytes(raw[_AFTER_CRC])))
    batch._buffer = bytes(raw)
    await (await producer.send_batch(batch, topic, partition=0))
    await producer.send_and_wait(topic, b"after")
    await producer.stop()


async def test_a_header_name_that_is_no_text_hides_neither_its_record_nor_the_others(broker: Broker):
    topic = f"toy.{random_id().hex}"
    await make_topics(broker.bootstrap_servers, [WantedTopic(name=topic, partitions=1, config={})])
    await _publish_with_broken_names(broker, topic)
    read = [(record.offset, record.value, record.headers) async for record in read_topic(broker.bootstrap_servers, topic)]
    good = (("good", b"value"), ("last", None))
    assert read == [(0, b"before", ()), (1, b"0", good), (2, b"1", (("name\\xff\\xfe", b"value"), ("last", None))), (3, b"2", good), (4, b"after", ())]
