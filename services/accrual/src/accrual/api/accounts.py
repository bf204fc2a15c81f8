"""Questions about a holder: balances, history, a grant."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from accrual.api import history, wire
from accrual.api.parts import Desk
from accrual.api.replies import Account, Accounts, Expiring, Grant, History, Lot, Maturing, Worth
from accrual.domain import lots as domain
from accrual.domain.programmes import Programmes
from accrual.handlers.tiers import Levels
from accrual.store import Connection, reading
from accrual.store.reading import Open
from accrual.store.snapshots import connected, snapshot
from contracts.fields import Holder, Id
from shared.auth import require
from shared.problems import Problem

Cursor = Annotated[str | None, Query(max_length=500)]
_READ = {"x-access": "accounts:read"}


def routes(desk: Desk) -> APIRouter:
    """Return the routes about accounts."""
    router = APIRouter(tags=["accounts"], dependencies=[Depends(require(desk.verifier, "accounts:read"))])

    @router.get("/v1/accounts/{holder}", openapi_extra=_READ)
    async def balance(holder: Holder) -> Accounts:
        """Show a holder's points in every programme, as they count at this moment."""
        now = desk.clock()
        async with (snapshot if desk.catalogue.known.timelines else connected)(desk.pool) as connection:  # levels are a statement of their own
            opened, lots, newest = await reading.holdings(connection, holder)
            if not opened:
                raise _unknown(programme=None)
            programmes = await desk.catalogue.current(connection, newest=newest)
            levels = await Levels.open(connection, programmes, [account.account_id for account in opened], of={account.programme for account in opened})
        shown = tuple(_account(account, lots.get(account.account_id, ()), programmes, levels, at=now) for account in opened)
        return Accounts(holder=opened[0].owner, unclaimed=opened[0].unclaimed, accounts=shown, as_of=now)

    @router.get("/v1/accounts/{holder}/history", openapi_extra=_READ)
    async def changes(
        holder: Holder,
        programme: Id | None = None,
        cursor: Annotated[str | None, Query(max_length=500)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> History:
        """Show the changes of a holder's account, newest first, each with its reason. With several programmes, name one."""
        async with snapshot(desk.pool) as connection:
            opened = await _opened(connection, holder, programme=programme)
            if len(opened) > 1:
                detail = f"The holder has points in {', '.join(account.programme for account in opened)}."
                raise Problem(422, "programme-needed", "Name a programme", detail)
            return await history.page(connection, opened[0], cursor=cursor, limit=limit)

    @router.get("/v1/grants/{grant_id}", openapi_extra=_READ)
    async def grant(grant_id: UUID) -> Grant:
        """Show one grant: what is left of it, what it was given for, and how it came to be so many."""
        async with snapshot(desk.pool) as connection:
            return await _grant(connection, grant_id)

    return router


async def _opened(connection: Connection, holder: str, *, programme: str | None = None) -> list[Open]:
    opened = await reading.open_accounts(connection, holder, programme=programme)
    if not opened:
        raise _unknown(programme=programme)
    return opened


def _unknown(*, programme: str | None) -> Problem:
    return Problem(404, "unknown-holder", "This holder has no account", None if programme is None else f"None in the programme {programme}.")


async def _grant(connection: Connection, grant_id: UUID) -> Grant:
    found = await reading.grant(connection, grant_id)
    if found is None:
        raise Problem(404, "unknown-grant", "There is no such grant")
    reason = (await reading.reasons(connection, [grant_id]))[grant_id]
    return Grant(
        grant_id=grant_id,
        holder=found.holder,
        programme=found.programme,
        programme_version=found.programme_version,
        points=reason.amount,
        lot=Lot(amount=reason.amount, remaining=reason.remaining, usable_from=reason.usable_from, expires_at=reason.expires_at),
        cause=wire.cause("grant", source=found.cause_source, event_id=found.cause_event, occurred_at=found.occurred_at, reason=reason),
        booked_at=found.booked_at,
        explanation=wire.explanation(reason.decision),
    )


def _account(account: Open, lots: Sequence[domain.Lot], programmes: Programmes, levels: Levels, *, at: datetime) -> Account:
    """Show an account as it counts at a moment, whether or not `schedule` was on time."""
    counted = domain.balance_of(lots, at=at)
    usable = [lot for lot in lots if domain.usable(lot, at=at)]
    waiting = [lot for lot in lots if not domain.usable(lot, at=at) and not domain.expired(lot, at=at)]
    programme = programmes.in_force(account.programme, at=at) or programmes.latest(account.programme)
    currency = programme.terms.currencies[0] if programme is not None else None
    level = levels.outlook(account.account_id, now=at)
    return Account(
        programme=account.programme,
        account_version=account.version,
        balance=wire.buckets(counted._replace(held=account.balance.held, debt=account.balance.debt)),
        expiring=tuple(
            Expiring(points=points, expires_at=moment) for moment, points in _by_moment([(lot.expires_at, lot.remaining) for lot in usable if lot.expires_at])
        ),
        maturing=tuple(Maturing(points=points, usable_from=moment) for moment, points in _by_moment([(lot.usable_from, lot.remaining) for lot in waiting])),
        worth=None if programme is None or currency is None else Worth(amount=programme.worth(counted.available, currency), currency=currency),
        tier=None if level is None else wire.tier(level),
    )


def _by_moment(points: Sequence[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
    """Add up points that share a moment, the nearest moment first."""
    return [(moment, sum(amount for _, amount in same)) for moment, same in groupby(sorted(points), key=lambda pair: pair[0])]
