"""Publishing by two people: one proposes a programme document, another approves it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from contracts.drafts import Draft, Drafts, OneDraft, Published
from gateway.api.draft_examples import DOCUMENT, DRAFT, DRAFT_ID, PUBLISHED, REVIEWED, WAITING
from gateway.api.operations import IDEMPOTENCY_KEY, OF_A_DOCUMENT, OF_A_DRAFT, Bodies, operation
from gateway.api.parts import Gateway
from gateway.api.replies import written
from shared.problems import Problem

DraftId = Annotated[UUID, Path(json_schema_extra={"example": DRAFT_ID})]
JSON, YAML = "application/json", "application/yaml"
BODIES: dict[str, Any] = {
    JSON: {"schema": {"type": "object"}, "example": DOCUMENT},
    YAML: {"schema": {"type": "string", "description": "As a file of a programme is written: errors name its lines."}},
}


def routes(gateway: Gateway) -> APIRouter:
    """Return the routes about drafts."""
    router = APIRouter(tags=["programmes"])
    verifier = gateway.verifier

    @router.get("/v1/programme-drafts", response_model=Drafts, summary="What waits for approval", **operation(verifier, "programmes:read", reply=WAITING))
    async def waiting_drafts(request: Request) -> Response:
        """Show the versions that wait for somebody to approve them, the oldest first, a hundred at most."""
        return written(await gateway.accrual.drafts(gateway.query(request)))

    @router.get(
        "/v1/programme-drafts/{draft_id}",
        response_model=OneDraft,
        summary="A version to be approved",
        **operation(verifier, "programmes:read", reply=REVIEWED, problems=["unknown-draft"]),
    )
    async def one_draft(draft_id: DraftId, request: Request) -> Response:
        """Show a proposed version, and what changes for members compared with the latest one."""
        return written(await gateway.accrual.draft(draft_id, gateway.query(request)))

    @router.post(
        "/v1/programme-drafts",
        response_model=Draft,
        summary="Propose a version",
        **operation(verifier, "programmes:write", status=201, reply=DRAFT, body=Bodies(BODIES), parameters=[IDEMPOTENCY_KEY], problems=OF_A_DOCUMENT),
    )
    async def propose_draft(request: Request) -> Response:
        """Propose a programme document, in YAML or JSON. It is checked now, and again when somebody else approves it, within a day."""
        body, asking = await request.body(), gateway.command(request)
        return written(await gateway.accrual.propose(body, asking, media_type=_media_type(request)), status=201)

    @router.post(
        "/v1/programme-drafts/{draft_id}/approve",
        response_model=Published,
        summary="Approve a version",
        **operation(verifier, "programmes:approve", reply=PUBLISHED, parameters=[IDEMPOTENCY_KEY], problems=OF_A_DRAFT),
    )
    async def approve_draft(draft_id: DraftId, request: Request) -> Response:
        """Publish what somebody else proposed: it is in force from its date, and never changes."""
        return written(await gateway.accrual.approve_draft(draft_id, gateway.command(request)))

    return router


def _media_type(request: Request) -> str:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in BODIES:
        raise Problem(415, "unsupported-media-type", "This is no media type of documents", f"A document comes as {YAML} or {JSON}.")
    return given
