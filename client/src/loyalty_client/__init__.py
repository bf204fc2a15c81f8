"""What a store's software needs to take part: build events, hash identifiers, publish until it is confirmed, and ask.

The events themselves are the models of `contracts.purchases`, `contracts.activities` and `contracts.registrations`.
"""

from loyalty_client.asking import Gateway, UndecidedError
from loyalty_client.events import Event, event
from loyalty_client.http import Token
from loyalty_client.identifiers import IdentifierKeys
from loyalty_client.posting import HttpPublisher
from loyalty_client.problems import (
    AccessError,
    ConflictError,
    InvalidError,
    NotFoundError,
    ProblemError,
    UnavailableError,
)
from loyalty_client.producing import KafkaPublisher, KafkaSecurity
from loyalty_client.publishing import Confirmation, NotConfirmedError, Publisher
from loyalty_client.registrations import Till, registration

__all__ = [
    "AccessError",
    "Confirmation",
    "ConflictError",
    "Event",
    "Gateway",
    "HttpPublisher",
    "IdentifierKeys",
    "InvalidError",
    "KafkaPublisher",
    "KafkaSecurity",
    "NotConfirmedError",
    "NotFoundError",
    "ProblemError",
    "Publisher",
    "Till",
    "Token",
    "UnavailableError",
    "UndecidedError",
    "event",
    "registration",
]
