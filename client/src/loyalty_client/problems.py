"""How the gateway says no, as exceptions: one class for each reaction, and the stable `code` for the rest."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import orjson


class ProblemError(Exception):
    """The gateway's problem (RFC 9457). Decide by the class, then by `code`; texts are for people and may change."""

    def __init__(self, status: int, code: str, title: str, *, document: Mapping[str, Any] | None = None, retry_after: float | None = None) -> None:
        detail = (document or {}).get("detail")
        super().__init__(f"{status} {code}: {title}{f' {detail}' if detail else ''}")
        self.status = status
        self.code = code
        self.title = title
        self.detail: str | None = detail
        self.errors: Sequence[Mapping[str, Any]] = (document or {}).get("errors") or ()
        """Every fault that was found, each with its place (`path`, or `index` of an event) and its reason."""
        self.request_id: str | None = (document or {}).get("request_id")
        """Name it when you ask the operator: the logs know it."""
        self.retry_after = retry_after
        """In seconds, where the gateway said so."""


class AccessError(ProblemError):
    """The token is missing, over, or lacks a scope (401, 403). Get another; the same request will not pass."""


class NotFoundError(ProblemError):
    """There is no such thing, or not yet (404)."""


class ConflictError(ProblemError):
    """Something else is going on with this (409)."""


class InvalidError(ProblemError):
    """The request is not as it should be (400, 413, 415, 422). It will never pass: mend it, or show it to somebody."""


class UnavailableError(ProblemError):
    """No answer, for now (408, 429, 5xx, or no connection). Ask again."""


_CLASSES: Mapping[int, type[ProblemError]] = {401: AccessError, 403: AccessError, 404: NotFoundError, 408: UnavailableError, 409: ConflictError}
_TOO_MANY, _SERVER_ERROR = 429, 500


def problem_of(response: httpx.Response) -> ProblemError:
    """Return the problem that a response tells; of a stranger in between (a proxy's page), as much as its status tells."""
    status = response.status_code
    unavailable = status == _TOO_MANY or status >= _SERVER_ERROR
    kind = UnavailableError if unavailable else _CLASSES.get(status, InvalidError)
    try:
        document = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        document = {}
    if not isinstance(document, dict):
        document = {}
    after = response.headers.get("retry-after", "")
    title = str(document.get("title", response.reason_phrase))
    return kind(status, str(document.get("code", f"http-{status}")), title, document=document, retry_after=float(after) if after.isdigit() else None)


def no_answer(error: httpx.TransportError) -> UnavailableError:
    """Return the problem of a gateway that gave no answer."""
    return UnavailableError(0, "no-answer", f"The gateway does not answer: {type(error).__name__}.")
