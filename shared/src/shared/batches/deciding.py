"""Decide events inside the transaction, and find the bad ones among them by halves."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from contracts.envelope import Event
from shared.batches.errors import failure_of, is_data
from shared.batches.handler import Handler, Outcome
from shared.deadletters import Failure
from shared.outbox.table import enqueue

Decided = list[Outcome | Failure]


class WrongCountError(Exception):
    """A handler gave more or fewer outcomes than it was given events."""


class SuspectError(Exception):
    """One of the events is bad. The transaction is spoilt: repeat it with savepoints."""


async def decide(connection: asyncpg.Connection, handler: Handler, events: Sequence[Event[Any]], *, now: datetime) -> Decided:
    """Give each event an outcome; what follows from them is in the outbox. Raises SuspectError if one of them is bad."""
    try:
        return await _ask(connection, handler, events, now) if events else []
    except Exception as error:
        if not is_data(error):
            raise
        raise SuspectError(type(error).__name__) from error


async def decide_by_halves(
    connection: asyncpg.Connection,
    handler: Handler,
    events: Sequence[Event[Any]],
    *,
    now: datetime,
    on_failure: Callable[[int, Failure], None],
) -> Decided:
    """Give each event of a suspect batch an outcome, or the failure for which it is dead.

    A bad event costs about 2 log2 n questions and leaves no trace. `on_failure` hears of each as it is found, in order.
    """
    decided: Decided = []

    async def part(some: Sequence[Event[Any]]) -> None:
        savepoint = connection.transaction()
        await savepoint.start()
        try:
            outcomes = await _ask(connection, handler, some, now)
        except Exception as error:
            if not is_data(error):
                raise
            await savepoint.rollback()
            if len(some) > 1:
                await halves(some)
            else:
                failure = failure_of(error)
                on_failure(len(decided), failure)
                decided.append(failure)
        else:
            await savepoint.commit()
            decided.extend(outcomes)

    async def halves(some: Sequence[Event[Any]]) -> None:
        middle = len(some) // 2
        for half in (some[:middle], some[middle:]):
            if half:
                await part(half)

    await halves(events)
    return decided


async def _ask(connection: asyncpg.Connection, handler: Handler, events: Sequence[Event[Any]], now: datetime) -> Decided:
    outcomes, messages = await handler.decide(connection, events, now=now)
    if len(outcomes) != len(events):
        raise WrongCountError(f"{len(outcomes)} outcomes for {len(events)} events")
    await enqueue(connection, messages)
    return list(outcomes)
