"""The outbox: what is said is written with what is done, and sent afterwards."""

from shared.outbox.message import Message, message_of

__all__ = ["Message", "message_of"]
