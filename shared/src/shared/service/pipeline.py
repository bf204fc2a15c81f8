"""The Kafka side of a service: what comes in, and what goes out."""

from contextlib import AsyncExitStack

from shared.kafka import Consumer, Consuming, Producer
from shared.outbox.relay import Relay
from shared.service.health import Health
from shared.service.parts import Parts, Resources
from shared.service.workers import Rank, Workers
from shared.settings import KafkaSettings


def start_consumer(name: str, kafka: KafkaSettings, *, parts: Parts, resources: Resources, workers: Workers, health: Health) -> None:
    """Give every record of the service's topics a verdict, from now on."""
    consumer = Consumer(Consuming(address=kafka, service=name, handlers=parts.handlers, pool=resources.pool, clock=resources.clock, nudge=resources.nudge))
    health.consumer = consumer
    workers.start(Rank.INTAKE, "consumer", consumer.run)


def start_relay(name: str, kafka: KafkaSettings, *, resources: Resources, workers: Workers, closing: AsyncExitStack) -> None:
    """Send what the outbox holds, from now on."""
    producer = Producer(kafka, name=name)
    closing.push_async_callback(producer.close)
    workers.start(Rank.RELAY, "relay", Relay(resources.pool, producer, resources.nudge).run)
