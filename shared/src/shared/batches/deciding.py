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


async def decide(
    connection: asyncpg.Connection,
    handler: Handler,
    events: Sequence[Event[Any]],
    *,
    now: datetime,
    on_failure: Callable[[int, Failure], None],
) -> Decided:
    """Give each event an outcome, or the failure for which it is dead. What follows from the good ones is in the outbox.

    A bad event costs about 2 log2 n further questions and leaves no trace. `on_failure` hears of each as it is found, in order.
    """
    decided: Decided = []

    async def part(some: Sequence[Event[Any]]) -> None:
        savepoint = connection.transaction()
        await savepoint.start()
        try:
            outcomes, messages = await handler.decide(connection, some, now=now)
            if len(outcomes) != len(some):
                raise WrongCountError(f"{len(outcomes)} outcomes for {len(some)} events")  # noqa: TRY301  the savepoint must be undone
            await enqueue(connection, messages)
        except Exception as error:
            if not is_data(error):
                raise
            await savepoint.rollback()
            if len(some) == 1:
                failure = failure_of(error)
                on_failure(len(decided), failure)
                decided.append(failure)
                return
            middle = len(some) // 2
            await part(some[:middle])
            await part(some[middle:])
        else:
            await savepoint.commit()
            decided.extend(outcomes)

    if events:
        await part(events)
    return decided
