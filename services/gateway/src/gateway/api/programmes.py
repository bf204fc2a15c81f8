"""The rules in force."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from contracts.fields import Id
from contracts.replies import Programme, Programmes
from contracts.terms import PublicTerms
from gateway.api import examples
from gateway.api.operations import PUBLIC, operation
from gateway.api.parts import Gateway
from gateway.api.recent import SECONDS, Recent

Name = Annotated[Id, Path(json_schema_extra={"example": "coffee-bonus"})]
Language = Annotated[Literal["en", "ru"], Query()]
Form = Annotated[Literal["json", "markdown", "html"], Query(alias="format", description="`markdown`, or a page of `html` that needs nothing beside it.")]
MEDIA_TYPES = {"json": "application/json", "markdown": "text/markdown; charset=utf-8", "html": "text/html; charset=utf-8"}
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="The version in force, where it is not given.")]


def routes(gateway: Gateway) -> APIRouter:
    """Return the routes about programmes."""
    router = APIRouter(tags=["programmes"])
    recent = Recent()

    @router.get(
        "/v1/programmes",
        response_model=Programmes,
        summary="The programmes",
        **operation(gateway.verifier, "programmes:read", reply=examples.PROGRAMMES),
    )
    async def programmes(request: Request) -> Response:
        """List every programme, with its version in force."""
        return await recent.answer(request, lambda: gateway.accrual.programmes(gateway.query(request)))

    @router.get(
        "/v1/programmes/{programme}",
        response_model=Programme,
        summary="A programme",
        **operation(gateway.verifier, "programmes:read", reply=examples.PROGRAMME, problems=["unknown-programme"]),
    )
    async def one_programme(programme: Name, request: Request, version: Version = None) -> Response:
        """Show one version of a programme, with its document."""
        return await recent.answer(request, lambda: gateway.accrual.programme(programme, gateway.query(request), version=version))

    @router.get(
        "/v1/programmes/{programme}/terms",
        response_model=PublicTerms,
        summary="The terms of a programme",
        **operation(gateway.verifier, PUBLIC, reply=examples.TERMS, texts=["text/markdown", "text/html"], problems=["unknown-programme"]),
    )
    async def terms(programme: Name, request: Request, lang: Language = "en", form: Form = "json") -> Response:
        """Say the version in force to anybody, made of the rules that run: each paragraph names the part of the document that it is made of."""
        said = await gateway.accrual.terms(programme, lang, gateway.public_query(request, "programmes:read"))
        body = {"json": PublicTerms(**said.model_dump()).model_dump_json(), "markdown": said.markdown, "html": said.html}[form]
        headers = {"cache-control": f"public, max-age={SECONDS}", "content-language": lang}
        if form == "html":
            headers["content-security-policy"] = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
        return Response(body, media_type=MEDIA_TYPES[form], headers=headers)

    return router
