"""Programme documents on their way: proposed by one operator, approved by another."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from accrual.api.commanding import answered, command
from accrual.api.parts import Desk, document_text
from accrual.domain.document import reading
from accrual.domain.programmes import Programmes
from accrual.domain.terms.notice import notice_of
from accrual.handlers.drafting import LIFE, MOST, approve, propose
from accrual.handlers.publishing import SECRET_BYTES
from accrual.store import Connection, drafts
from accrual.store.snapshots import snapshot
from contracts.drafts import Changed, Draft, Drafts, OneDraft, Published
from shared import commands
from shared.auth import Principal, require
from shared.commanding import Key, said
from shared.ids import random_bytes
from shared.problems import Problem

_PROPOSE, _APPROVE = "POST /v1/programme-drafts", "POST /v1/programme-drafts/{draft_id}/approve"
_DOCUMENT: dict[str, Any] = {"application/yaml": {"schema": {"type": "string"}}, "application/json": {"schema": {"type": "object"}}}
_TAKES_DOCUMENT = {"x-access": "programmes:write", "requestBody": {"required": True, "content": _DOCUMENT}}


class _Proposed(BaseModel):
    document: str


def routes(desk: Desk) -> APIRouter:
    """Return the routes of drafts."""
    router = APIRouter(tags=["programmes"])
    reader: dict[str, Any] = {"openapi_extra": {"x-access": "programmes:read"}, "dependencies": [Depends(require(desk.verifier, "programmes:read"))]}
    Writer = Annotated[Principal, Depends(require(desk.verifier, "programmes:write"))]  # noqa: N806  a type
    Approver = Annotated[Principal, Depends(require(desk.verifier, "programmes:approve"))]  # noqa: N806  a type

    @router.get("/v1/programme-drafts", **reader)
    async def waiting() -> Drafts:
        """List what waits for approval."""
        async with snapshot(desk.pool) as connection:
            found = await drafts.open_since(connection, desk.clock() - LIFE, limit=MOST)
        return Drafts(items=tuple(_shown(each) for each in found))

    @router.get("/v1/programme-drafts/{draft_id}", **reader)
    async def one(draft_id: UUID) -> OneDraft:
        """Show a proposed version, and what changes for members compared with the latest version that is published."""
        async with snapshot(desk.pool) as connection:
            found = await drafts.find(connection, draft_id)
            published = await desk.catalogue.current(connection)
        if found is None:
            raise Problem(404, "unknown-draft", "There is no such draft")
        return _compared(found, published)

    @router.post("/v1/programme-drafts", status_code=201, response_model=Draft, openapi_extra=_TAKES_DOCUMENT)
    async def propose_one(request: Request, principal: Writer, key: Key = None) -> Response:
        """Propose a version: YAML or JSON. It is checked now, and again when somebody else approves it."""
        text = await document_text(request)
        asked = command(_PROPOSE, principal, key, _Proposed(document=text))

        async def effect(connection: Connection) -> commands.Reply:
            return said(201, _shown(await propose(connection, desk.catalogue, text, by=principal.subject, key=asked.key, now=desk.clock())))

        return await answered(desk, asked, effect)

    @router.post("/v1/programme-drafts/{draft_id}/approve", response_model=Published, openapi_extra={"x-access": "programmes:approve"})
    async def approve_one(draft_id: UUID, principal: Approver, key: Key = None) -> Response:
        """Approve what somebody else proposed: the version is published, and in force from its date."""
        asked = command(_APPROVE, principal, key, subject=str(draft_id))

        async def effect(connection: Connection) -> commands.Reply:
            secret = random_bytes(SECRET_BYTES)
            terms = (await approve(connection, desk.catalogue, draft_id, by=principal.subject, now=desk.clock(), secret=secret)).programme.terms
            return said(200, Published(programme=terms.id, version=terms.version, effective_from=terms.starts_at))

        return await answered(desk, asked, effect)

    return router


def _compared(draft: drafts.Draft, published: Programmes) -> OneDraft:
    before = next((each for each in reversed(published.all()) if each.terms.id == draft.programme and each.terms.version < draft.version), None)
    document = orjson.loads(draft.document)
    notice = notice_of(before.document, reading.read_json(document), "en") if before else None
    changes = (
        tuple(Changed(part=each.part, before=each.before, after=each.after, worse=each.worse, eased=each.eased) for each in notice.changes) if notice else ()
    )
    more = {"approved_by": draft.approved_by, "approved_at": draft.approved_at, "document": document}
    return OneDraft(
        **_shown(draft).model_dump(), **more, worse=notice is not None and notice.worse, eased_until=notice.eased_until if notice else None, changes=changes
    )


def _shown(draft: drafts.Draft) -> Draft:
    return Draft(
        draft_id=draft.id,
        programme=draft.programme,
        version=draft.version,
        effective_from=draft.effective_from,
        proposed_by=draft.proposed_by,
        proposed_at=draft.proposed_at,
        approve_by=draft.proposed_at + LIFE,
    )
