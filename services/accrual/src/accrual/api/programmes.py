"""Programmes: which there are, their documents, and publishing a new version."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from accrual.api.parts import Desk, document_text
from accrual.api.replies import Programme, ProgrammeInForce, Programmes
from accrual.domain import programme as domain
from accrual.domain.terms.page import terms_of
from accrual.domain.terms.rendering import as_html, as_markdown, as_record
from accrual.handlers.publishing import SECRET_BYTES, publish
from accrual.store.snapshots import snapshot, transaction
from contracts.drafts import Published
from contracts.fields import Id
from contracts.terms import WrittenTerms
from shared.auth import require
from shared.ids import random_bytes
from shared.problems import Problem

Version = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
_DOCUMENT = {"application/yaml": {"schema": {"type": "string"}}, "application/json": {"schema": {"type": "object"}}}


def routes(desk: Desk) -> APIRouter:
    """Return the routes about programmes."""
    router = APIRouter(tags=["programmes"])
    reader, writer = Depends(require(desk.verifier, "programmes:read")), Depends(require(desk.verifier, "programmes:write"))

    @router.get("/v1/programmes", openapi_extra={"x-access": "programmes:read"}, dependencies=[reader])
    async def programmes() -> Programmes:
        """List the programmes, each with the version in force; one that is not in force, with its latest."""
        now = desk.clock()
        async with snapshot(desk.pool) as connection:
            published = await desk.catalogue.current(connection)
        latest = {version.terms.id: version for version in published.all()}
        return Programmes(items=tuple(ProgrammeInForce(**_shown(published.in_force(each, at=now) or version)) for each, version in latest.items()))

    @router.get("/v1/programmes/{programme}", openapi_extra={"x-access": "programmes:read"}, dependencies=[reader])
    async def programme(programme: Id, version: Version = None) -> Programme:
        """Show one version of a programme with its document; without a number, the one in force or else the latest."""
        found = await _wanted(desk, programme, version)
        return Programme(**_shown(found), document=found.document.as_json())

    @router.get("/v1/programmes/{programme}/terms", openapi_extra={"x-access": "programmes:read"}, dependencies=[reader])
    async def terms(programme: Id, lang: Literal["en", "ru"] = "en", version: Version = None) -> WrittenTerms:
        """Say a version to members, paragraph by paragraph, each tied to the part of the document that it is made of. Made of the rules that run."""
        made = terms_of((await _wanted(desk, programme, version)).document, lang)
        return WrittenTerms.model_validate({**as_record(made), "markdown": as_markdown(made), "html": as_html(made)})

    @router.post(
        "/v1/programmes",
        status_code=201,
        openapi_extra={"x-access": "programmes:write", "requestBody": {"required": True, "content": _DOCUMENT}},
        dependencies=[writer],
    )
    async def new_version(request: Request, response: Response) -> Published:
        """Publish a version at once, where one person may: YAML or JSON. 201 for a new one, 200 for the same document again.

        A published version never changes. Elsewhere 403 `second-person`: propose a draft, and let somebody else approve it.
        """
        if not desk.one_step:
            raise Problem(403, "second-person", "Documents are published by two people", "POST /v1/programme-drafts proposes one.")
        text = await document_text(request)
        async with transaction(desk.pool) as connection:
            publication = await publish(connection, desk.catalogue, text, now=desk.clock(), secret=random_bytes(SECRET_BYTES))
        desk.nudge.set()
        if not publication.is_new:
            response.status_code = 200
        terms = publication.programme.terms
        return Published(programme=terms.id, version=terms.version, effective_from=terms.starts_at)

    return router


async def _wanted(desk: Desk, programme: str, version: int | None) -> domain.Programme:
    async with snapshot(desk.pool) as connection:
        published = await desk.catalogue.current(connection)
    found = published.in_force(programme, at=desk.clock()) or published.latest(programme) if version is None else published.version(programme, version)
    if found is None:
        raise Problem(404, "unknown-programme", "There is no such programme, or not this version of it")
    return found


def _shown(programme: domain.Programme) -> dict[str, object]:
    terms = programme.terms
    return {"programme": terms.id, "version": terms.version, "effective_from": terms.starts_at, "effective_until": terms.ends_at}
