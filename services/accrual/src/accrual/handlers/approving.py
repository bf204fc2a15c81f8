"""What becomes of social actions that wait: an operator approves or rejects them, or the clock lets them go. The caller owns the transaction."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from accrual.domain.decisions import Reason
from accrual.domain.programmes import Programmes
from accrual.domain.rewards.entitlements import Denied
from accrual.handlers import rewards
from accrual.handlers.books import Books
from accrual.handlers.counting import lock_common
from accrual.handlers.deeds import Deed, Deeds, activity, counted_by, decided_by, read_activity
from accrual.handlers.keys import deed_key
from accrual.handlers.rewarding import Desk
from accrual.handlers.rewards import Origin
from accrual.handlers.routes import Owned, Route
from accrual.handlers.surroundings import Surroundings
from accrual.handlers.tiers import Levels
from accrual.store import Connection, accounts, causes, holders, social, waiting
from accrual.store.holders import Wanted
from accrual.store.social import Action, Told
from accrual.store.waiting import Resolution
from contracts.envelope import Event
from contracts.verdicts import Verdict
from shared import inbox
from shared.batches import Outcome, Repeat
from shared.outbox import enqueue

UNKNOWN, DECIDED, OWN, FORGOTTEN = "unknown-social-action", "already-decided", "own-action", "holder-forgotten"
#: Social actions a transaction.
LIMIT = 200


class _Open(NamedTuple):
    """A social action that waits, locked: the event that waits with it, and whose it is now."""

    action: Action
    told: Told
    holder: str | None


async def approve(desk: Desk, action_id: UUID, *, by: str) -> Action | Denied:
    """Let it earn what the rules in force at its time give for it, as far as caps and budgets go now. Nobody approves what they did themselves."""
    found = await _open(desk.connection, action_id, by=by)
    if isinstance(found, Denied):
        return found
    if desk.now >= found.action.lapses_at:
        return Denied(DECIDED, "it could be approved for so long, and no longer")
    if found.holder is None:
        return Denied(FORGOTTEN, "whoever did it is forgotten")
    event = _event(found.told, found.holder)
    deed = replace(activity(event, desk.programmes, now=found.action.asked_at), post=None)
    outcome = await _decide(desk.connection, desk.programmes, deed, found.action.account_id, now=desk.now)
    return await _closed(desk.connection, found, outcome, state="approved", by=by, now=desk.now)


async def reject(desk: Desk, action_id: UUID, *, by: str, reason: str) -> Action | Denied:
    """Refuse it with a reason, and say so. Its link may be shown anew."""
    found = await _open(desk.connection, action_id, by=by)
    return found if isinstance(found, Denied) else await _refuse(desk.connection, found, Reason.NOT_APPROVED, reason, by=by, now=desk.now)


async def lapse(connection: Connection, now: datetime) -> int:
    """Refuse a bounded number of those that nobody has decided about in time, and return for how many that was done or tried."""
    due = await social.due(connection, now=now, limit=LIMIT)
    await causes.lock_anchors(connection, [key for action in due for key in _anchors(action)])
    for action in due:
        found = await _open(connection, action.id, by=None)
        if isinstance(found, _Open):
            days = (found.action.lapses_at - found.action.asked_at) // timedelta(days=1)
            await _refuse(connection, found, Reason.APPROVAL_LAPSED, f"nobody has approved it within {days} days", by=None, now=now)
    return len(due)


async def _open(connection: Connection, action_id: UUID, *, by: str | None) -> _Open | Denied:
    """Find one that waits, and lock what everybody locks who decides about its deed or its link. An approver's own is denied."""
    action = await social.find(connection, action_id)
    if action is None:
        return Denied(UNKNOWN, "there is no such social action")
    await causes.lock_anchors(connection, _anchors(action))
    action = await social.find(connection, action_id) or action
    told = await social.told(connection, action)
    if action.state != "waiting" or told is None:
        return Denied(DECIDED, f"it was {action.state} before")
    holder = (await holders.owners(connection, [action.account_id]))[action.account_id].holder
    if by is not None and holder == f"m:{by}":
        return Denied(OWN, "nobody decides about what they did themselves")
    return _Open(action, told, holder)


def _anchors(action: Action) -> tuple[bytes, bytes]:
    return action.key, deed_key(action.programme, "link", action.link)


async def _decide(connection: Connection, programmes: Programmes, deed: Deed, account_id: UUID, *, now: datetime) -> Outcome:
    """Decide a deed as the consumer of activities does. Raises Repeat where its account has just moved."""
    if not await accounts.lock(connection, [account_id]):
        raise Repeat("an account moved before it was locked")
    owned = {} if deed.wanted is None else {Wanted(deed.holder, deed.wanted.programme): Owned(deed.holder, account_id)}
    route, decided = Route(owned, frozenset((account_id,))), decided_by([deed])
    common = await lock_common(connection, decided)
    levels = await Levels.open(connection, programmes, [account_id], of=[programme.terms.id for programme, _ in decided])
    around = await Surroundings.open(connection, common, [account_id], (programme for programme, _ in decided), levels=levels)
    books = await Books.open(connection, [account_id], counted=counted_by([deed], route), around=around)
    desk = Deeds(books, route, set(), now=now)
    outcome = desk.decide(deed)
    await desk.save(connection)
    await books.save(connection, now=now)
    await enqueue(connection, desk.messages)
    return outcome


async def _refuse(connection: Connection, found: _Open, reason: Reason, text: str, *, by: str | None, now: datetime) -> Action:
    if found.holder is not None:
        told, data = found.told, read_activity(found.told.body, found.holder)
        origin = Origin(told.source, told.event_id, "activity", told.occurred_at, activity=data.kind, traceparent=told.traceparent)
        await enqueue(connection, [rewards.refused(reason, text, programme=found.action.programme, holder=found.holder, origin=origin, now=now)])
    state = "lapsed" if by is None else "rejected"
    return await _closed(connection, found, Outcome(Verdict.REFUSED, reason), state=state, by=by, now=now, reason=None if by is None else text)


async def _closed(connection: Connection, found: _Open, outcome: Outcome, *, state: str, by: str | None, now: datetime, reason: str | None = None) -> Action:
    """Write what was decided, and what came of the event that waited."""
    decided = found.action._replace(state=state, decided_at=now, decided_by=by, reason=reason)
    await social.decide(connection, decided)
    await waiting.resolve(connection, [Resolution(decided.event_key, outcome.verdict, outcome.reason)], resolved_at=now)
    await inbox.resolve(connection, {decided.event_key: (outcome.verdict, outcome.reason)}, now=now)
    return decided


def _event(told: Told, holder: str) -> Event[Any]:
    return Event(told.event_id, told.source, told.type, told.occurred_at, read_activity(told.body, holder), told.traceparent)
