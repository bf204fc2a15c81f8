"""Asks the gateway."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx

from loyalty.console import COULD_NOT, Failure
from loyalty.member.reference import Bought, Identifier

TIMEOUT_SECONDS = 10
SCOPES = ("members:read", "accounts:read", "verdicts:read", "programmes:read")
UNAUTHORISED, FORBIDDEN, NOT_FOUND = 401, 403, 404

Answer = dict[str, Any]


class Gateway:
    """The public query API. Every method gives the answer's JSON, or fails with what the gateway said."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._client = httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=TIMEOUT_SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def look_up(self, identifier: Identifier) -> Answer:
        """Find whoever has the identifier: a member, or a guest with points waiting."""
        return self._ask("POST", "/v1/members/look-up", json={"kind": identifier.kind, "value": identifier.value})

    def member(self, member_id: UUID) -> Answer:
        """Show a member without anything personal."""
        return self._ask("GET", f"/v1/members/{member_id}")

    def balance(self, member_id: UUID) -> Answer:
        """Show a member's accounts."""
        return self._ask("GET", f"/v1/members/{member_id}/balance")

    def history(self, member_id: UUID, *, limit: int) -> list[Answer]:
        """List a member's changes, newest first, up to a limit."""
        items: list[Answer] = []
        cursor: str | None = None
        while len(items) < limit:
            parameters = {"limit": str(min(100, limit - len(items)))} | ({"cursor": cursor} if cursor else {})
            page = self._ask("GET", f"/v1/members/{member_id}/history", params=parameters)
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        return items[:limit]

    def grant(self, grant_id: UUID) -> Answer:
        """Show one grant, and what remains of it."""
        return self._ask("GET", f"/v1/grants/{grant_id}")

    def purchase(self, bought: Bought) -> Answer:
        """Show every decision about a purchase."""
        return self._ask("GET", "/v1/purchases", params={"merchant": bought.merchant, "purchase_id": bought.purchase_id})

    def _ask(self, method: str, path: str, *, params: Mapping[str, str] | None = None, json: Any = None) -> Answer:
        try:
            response = self._client.request(method, path, params=params, json=json)
        except httpx.HTTPError as error:
            raise Failure(f"The gateway at {self._url} does not answer: {error}", advice="Is the stack up? See `loyalty status`.", code=COULD_NOT) from error
        if response.is_success:
            answer: Answer = response.json()
            return answer
        raise _refused(response)


def _refused(response: httpx.Response) -> Failure:
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    what = problem.get("detail") or problem.get("title") or f"the gateway answered {response.status_code}"
    advice = {
        UNAUTHORISED: "The token is not valid here: `loyalty token` makes one for the local stack.",
        FORBIDDEN: f"The token needs the scopes {', '.join(SCOPES)}.",
        NOT_FOUND: "Check the spelling. A purchase may also still be on its way: `loyalty status` shows whether all services run.",
    }.get(response.status_code, "")
    return Failure(f"{what} ({problem.get('code', response.status_code)})", advice=advice)
