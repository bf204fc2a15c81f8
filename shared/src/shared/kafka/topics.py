"""Topics: make those that the cards ask for, and tell which broker this is."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from contracts.cards import Card, Topic
from shared.kafka.address import Address, client_arguments
from shared.kafka.errors import UnavailableError


async def create_topics(address: Address, cards: Iterable[Card], *, replicas: int = 1) -> list[str]:
    """Create what the cards ask for, dead letters included, and return what was missing. Topics that exist stay as they are."""
    return await make_topics(address, [topic for card in cards for topic in card.topics()], replicas=replicas)


async def make_topics(address: Address, topics: Sequence[Topic], *, replicas: int = 1) -> list[str]:
    """Create these topics where they are missing, and return those."""
    wanted = [NewTopic(topic.name, topic.partitions, replicas, topic_configs=dict(topic.config)) for topic in topics]
    async with _admin(address) as admin:
        answer = await admin.create_topics(wanted)
    created = []
    for name, code, *message in answer.topic_errors:
        if code == 0:
            created.append(name)
        elif for_code(code) is not TopicAlreadyExistsError:
            raise UnavailableError(f"the topic {name} could not be created: {for_code(code).__name__} {message}")
    return created


async def incarnation_of(address: Address) -> str:
    """Tell which broker this is: its cluster id, which no other broker has and a memory-only one is given anew at each start."""
    async with _admin(address) as admin:
        cluster = await admin.describe_cluster()
    incarnation: str = cluster["cluster_id"]
    return incarnation


@asynccontextmanager
async def _admin(address: Address) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**client_arguments(address))
    try:
        await admin.start()
        yield admin
    except KafkaError as error:
        raise UnavailableError(f"{type(error).__name__}: {error}") from error
    finally:
        await admin.close()
