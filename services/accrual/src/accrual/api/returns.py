"""Before money is given back: what a return would take. And what waits for a purchase that never came."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from accrual.api import wire
from accrual.api.parts import Desk
from accrual.api.replies import ReturnQuote, WaitingEvent, WaitingEvents
from accrual.domain.decisions import Explanation, Reason, Refusal
from accrual.handlers.bodies import read_later
from accrual.handlers.explanations import explanation_json
from accrual.handlers.quoting import Quoted, quote_return
from accrual.store import waiting
from accrual.store.snapshots import snapshot
from accrual.store.waiting import Shown
from contracts.purchases import PurchaseReturned
from contracts.requests import ReturnQuoteRequest
from shared.auth import require
from shared.ids import random_id
from shared.problems import Problem

#: The reason why a return is not allowed where the programme says `returns.spent: block`.
POINTS_SPENT = "points-spent"
#: The reason why a return takes nothing: it was accepted before.
DUPLICATE = "duplicate"
_PAGE = 100


def routes(desk: Desk) -> APIRouter:
    """Return the routes about returns."""
    router = APIRouter(tags=["returns"])

    @router.post("/v1/returns/quote", openapi_extra={"x-access": "quotes:read"}, dependencies=[Depends(require(desk.verifier, "quotes:read"))])
    async def quote(asked: ReturnQuoteRequest) -> ReturnQuote:
        """Say what a return would take, before the money moves. Its event may take something else, if something happens in between."""
        now = desk.clock()
        told = asked.model_dump(exclude_none=True)
        data = PurchaseReturned.model_validate({"return_id": str(random_id()), "occurred_at": now, **told}, strict=False)
        async with snapshot(desk.pool) as connection:
            found = await quote_return(connection, await desk.catalogue.current(connection), data, now=now)
        if isinstance(found, Refusal):
            status = 404 if found.reason is Reason.UNKNOWN_PURCHASE else 422
            raise Problem(status, found.reason, "This cannot be given back", found.text)
        return _quote(found)

    @router.get("/v1/waiting", openapi_extra={"x-access": "operations:read"}, dependencies=[Depends(require(desk.verifier, "operations:read"))])
    async def waits(days: Annotated[int | None, Query(ge=0, le=36_500)] = None, after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0) -> WaitingEvents:
        """Show events that have waited for their purchase for so many days or longer. Something may be wrong with what they name."""
        since = desk.clock() - timedelta(days=desk.waiting_days if days is None else days)
        async with snapshot(desk.pool) as connection:
            found = await waiting.since(connection, since, after=after, limit=_PAGE)
        return WaitingEvents(items=tuple(map(_waits, found)), next=found[-1].number if len(found) == _PAGE else None)

    return router


def _quote(quoted: Quoted) -> ReturnQuote:
    """Add up what is taken of all purchases concerned, which are one unless none was named."""
    taken = quoted.taken
    kept = [each.kept.explanation for each in taken]
    explanation = Explanation(
        sum(each.points for each in kept), tuple(step for each in kept for step in each.steps), tuple(silent for each in kept for silent in each.not_given)
    )
    blocked = any(each.reversal.blocked for each in taken)
    account = taken[-1].account
    return ReturnQuote(
        allowed=not blocked,
        reason=POINTS_SPENT if blocked else DUPLICATE if quoted.repeated else None,
        points_taken=sum(each.reversal.taken for each in taken),
        points_forgiven=sum(each.reversal.forgiven for each in taken),
        debt=sum(each.reversal.debt for each in taken),
        points_kept=explanation.points,
        points_restored=sum(each.restored for each in taken),
        balance=None if account is None else wire.buckets(account.balance),
        explanation=wire.explanation(explanation_json(explanation)),
    )


def _waits(row: Shown) -> WaitingEvent:
    data = read_later(row.type, row.body)
    return WaitingEvent(
        number=row.number,
        source=row.source,
        event_id=row.event_id,
        type=row.type,
        merchant=data.merchant,
        purchase_id=data.purchase_id,
        receipt_number=data.receipt_number,
        store=data.store,
        return_id=data.return_id if isinstance(data, PurchaseReturned) else None,
        arrived_at=row.arrived_at,
        occurred_at=row.occurred_at,
    )
