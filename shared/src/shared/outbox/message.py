"""A message on its way out: what a row of the outbox holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.envelope import Event, encode


@dataclass(frozen=True, slots=True)
class Message:
    """One message for one topic. Without `headers` it is a CloudEvent in binary mode, its attributes taken from the fields.

    `headers`, where given, are sent as they are and nothing else is (a dead letter keeps the headers it came with).
    """

    topic: str
    key: str | bytes | None
    id: UUID | str
    source: str
    type: str
    time: datetime | None
    value: bytes | None
    traceparent: str | None = None
    headers: tuple[tuple[str, bytes | None], ...] | None = None


def message_of(event: Event[Any]) -> Message:
    """Make the message that carries this event."""
    record = encode(event)
    return Message(
        topic=record.topic,
        key=record.key,
        id=event.id,
        source=event.source,
        type=event.type,
        time=event.time,
        value=record.value,
        traceparent=event.traceparent,
    )
