"""One HTTP connection pool to the gateway, with a token in every request."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from loyalty_client.problems import no_answer, problem_of

Token = str | Callable[[], str] | Callable[[], Awaitable[str]]
"""A token, or a function that gives one that is still good: it is asked before each request, so let it remember."""

TIMEOUT_SECONDS = 10.0


class Api:
    """The gateway's HTTP. Answers are given as bytes; whatever is no success is a ProblemError."""

    def __init__(self, url: str, token: Token, *, timeout_seconds: float = TIMEOUT_SECONDS, verify: Any = True) -> None:
        self._token = token
        self._client = httpx.AsyncClient(base_url=url, timeout=timeout_seconds, verify=verify)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.aclose()

    async def get(self, path: str, parameters: Mapping[str, str] | None = None) -> bytes:
        """Ask. Raises ProblemError."""
        return await self._answer("GET", path, params=parameters)

    async def post(self, path: str, body: bytes, *, content_type: str = "application/json", headers: Mapping[str, str] | None = None) -> bytes:
        """Ask, with a body. Raises ProblemError."""
        return await self._answer("POST", path, content=body, headers={"content-type": content_type, **(headers or {})})

    async def _answer(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> bytes:
        try:
            response = await self._client.request(method, path, headers={"authorization": f"Bearer {await self._good_token()}", **(headers or {})}, **more)
        except httpx.TransportError as error:
            raise no_answer(error) from error
        if not response.is_success:
            raise problem_of(response)
        return response.content

    async def _good_token(self) -> str:
        if isinstance(self._token, str):
            return self._token
        given = self._token()
        return await given if inspect.isawaitable(given) else given
