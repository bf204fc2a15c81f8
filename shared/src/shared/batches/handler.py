"""What a topic's handler promises to the batch transaction, and what it gets in return."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import asyncpg

from contracts.envelope import Event
from contracts.verdicts import Verdict
from shared.outbox.message import Message


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event; `reason` is a stable kebab-case code.

    `resolved` says what came, with it, of events that had been waiting, by their keys in the inbox. `committed` is called once all of
    it is committed, and never for an attempt that is rolled back: the place to count.
    """

    verdict: Verdict
    reason: str | None = None
    resolved: Mapping[bytes, tuple[Verdict, str | None]] | None = None
    committed: Callable[[], None] | None = None


class Repeat(Exception):  # noqa: N818  it asks for something, it is not an error
    """Raised by a handler: what was read is out of date. Roll back and repeat the batch from the start."""


class PoisonMessage(Exception):  # noqa: N818  the word of the house for it
    """Raised while deciding: one event among these is bad. Bisecting leads to it and it is dead-lettered under `code`."""

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(reason or code)
        self.code = code
        self.reason = reason or code


class Handler(Protocol):
    """One topic's part of the batch transaction.

    It keeps no state between calls: after a poison event it is asked again, with fewer events.
    """

    async def lock(self, connection: asyncpg.Connection, events: Sequence[Event[Any]]) -> None:
        """Take every lock the batch needs: anchors, identifiers, accounts, counters, each sorted. Nothing is locked later."""

    async def decide(self, connection: asyncpg.Connection, events: Sequence[Event[Any]], *, now: datetime) -> tuple[Sequence[Outcome], Sequence[Message]]:
        """Load, decide, write; one outcome an event, in the same order, and the messages that follow, in order.

        The events are new to the inbox and different from each other. Whatever it raises because of its data
        is undone to the savepoint before it and asked again with half of the events.
        """
