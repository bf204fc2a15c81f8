"""Answers that may be a few seconds old: kept that long for everybody who may see them, with an ETag."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256

from fastapi import Request, Response
from pydantic import BaseModel

#: A new programme version comes into force on a date that is known long before; nobody misses three seconds.
SECONDS = 3
#: More than any operator has programmes; the oldest answer goes first.
MAX_KEPT = 50


@dataclass(frozen=True, slots=True)
class _Kept:
    body: bytes
    etag: str
    until: float


class Recent:
    """Recent answers of one kind, by what was asked. Only for what is the same for everybody who may ask."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    async def answer(self, request: Request, ask: Callable[[], Awaitable[BaseModel]]) -> Response:
        """Answer from what is kept, or ask; 304 if the caller has it already. Problems and faults are never kept."""
        key = f"{request.url.path}?{request.url.query}"
        now = asyncio.get_running_loop().time()
        kept = self._kept.get(key)
        if kept is None or kept.until <= now:
            body = (await ask()).model_dump_json().encode()
            kept = _Kept(body, f'"{sha256(body).hexdigest()[:32]}"', now + SECONDS)
            self._keep(key, kept)
        headers = {"etag": kept.etag, "cache-control": f"private, max-age={SECONDS}", "vary": "authorization"}
        if _has(request.headers.get("if-none-match", ""), kept.etag):
            return Response(status_code=304, headers=headers)
        return Response(kept.body, media_type="application/json", headers=headers)

    def _keep(self, key: str, kept: _Kept) -> None:
        self._kept.pop(key, None)
        if len(self._kept) >= MAX_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[key] = kept


def _has(given: str, etag: str) -> bool:
    return any(each.strip().removeprefix("W/") in {etag, "*"} for each in given.split(","))
