"""The operators' routes: dead letters listed, shown, redriven and discarded; consumers listed and resumed."""

from typing import Annotated, cast

import asyncpg
import structlog
from fastapi import APIRouter, Depends, Path, Query, Response

from shared.auth import Principal, require
from shared.deadletters import repair, table
from shared.operations import consumers
from shared.operations.desk import READ, WRITE, Desk, IdempotencyKey
from shared.operations.wire import Filter, Key, Letters, Repair, Repaired, WholeLetter, cursor_after, letter_of, read_cursor, whole_letter_of
from shared.problems import Problem

log = structlog.get_logger(__name__)

MOST_LISTED = 200
_REPAIRS = {"redrive": repair.redrive, "discard": repair.discard}


class Listed(Filter):
    """A filter, and a page of what it leaves."""

    cursor: str | None = None
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50


def routes(desk: Desk) -> APIRouter:
    """Return the routes that every service with a database has."""
    router = APIRouter(prefix="/v1", tags=["operations"])
    consumers.add_to(router, desk)

    @router.get("/dead-letters", openapi_extra={"x-access": READ}, dependencies=[Depends(require(desk.verifier, READ))])
    async def dead_letters(asked: Annotated[Listed, Query()]) -> Letters:
        """List records that were put aside, newest failure first."""
        before = None if asked.cursor is None else read_cursor(asked.cursor)
        async with desk.pool.acquire() as proxy:
            found = await table.page(cast("asyncpg.Connection", proxy), asked.which(), before=before, limit=asked.limit + 1)
        shown = found[: asked.limit]
        return Letters(items=[letter_of(each) for each in shown], next=cursor_after(shown[-1]) if len(found) > asked.limit else None)

    @router.get("/dead-letters/{key}", openapi_extra={"x-access": READ}, dependencies=[Depends(require(desk.verifier, READ))])
    async def dead_letter(key: Annotated[Key, Path()]) -> WholeLetter:
        """Show one with its record, as long as that is kept."""
        async with desk.pool.acquire() as proxy:
            found = await table.find(cast("asyncpg.Connection", proxy), bytes.fromhex(key))
        if found is None:
            raise Problem(404, "unknown-dead-letter", "No such record was put aside")
        return whole_letter_of(*found)

    @router.post("/dead-letters/redrive", response_model=Repaired, openapi_extra={"x-access": WRITE})
    async def redrive(asked: Repair, principal: Annotated[Principal, Depends(require(desk.verifier, WRITE))], key: IdempotencyKey = None) -> Response:
        """Send dead records to their topics again under their own ids, oldest first. Each counts once, however often it is sent."""
        return await _repair(desk, "redrive", asked, principal, key)

    @router.post("/dead-letters/discard", response_model=Repaired, openapi_extra={"x-access": WRITE})
    async def discard(asked: Repair, principal: Annotated[Principal, Depends(require(desk.verifier, WRITE))], key: IdempotencyKey = None) -> Response:
        """Let dead records go: their bytes are deleted here, that they were dead is not."""
        return await _repair(desk, "discard", asked, principal, key)

    return router


async def _repair(desk: Desk, what: str, asked: Repair, principal: Principal, key: str | None) -> Response:
    order = repair.Order(which=asked.which(), limit=asked.limit, by=principal.subject, dry_run=asked.dry_run)

    async def effect(connection: asyncpg.Connection) -> Repaired:
        now = desk.clock()
        done = await _REPAIRS[what](connection, order, now=now)
        if not asked.dry_run:
            log.info("dead letters repaired", how=what, count=done.count, by=principal.subject)
        return Repaired.of(done, dry_run=asked.dry_run, now=now)

    if not asked.dry_run:
        return await desk.take(f"POST /v1/dead-letters/{what}", principal, key, asked, effect)
    async with desk.pool.acquire() as proxy, proxy.transaction(isolation="repeatable_read", readonly=True):
        counted = await effect(cast("asyncpg.Connection", proxy))
    return Response(counted.model_dump_json(), media_type="application/json")
