"""Kafka, as the rest of the house meets it; nobody else speaks aiokafka."""

from shared.kafka.address import Address
from shared.kafka.consumer import Consumer, Consuming
from shared.kafka.errors import UnavailableError, UnpublishedError
from shared.kafka.producer import Place, Producer
from shared.kafka.reading import read_topic
from shared.kafka.topics import create_topics, incarnation_of

__all__ = [
    "Address",
    "Consumer",
    "Consuming",
    "Place",
    "Producer",
    "UnavailableError",
    "UnpublishedError",
    "create_topics",
    "incarnation_of",
    "read_topic",
]
