"""The outbox: what is said is written with what is done, and sent afterwards."""

from shared.outbox.message import Message, message_of
from shared.outbox.table import enqueue

__all__ = ["Message", "enqueue", "message_of"]
