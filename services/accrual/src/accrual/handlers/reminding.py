"""Tells of points that will soon be gone, each day that a programme wants it told, and never twice."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from accrual.domain.lifetimes import days_in, end_of
from accrual.domain.programme import Programme
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.rewards import SOURCE, Origin, change_id, utc
from accrual.store import Connection, reminders
from accrual.store.reminders import Ending, Window
from contracts.envelope import Event
from contracts.expiring import PointsExpiring
from shared.outbox import Message, enqueue, message_of

#: Reminders a transaction.
LIMIT = 1_000


class Reminding:
    """Says what is due. A service that stood still for days says the latest reminder only."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Take the compiled programmes."""
        self._catalogue = catalogue

    async def turn(self, connection: Connection, now: datetime) -> int:
        """Say a bounded part of what is due, forget what is over, and return how much that was."""
        for programme in (await self._catalogue.current(connection)).running(at=now):
            for window in windows(programme, now=now):
                found = await reminders.due(connection, window, limit=LIMIT)
                if found:
                    new = await reminders.add(connection, found, days=window.days, at=now)
                    await enqueue(connection, [_said(programme, each, window.days, now) for each in found if (each.account_id, each.expires_at) in new])
                    return len(found)
        return await reminders.forget(connection, now=now, limit=LIMIT)


def windows(programme: Programme, *, now: datetime) -> Iterator[Window]:
    """Yield the ends of which a programme tells today, for each of its reminders: none of two tells of the same end on one day."""
    expiry, terms = programme.terms.expiry, programme.terms
    if expiry is None or not expiry.remind:
        return
    today, guests = now.astimezone(terms.zone).date(), programme.document.joining.guests
    for next_, days in pairwise([-1, *sorted(expiry.remind)]):
        since, until = (end_of(today + timedelta(days=each), terms.zone) for each in (next_, days))
        yield Window(terms.id, str(terms.zone), days, since, until, terms.spends_until, None if guests is None else days_in(guests))


def _said(programme: Programme, ending: Ending, days: int, now: datetime) -> Message:
    zone, at = programme.terms.zone, utc(ending.expires_at)
    data = PointsExpiring(
        programme=programme.terms.id,
        holder=ending.holder,
        points=ending.points,
        last_day=(ending.expires_at - timedelta(microseconds=1)).astimezone(zone).date(),
        expires_at=at,
        days=days,
        said_at=now,
    )
    origin = Origin(SOURCE, f"{ending.account_id}/ends/{at:%Y-%m-%dT%H:%M:%SZ}/{days}", "schedule", now)
    id_ = change_id(origin, PointsExpiring.type, ending.holder)
    return message_of(Event(id=str(id_), source=SOURCE, type=data.type, time=now, data=data))
