"""Events in structured mode, outside Kafka: as HTTP and files carry them, one JSON object each."""

from typing import Any

import orjson

from contracts.catalogue import TYPES
from contracts.envelope import NOWHERE, Event, Record, decode, rfc3339
from contracts.faults import Fault, Undecodable

CONTENT_TYPE = "application/cloudevents+json"
BATCH_CONTENT_TYPE = "application/cloudevents-batch+json"

_HEADERS = (("content-type", CONTENT_TYPE.encode()),)


def read(body: bytes) -> Event[Any]:
    """Read an event that somebody hands in to be published. Raises Undecodable, and nothing else, whatever the body holds.

    It is held to its contract as a writer is: a field that nobody knows is a fault, too, for it would be lost without a word.
    """
    event = decode(Record(topic=NOWHERE, key=None, value=body, headers=_HEADERS))
    unknown = _unknown_fields(orjson.loads(body)["data"], event.data.model_dump(mode="json"))
    if unknown:
        reason = f"data.{unknown[0]} is no field of {event.type}"
        raise Undecodable(Fault.WRONG_SCHEMA, reason, event_id=event.id, source=event.source, event_type=event.type)
    return event


def write(event: Event[Any]) -> bytes:
    """Write an event as one JSON object. `read` gives the same event back."""
    envelope: dict[str, Any] = {"specversion": "1.0", "id": event.id, "source": event.source, "type": event.type}
    if event.time is not None:
        envelope["time"] = rfc3339(event.time)
    if event.traceparent is not None:
        envelope["traceparent"] = event.traceparent
    return orjson.dumps({**envelope, "datacontenttype": "application/json", "data": orjson.Fragment(TYPES[event.type].adapter.dump_json(event.data))})


def _unknown_fields(given: Any, understood: Any, path: str = "") -> list[str]:
    """List the fields that were given and are not among those understood."""
    if isinstance(given, dict) and isinstance(understood, dict):
        here = [f"{path}{name}" for name in given if name not in understood]
        return here + [field for name in given if name in understood for field in _unknown_fields(given[name], understood[name], f"{path}{name}.")]
    if isinstance(given, list) and isinstance(understood, list):
        return [field for number, (one, other) in enumerate(zip(given, understood, strict=False)) for field in _unknown_fields(one, other, f"{path}{number}.")]
    return []
