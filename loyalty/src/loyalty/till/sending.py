"""Sends what happened at the till: at once where the gateway answers, later where it does not, and never twice."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from contracts.envelope import Event
from loyalty.till.journal import Journal
from loyalty_client import HttpPublisher, InvalidError, NotConfirmedError


class Sent(NamedTuple):
    """What became of the events that waited."""

    confirmed: tuple[Event[Any], ...] = ()
    refused: tuple[tuple[Event[Any], str], ...] = ()  #: with the reason; nobody will ever take them as they are
    waiting: int = 0
    why: str = ""  #: why they wait


async def send(journal: Journal, publisher: HttpPublisher) -> Sent:
    """Send everything that waits, in the order in which it happened; stop where the gateway does not answer."""
    confirmed, refused = list[Event[Any]](), list[tuple[Event[Any], str]]()
    waiting: Sequence[Any] = journal.unsent()
    for place, (number, event) in enumerate(waiting):
        try:
            await publisher.publish(event)
        except NotConfirmedError as error:
            return Sent(tuple(confirmed), tuple(refused), len(waiting) - place, str(error))
        except InvalidError as error:
            refused.append((event, str(error)))
            journal.settle(number, accepted=False)
        else:
            confirmed.append(event)
            journal.settle(number, accepted=True)
    return Sent(tuple(confirmed), tuple(refused))
