"""The pages people look at, readable without a token: for now, the reference of the API and the document it is made from."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.pages import reference

SAFE = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


def routes(document: Mapping[str, Any]) -> APIRouter:
    """Return the routes of the pages about this OpenAPI document."""
    router = APIRouter(include_in_schema=False)
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    page = reference.render(document).encode()
    policy = reference.policy()

    @router.get("/")
    async def start() -> Response:
        """Lead a person who found the address to something to read."""
        return RedirectResponse("/docs")

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        """Show the reference, with a form for every operation."""
        return _fixed(request, page, "text/html; charset=utf-8", {"content-security-policy": policy})

    @router.get("/v1/openapi.json")
    async def openapi(request: Request) -> Response:
        """Show the OpenAPI document."""
        return _fixed(request, text, "application/json", {})

    return router


def _fixed(request: Request, body: bytes, media_type: str, headers: Mapping[str, str]) -> Response:
    """Return what does not change while the process lives, or 304 to whoever has it."""
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {**SAFE, **headers, "etag": etag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)
