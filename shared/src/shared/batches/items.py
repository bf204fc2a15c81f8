"""The records of a batch, each decoded alone: an event, or the fault why it is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contracts.envelope import Event, Undecodable, decode
from shared.batches.records import Fetched
from shared.deadletters import INTERNAL_ERROR, Failure, origin
from shared.ids import event_key


@dataclass(frozen=True, slots=True)
class Item:
    """One record of a batch: its key in the inbox, and its event, or why it has none."""

    record: Fetched
    key: bytes
    event: Event[Any] | None
    failure: Failure | None


def read(records: Sequence[Fetched]) -> list[Item]:
    """Decode each record alone. Nothing that a record holds can stop the others."""
    items = []
    for record in records:
        try:
            event = decode(record)
            items.append(Item(record, event_key(event.source, event.id), event, None))
        except Undecodable as found:
            items.append(_unreadable(record, Failure(found.fault, found.reason, found.event_id, found.source, found.type)))
        except Exception as error:  # noqa: BLE001  a record that breaks its reader is a bad record, and no more than that
            items.append(_unreadable(record, Failure(INTERNAL_ERROR, type(error).__name__)))
    return items


def _unreadable(record: Fetched, failure: Failure) -> Item:
    """Key a record that is no event by its id if that can be read, else by where it was first met."""
    if failure.event_id and failure.source:
        return Item(record, event_key(failure.source, failure.event_id), None, failure)
    return Item(record, place_key(record), None, failure)


def place_key(record: Fetched) -> bytes:
    """Return the key of a record that has no readable id: where it was first met."""
    place = origin(record)
    return event_key(place.topic, f"{place.partition}:{place.offset}")
