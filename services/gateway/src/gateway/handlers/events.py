"""Events of callers who cannot speak Kafka: each checked against its contract before anything is produced."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from contracts import structured
from contracts.cards import load_cards
from contracts.catalogue import TYPES
from contracts.envelope import Event, encode
from contracts.faults import Fault, Undecodable
from contracts.replies import TakenEvent, TakenEvents
from gateway.clients.broker import Broker
from gateway.metrics import EVENTS
from shared.logs import traceparent
from shared.problems import Problem

#: Only what comes from outside comes in here: the topics whose cards let the gateway write.
TOPICS = frozenset(card.topic for card in load_cards() if "gateway" in card.producers)


@dataclass(frozen=True, slots=True)
class _Bad:
    """Why one of several events is not taken."""

    index: int
    fault: Undecodable

    def told(self) -> dict[str, Any]:
        """Say it to the caller, with the event's id if that can be read."""
        return {"index": self.index, "event_id": self.fault.event_id, "code": self.fault.fault.value, "message": self.fault.reason}


async def take(bodies: Sequence[bytes], *, broker: Broker) -> TakenEvents:
    """Publish events, each given in structured mode, and return when every replica has all of them; where each lies, in their order.

    Raises a Problem: 422 `invalid-events` names every bad one, and then nothing was produced; 503 where the broker did not confirm them in
    time, and then any of them may have been taken. Sending them again is harmless: they keep their ids, and count once.
    """
    events, bad = _read(bodies)
    if bad:
        EVENTS.labels("invalid").inc(len(bodies))
        title = "An event is not as its contract says" if len(bodies) == 1 else f"{len(bad)} of {len(bodies)} events are not as their contracts say"
        raise Problem(422, "invalid-events", title, "Nothing was published.", errors=[each.told() for each in bad])
    try:
        places = await broker.publish([encode(event) for event in events])
    except Problem:
        EVENTS.labels("unconfirmed").inc(len(bodies))
        raise
    EVENTS.labels("taken").inc(len(bodies))
    taken = (
        TakenEvent(id=event.id, source=event.source, topic=place.topic, partition=place.partition, offset=place.offset)
        for event, place in zip(events, places, strict=True)
    )
    return TakenEvents(events=tuple(taken))


def _read(bodies: Sequence[bytes]) -> tuple[list[Event[Any]], list[_Bad]]:
    events, bad = [], []
    for index, body in enumerate(bodies):
        try:
            events.append(_traced(_of_outside(structured.read(body))))
        except Undecodable as fault:
            bad.append(_Bad(index, fault))
    return events, bad


def _of_outside(event: Event[Any]) -> Event[Any]:
    if TYPES[event.type].topic not in TOPICS:
        raise Undecodable(Fault.UNKNOWN_TYPE, f"{event.type} is said by our own services only", event_id=event.id, source=event.source, event_type=event.type)
    return event


def _traced(event: Event[Any]) -> Event[Any]:
    """Let the request's trace go on in an event that has none of its own."""
    return event if event.traceparent is not None else replace(event, traceparent=traceparent.get())
