"""Levels that change by the calendar: terms and periods end, purchases fall out of the window, a version asks for something else."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from accrual.domain.lifetimes import start_of
from accrual.domain.programmes import Programmes
from accrual.handlers.books import Books
from accrual.handlers.rewards import SOURCE, Origin
from accrual.handlers.surroundings import Surroundings
from accrual.handlers.tiers import Levels
from accrual.store import Connection, holders, tiers
from shared.outbox import Message, enqueue


async def due_levels(connection: Connection, programmes: Programmes, *, now: datetime, limit: int, but: Iterable[UUID] = ()) -> dict[UUID, UUID]:
    """Find accounts whose level may have changed by the calendar, each under its own id. Where no programme has levels, nothing is asked."""
    found: dict[UUID, UUID] = {}
    for programme, timeline in programmes.timelines.items():
        today = now.astimezone(timeline.zone).date()
        rows = await tiers.due(connection, programme, today=today, edition=timeline.edition, limit=limit - len(found), but=but)
        found |= {account_id: account_id for account_id in rows}
        if len(found) >= limit:
            break
    return found


async def turn_levels(connection: Connection, found: Mapping[UUID, UUID], *, programmes: Programmes, now: datetime) -> Books:
    """Look again at the levels of locked accounts, and say which have changed."""
    owners = await holders.owners(connection, found)
    levels = await Levels.open(connection, programmes, list(found))
    books = await Books.open(connection, found, around=Surroundings(levels=levels))
    messages: list[Message] = []
    for account_id in sorted(found):
        owner = owners[account_id]
        timeline = programmes.timelines[owner.programme]
        today = now.astimezone(timeline.zone).date()
        origin = Origin(SOURCE, f"{account_id}/tier/{today}", "schedule", start_of(today, timeline.zone))
        levels.look(account_id)
        messages += levels.tell(account_id, owner.holder, origin, now=now)
    await books.save(connection, now=now)
    await enqueue(connection, messages)
    return books
