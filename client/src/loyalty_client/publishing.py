"""What publishing promises, whichever way the events go."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from contracts.envelope import Event


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Every replica of the broker has the event, and it lies here. What becomes of it, its verdict will say."""

    source: str
    event_id: str
    topic: str
    partition: int
    offset: int


class NotConfirmedError(Exception):
    """Some events were not confirmed in time: they may be lost, or may have arrived.

    Publish `events` again, as they are, as often as it takes: they keep their ids, and each counts once.
    """

    def __init__(self, reason: str, *, events: Sequence[Event[Any]], confirmed: Sequence[Confirmation]) -> None:
        super().__init__(f"{len(events)} events were not confirmed: {reason}")
        self.events = tuple(events)
        self.confirmed = tuple(confirmed)


class Publisher(Protocol):
    """Sends events. By Kafka or by HTTP, the promise is the same."""

    async def publish(self, *events: Event[Any]) -> tuple[Confirmation, ...]:
        """Return when all events are confirmed, in their order. Raises NotConfirmedError when patience has ended.

        Events of one holder are taken in the order in which they are published here.
        """
        ...
