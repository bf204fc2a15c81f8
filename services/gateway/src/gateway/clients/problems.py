"""The problems of the owning services, as far as they may be shown to a caller."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from gateway.clients.connections import Answer
from shared.problems import Problem

#: In seconds: most faults are one slow answer, and a service that was killed is back within ten.
RETRY_AFTER = "1"
PASSED_HEADERS = ("retry-after",)
#: What an owner may say to a caller. A 401 is missing on purpose: the gateway has checked the caller's token, so it means that the
#: owner and the gateway disagree about keys, and that is no fault of the caller.
SHOWN = frozenset({400, 403, 404, 409, 413, 422, 429})


class Unavailable(Problem):
    """An owning service gave no answer that can be shown: late, down, failed or wrong. Not caught, it is the answer itself."""

    def __init__(self, service: str) -> None:
        super().__init__(
            503, "service-unavailable", "A service does not answer", "The service that owns the answer gave none in time.", headers={"Retry-After": RETRY_AFTER}
        )
        self.service = service


class _Shown(BaseModel):
    model_config = ConfigDict(extra="ignore")

    code: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
    title: Annotated[str, StringConstraints(max_length=200)]
    detail: Annotated[str, StringConstraints(max_length=2_000)] | None = None
    errors: list[dict[str, Any]] | None = None
    reasons: list[str] | None = None
    missing: int | None = None
    hold: dict[str, Any] | None = None


def problem_of(answer: Answer) -> Problem | None:
    """Return the owner's problem, or None if its answer is no problem that may be shown."""
    if answer.status not in SHOWN or not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return None
    try:
        shown = _Shown.model_validate_json(answer.body)
    except ValidationError:
        return None
    extra = shown.model_dump(include={"errors", "reasons", "missing", "hold"}, exclude_none=True)
    headers = {name: answer.headers[name] for name in PASSED_HEADERS if name in answer.headers}
    return Problem(answer.status, shown.code, shown.title, shown.detail, headers=headers, **extra)
