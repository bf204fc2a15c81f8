"""Levels that members bring along from another system: a floor as if set by hand, and what counts towards levels as if done here."""

from collections.abc import Sequence
from datetime import datetime

from accrual.domain.programmes import Programmes
from accrual.domain.tiers.progress import NONE
from accrual.domain.tiers.timeline import Assignment
from accrual.handlers.rewards import Origin
from accrual.handlers.tiers import Levels
from accrual.store import Connection, tiers
from accrual.store.holders import Owner
from accrual.store.migrations import NOTHING_BROUGHT, Brought, ByHand
from shared.outbox import Message
from shared.problems import Problem


def check(programmes: Programmes, programme: str, rows: Sequence[tuple[str, Brought]], *, now: datetime) -> None:
    """Raise the Problems `unknown-level`, `in-the-future` and `not-in-future` (422) for a named row that brings what cannot be."""
    bringing = [(name, brought) for name, brought in rows if brought != NOTHING_BROUGHT]
    if not bringing:
        return
    today, ladder = None, None
    if (timeline := programmes.timelines.get(programme)) is not None:
        today = now.astimezone(timeline.zone).date()
        ladder = timeline.on(today)
    if today is None or ladder is None:
        raise Problem(422, "unknown-level", "The programme has no levels now", f"Row {bringing[0][0]}.")
    known = {level.id for level in ladder.levels}
    for name, brought in bringing:
        if brought.level is not None and brought.level not in known:
            raise Problem(422, "unknown-level", "The programme has no such level", f"Row {name}: {brought.level}.")
        if brought.until is not None and brought.until < today:
            raise Problem(422, "not-in-future", "The last day of a level is over", f"Row {name}.")
        if brought.counted_on is not None and brought.counted_on > today:
            raise Problem(422, "in-the-future", "What counts towards a level was done already", f"Row {name}.")


def dated(brought: Brought, programmes: Programmes, programme: str, *, now: datetime) -> Brought:
    """Return what is brought with today as the day on which it begins, and counts where no day is given."""
    if brought == NOTHING_BROUGHT:
        return brought
    today = now.astimezone(programmes.timelines[programme].zone).date()
    counted_on = (brought.counted_on or today) if any(brought.done) else None
    return brought._replace(since=today if brought.level is not None else None, counted_on=counted_on)


async def bring(connection: Connection, levels: Levels, brought: Brought, by_hand: ByHand, owner: Owner, origin: Origin, *, now: datetime) -> list[Message]:
    """Count and set what a row brings, and say so. A floor that is higher today stays. The account must be locked."""
    if brought.counted_on is not None:
        levels.bring(by_hand.account_id, brought.counted_on, brought.done)
    if brought.since is not None and brought.level is not None and not levels.is_held_above(by_hand.account_id, brought.level, brought.since):
        await _assign(connection, levels, Assignment(brought.level, brought.since, brought.until), by_hand, now=now)
    return levels.tell(by_hand.account_id, owner.holder, origin, now=now)


async def take_back(connection: Connection, levels: Levels, brought: Brought, by_hand: ByHand, owner: Owner, origin: Origin, *, now: datetime) -> list[Message]:
    """Count no longer what a row brought, and end its floor unless another one was set since."""
    if brought.counted_on is not None:
        levels.bring(by_hand.account_id, brought.counted_on, NONE.minus(brought.done))
    if brought.since is not None and levels.last_assigned(by_hand.account_id) == Assignment(brought.level, brought.since, brought.until):
        await _assign(connection, levels, Assignment(None, levels.today(by_hand.account_id, now)), by_hand, now=now)
    return levels.tell(by_hand.account_id, owner.holder, origin, now=now)


async def _assign(connection: Connection, levels: Levels, assignment: Assignment, by_hand: ByHand, *, now: datetime) -> None:
    levels.assign(by_hand.account_id, assignment)
    await tiers.assign(connection, by_hand.account_id, assignment, reason=by_hand.reason, operator=by_hand.approved_by, at=now)
