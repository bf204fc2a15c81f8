"""The rules in force."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from contracts.fields import Id
from contracts.replies import Programme, Programmes
from gateway.api import examples
from gateway.api.operations import operation
from gateway.api.parts import Gateway
from gateway.api.recent import Recent

Name = Annotated[Id, Path(json_schema_extra={"example": "coffee-bonus"})]
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

    return router
