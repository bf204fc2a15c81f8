"""Questions about what was sent: what became of an event, and why a purchase earned what it earned, or nothing."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query

from accrual.api import wire
from accrual.api.parts import Desk
from accrual.api.replies import Decision, EventVerdict, Purchase, Reversal
from accrual.handlers.keys import purchase_key
from accrual.store import reading, returns
from accrual.store.returns import Reversed
from accrual.store.snapshots import snapshot
from contracts.fields import Id
from contracts.verdicts import Verdict
from shared.auth import require
from shared.inbox import verdict_of
from shared.problems import Problem


def routes(desk: Desk) -> APIRouter:
    """Return the routes about decisions."""
    router = APIRouter(tags=["decisions"])

    @router.get("/v1/purchases", openapi_extra={"x-access": "accounts:read"}, dependencies=[Depends(require(desk.verifier, "accounts:read"))])
    async def purchase(merchant: Annotated[Id, Query()], purchase_id: Annotated[Id, Query()]) -> Purchase:
        """Show every decision about a purchase: why it earned, and why not."""
        _refuse_nul(merchant, purchase_id)
        async with snapshot(desk.pool) as connection:
            key = purchase_key(merchant, purchase_id)
            found, taken = await reading.revisions(connection, key), await returns.reversals(connection, [key])
        if not found:
            raise Problem(404, "unknown-purchase", "No such purchase was decided")
        revisions = tuple(
            Decision(
                revision=each.revision,
                verdict=Verdict(each.verdict),
                reason=each.reason,
                programme=each.programme,
                programme_version=each.programme_version,
                occurred_at=each.occurred_at,
                explanation=None if each.decision is None else wire.explanation(each.decision),
            )
            for each in found
        )
        return Purchase(merchant=merchant, purchase_id=purchase_id, revisions=revisions, reversals=tuple(map(_reversal, taken)))

    @router.get("/v1/verdicts", openapi_extra={"x-access": "verdicts:read"}, dependencies=[Depends(require(desk.verifier, "verdicts:read"))])
    async def verdict(source: Annotated[Id, Query()], event_id: Annotated[Id, Query()]) -> EventVerdict:
        """Tell what became of an event. There is one answer, for ever."""
        _refuse_nul(source, event_id)
        async with snapshot(desk.pool) as connection:
            found = await verdict_of(connection, source, event_id)
        if found is None:
            raise Problem(404, "unknown-event", "No such event has been seen")
        return EventVerdict(source=source, event_id=event_id, verdict=found.verdict, reason=found.reason, decided_at=found.decided_at)

    return router


def _reversal(row: Reversed) -> Reversal:
    return Reversal.model_validate(
        {
            "kind": row.kind,
            "return_id": orjson.loads(row.body).get("return_id"),
            "points_taken": row.taken,
            "points_forgiven": row.forgiven,
            "debt": row.owed,
            "points_kept": row.kept,
            "occurred_at": row.occurred_at,
            "explanation": wire.explanation(row.decision),
        }
    )


def _refuse_nul(*texts: str) -> None:
    """No id contains U+0000, and keys are made by joining with it."""
    if any("\0" in text for text in texts):
        raise Problem(422, "invalid-request", "The request is not valid", "Ids contain no U+0000.")
