"""An operator sets a level by hand: a floor with an end, or with none."""

from dataclasses import dataclass
from datetime import date, datetime

from accrual.domain.programmes import Programmes
from accrual.domain.tiers.outlook import Outlook
from accrual.domain.tiers.timeline import Assignment
from accrual.handlers.books import Books
from accrual.handlers.rewards import Origin
from accrual.handlers.routes import lock_accounts
from accrual.handlers.surroundings import Surroundings
from accrual.handlers.tiers import Levels
from accrual.store import Connection, reading, tiers
from accrual.store.holders import Wanted
from shared.outbox import enqueue
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Whose level is at least which one, until when, why, and who says so. No level: floors set before are over."""

    holder: str
    programme: str
    level: str | None
    until: date | None
    reason: str
    operator: str


async def assign(connection: Connection, programmes: Programmes, order: Order, origin: Origin, *, now: datetime) -> Outlook:
    """Set a floor from today on. Raises the Problems `unknown-holder`, `unknown-tier` (404), `not-in-future` and `unclaimed` (422)."""
    opened = await reading.open_accounts(connection, order.holder, programme=order.programme)
    if not opened:
        raise Problem(404, "unknown-holder", "This holder has no account", f"None in the programme {order.programme}.")
    if opened[0].unclaimed:
        raise Problem(422, "unclaimed", "Nobody owns this identifier yet", "Register the member and link the identifier first.")
    timeline = programmes.timelines.get(order.programme)
    today = None if timeline is None else now.astimezone(timeline.zone).date()
    ladder = None if timeline is None or today is None else timeline.on(today)
    if ladder is None or today is None or order.level not in {None, *(level.id for level in ladder.levels)}:
        known = "none" if ladder is None else ", ".join(level.id for level in ladder.levels)
        raise Problem(404, "unknown-tier", "The programme has no such level", f"Known there: {known}.")
    if order.until is not None and order.until < today:
        raise Problem(422, "not-in-future", "The last day is over", "Give today or a later day as until.")
    owned = (await lock_accounts(connection, [Wanted(order.holder, order.programme)])).to(Wanted(order.holder, order.programme))
    levels = await Levels.open(connection, programmes, [owned.account_id], of=[order.programme])
    books = await Books.open(connection, [owned.account_id], around=Surroundings(levels=levels))
    assignment = Assignment(order.level, today, order.until)
    levels.assign(owned.account_id, assignment)
    messages = levels.tell(owned.account_id, owned.owner, origin, now=now)
    await tiers.assign(connection, owned.account_id, assignment, reason=order.reason, operator=order.operator, at=now)
    await books.save(connection, now=now)
    await enqueue(connection, messages)
    found = levels.outlook(owned.account_id, now=now)
    if found is None:
        raise LookupError("an account of a programme with levels has one")
    return found
