"""Topic cards: the YAML files that say who owns, says and hears a topic, and that create it."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

#: A dead letter is an original of up to 1 MiB with headers of its own, so its topic takes twice that.
DEAD_LETTER_MAX_BYTES = 2 * 1024 * 1024
DAY_MILLISECONDS = 24 * 60 * 60 * 1000

Service = Literal["accrual", "members", "notifications", "partners", "analytics", "gateway"]
Outsider = Literal["stores", "web", "apps", "tills"]
TopicName = Annotated[str, StringConstraints(pattern=r"^loyalty\.[a-z]+(-[a-z]+)*\.v[1-9][0-9]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Topic(_Strict):
    """A topic as a broker is asked to make it."""

    name: str
    partitions: int
    config: Mapping[str, str]


class DeadLetters(_Strict):
    """How long what could not be handled is kept for repair."""

    retention_days: Annotated[int, Field(ge=1, le=365)] = 30
    partitions: Annotated[int, Field(ge=1, le=12)] = 1


class Card(_Strict):
    """One topic. A field that is not listed here makes the card unreadable."""

    topic: TopicName
    purpose: str
    owner: Service
    producers: tuple[Service | Outsider, ...] = Field(min_length=1)
    consumers: tuple[Service, ...] = ()
    key: str
    events: tuple[str, ...] = Field(min_length=1)
    partitions: Annotated[int, Field(ge=1, le=1000)]
    retention_days: Annotated[int, Field(ge=1)] | None = Field(description="None keeps records for ever.")
    compacted: bool = False
    append_time: bool = Field(description="The broker stamps records with its own clock, because producers' clocks are wrong.")
    max_message_bytes: Annotated[int, Field(ge=1024, le=DEAD_LETTER_MAX_BYTES)] = 1024 * 1024
    dead_letters: DeadLetters = DeadLetters()

    def dead_letter_topic(self, service: str) -> str:
        """Name the topic for what this service could not handle."""
        return f"{self.topic}.{service}.dlq"

    def topics(self) -> tuple[Topic, ...]:
        """List the topics to create: this one, and one of dead letters per consumer."""
        config = {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "retention.ms": _milliseconds(self.retention_days),
            "max.message.bytes": str(self.max_message_bytes),
            "message.timestamp.type": "LogAppendTime" if self.append_time else "CreateTime",
        }
        dead_letter_config = {
            "cleanup.policy": "delete",
            "retention.ms": _milliseconds(self.dead_letters.retention_days),
            "max.message.bytes": str(DEAD_LETTER_MAX_BYTES),
        }
        return (
            Topic(name=self.topic, partitions=self.partitions, config=config),
            *(Topic(name=self.dead_letter_topic(service), partitions=self.dead_letters.partitions, config=dead_letter_config) for service in self.consumers),
        )


def parse_card(text: str) -> Card:
    """Read one card. Raises ValidationError where it says too much, too little, or something unknown."""
    return Card.model_validate(yaml.safe_load(text))


@cache
def load_cards() -> tuple[Card, ...]:
    """Read every card there is, by topic name."""
    return tuple(sorted((parse_card(path.read_text()) for path in cards_folder().glob("*.yaml")), key=lambda card: card.topic))


def cards_folder() -> Path:
    """Find the cards: inside the installed package, or beside the sources of a checkout."""
    installed = Path(__file__).parent / "topics"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "topics"


def _milliseconds(days: int | None) -> str:
    return "-1" if days is None else str(days * DAY_MILLISECONDS)
