"""The one transaction of a batch: claim the offset, lock, look up, decide, remember, say, move on. All of it or nothing."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

import asyncpg

from contracts.verdicts import Verdict
from shared import inbox
from shared.batches import offsets
from shared.batches.breaker import Breaker
from shared.batches.commits import BROKEN, commit, find_out
from shared.batches.deciding import SuspectError, decide, decide_by_halves
from shared.batches.errors import is_data
from shared.batches.handler import Handler, Outcome, Repeat
from shared.batches.items import Item, place_key
from shared.batches.plan import CutShortError, Plan
from shared.clock import Clock
from shared.deadletters import REDRIVE_PREFIX, Failure, letter
from shared.deadletters.table import put_aside
from shared.outbox.message import Message
from shared.outbox.table import enqueue

#: A batch is repeated at once this often before its partition backs off.
MOST_REPEATS = 20
_REPEAT_PAUSE_SECONDS = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a partition's batches need besides their records."""

    service: str
    handler: Handler
    pool: asyncpg.Pool
    clock: Clock


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in the order of their offsets, the first of them at the cursor or, after an accepted gap, behind it."""

    expected: int
    items: Sequence[Item]
    breaker: Breaker


@dataclass(frozen=True, slots=True)
class Settled:
    """What was committed: the new cursor, what became of each record (those after a cut have no outcome yet), what follows."""

    next: int
    items: Sequence[Item]
    outcomes: Sequence[Outcome]
    breaker: Breaker
    pause_reason: str | None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What earlier attempts at a batch have taught."""

    items: Sequence[Item]
    failures: dict[int, Failure] = field(default_factory=dict)  # known to be dead, by place
    suspect: bool = False  # one of the events is bad and not found yet
    pause_reason: str | None = None


async def settle(topic: Topic, position: offsets.Position, batch: Batch, *, committed: Callable[[], None] = lambda: None) -> Settled:
    """Give every record of a batch its verdict, once. Whatever it raises, nothing has happened and the stored offset must be read again.

    The breaker, or an event that repeats a dead one, may end the batch early: go on from `next`. `committed` is called at that moment.
    """
    for repeat in range(MOST_REPEATS):
        attempt = _Attempt(batch.items)
        try:
            while True:
                try:
                    return await _try(topic, position, batch, attempt, committed)
                except CutShortError as cut:
                    attempt = _Attempt(attempt.items[: cut.count], cut.failures, attempt.suspect, cut.pause_reason)
                except SuspectError:
                    attempt = replace(attempt, suspect=True)
        except Repeat:
            await asyncio.sleep(_REPEAT_PAUSE_SECONDS * repeat)
    raise Repeat(f"{position.topic}/{position.partition} had to be repeated {MOST_REPEATS} times")


async def _try(topic: Topic, position: offsets.Position, batch: Batch, attempt: _Attempt, committed: Callable[[], None]) -> Settled:
    plan = Plan(attempt.items, batch.breaker, attempt.failures)
    plan.check_breaker()
    async with _leased(topic.pool) as connection:
        transaction = connection.transaction(isolation="read_committed")
        await transaction.start()
        try:
            settled = await _work(connection, topic, position, batch.expected, plan, attempt)
        except BaseException:
            with contextlib.suppress(*BROKEN):  # the first error is the one that counts
                await transaction.rollback()
            raise
        try:
            unknown_pid = await commit(connection, transaction)
        except asyncpg.PostgresError as error:
            if not is_data(error):
                raise
            raise plan.halved(error) from error  # a constraint that is checked last
        committed()
    if unknown_pid is not None:
        await find_out(topic.pool, unknown_pid, position, new=settled.next)
    for outcome in settled.outcomes:
        if outcome.committed is not None:
            outcome.committed()
    return settled


@contextlib.asynccontextmanager
async def _leased(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """Lend a connection. That it breaks after its work was committed is no failure of the work."""
    proxy = await pool.acquire()
    try:
        yield cast("asyncpg.Connection", proxy)
    finally:
        with contextlib.suppress(*BROKEN):
            await pool.release(proxy)


async def _work(connection: asyncpg.Connection, topic: Topic, position: offsets.Position, expected: int, plan: Plan, attempt: _Attempt) -> Settled:
    now = topic.clock()
    items = plan.items
    await offsets.claim(connection, position, expected=expected)
    await _lock(connection, topic.handler, plan)
    plan.sort_out(await inbox.known(connection, list({item.key for item in items})))
    events = plan.events(plan.to_decide)
    if attempt.suspect:
        decided = await decide_by_halves(connection, topic.handler, events, now=now, on_failure=plan.found)
    else:
        decided = await decide(connection, topic.handler, events, now=now)
    outcomes = plan.outcomes(decided)
    await enqueue(connection, [_letter(topic, items[place], failure, now) for place, failure in sorted(plan.failures.items())])
    if not await inbox.insert(connection, _verdicts(plan, outcomes), now=now):
        raise Repeat("another transaction had one of the events first")
    await _keep_dead(connection, plan, now)
    await _resolve(connection, outcomes, now)
    next_offset = items[-1].record.offset + 1 if items else expected
    breaker = plan.breaker.after(plan.offsets(), sorted(plan.failures))
    counts = Counter(outcome.verdict for outcome in outcomes)
    move = offsets.Advance(expected, next_offset, next_offset - expected - len(items), counts, breaker, attempt.pause_reason)
    await offsets.advance(connection, position, move, now=now)
    return Settled(next_offset, items, outcomes, breaker, attempt.pause_reason)


async def _keep_dead(connection: asyncpg.Connection, plan: Plan, now: datetime) -> None:
    """Keep dead records as they were, and let go of those that had no readable id and came again with one."""
    if plan.failures:
        dead = ((plan.items[place], failure) for place, failure in plan.failures.items())
        await put_aside(connection, [(item.key, item.record, failure, item.event) for item, failure in dead], now=now)
    # a redrive's headers come last, so one look at each record is enough, and few names to compare
    last_headers = {headers[-1][0] for item in plan.items if (headers := item.record.headers)}
    if any(name.startswith(REDRIVE_PREFIX) for name in last_headers):
        redriven = [item for item in plan.items if any(name.startswith(REDRIVE_PREFIX) for name, _ in item.record.headers)]
        await inbox.supersede(connection, [key for item in redriven if (key := place_key(item.record)) != item.key], now=now)


async def _resolve(connection: asyncpg.Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Remember what came of events that had been waiting, of this batch or of earlier ones."""
    resolved = {key: verdict for outcome in outcomes if outcome.resolved for key, verdict in outcome.resolved.items()}
    if resolved:
        await inbox.resolve(connection, resolved, now=now)


async def _lock(connection: asyncpg.Connection, handler: Handler, plan: Plan) -> None:
    """Let the handler lock what its events need. If it cannot because of one of them, halve the batch."""
    places = plan.readable()
    if not places:
        return
    try:
        await handler.lock(connection, plan.events(places))
    except Exception as error:
        if not is_data(error):
            raise
        raise plan.halved(error) from error


def _letter(topic: Topic, item: Item, failure: Failure, now: datetime) -> Message:
    return letter(item.record, failure, item.event, service=topic.service, now=now)


def _verdicts(plan: Plan, outcomes: Sequence[Outcome]) -> dict[bytes, tuple[Verdict, str | None]]:
    """List what the inbox has to remember: everything but repeats."""
    return {
        item.key: (outcome.verdict, outcome.reason) for place, (item, outcome) in enumerate(zip(plan.items, outcomes, strict=True)) if place not in plan.repeats
    }
