"""The gateway as it runs, and small honest servers that stand where its owners are."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api import (
    adjustment_examples,
    contest_examples,
    coupon_examples,
    draft_examples,
    examples,
    hold_examples,
    migration_examples,
    referral_examples,
    reward_examples,
)

JSON = "application/json"
PROBLEM = "application/problem+json"

#: What an owner that knows Ana and nobody else answers.
ACCRUAL: dict[str, Any] = {
    f"GET /v1/accounts/m:{examples.ANA}": examples.BALANCE,
    f"GET /v1/accounts/m:{examples.ANA}/history": examples.HISTORY,
    f"GET /v1/accounts/m:{examples.ANA}/referrals": referral_examples.REFERRALS,
    f"POST /v1/accounts/m:{examples.ANA}/tier": examples.TIER,
    f"GET /v1/grants/{examples.GRANT_ID}": examples.GRANT,
    "GET /v1/purchases": examples.PURCHASE,
    "GET /v1/verdicts": examples.VERDICT,
    "POST /v1/quotes": examples.QUOTE,
    "POST /v1/holds": hold_examples.HOLD,
    f"GET /v1/holds/{hold_examples.HOLD_ID}": hold_examples.CAPTURED,
    f"POST /v1/holds/{hold_examples.HOLD_ID}/capture": hold_examples.CAPTURED,
    f"POST /v1/holds/{hold_examples.HOLD_ID}/release": hold_examples.RELEASED,
    "POST /v1/coupons": coupon_examples.CODES,
    f"GET /v1/coupons/{coupon_examples.CODE}": coupon_examples.STATE,
    "GET /v1/programmes/coffee-bonus/budgets": coupon_examples.LIMITS,
    "POST /v1/returns/quote": examples.RETURN_QUOTE,
    "GET /v1/programmes": examples.PROGRAMMES,
    "GET /v1/programmes/coffee-bonus": examples.PROGRAMME,
    "GET /v1/programmes/coffee-bonus/terms": {**examples.TERMS, "markdown": "# Coffee bonus", "html": "<h1>Coffee bonus</h1>"},
}
ACCRUAL |= {
    "POST /v1/adjustments": adjustment_examples.REQUESTED,
    "GET /v1/adjustments": adjustment_examples.WAITING,
    f"GET /v1/adjustments/{adjustment_examples.ADJUSTMENT_ID}": adjustment_examples.BOOKED,
    f"POST /v1/adjustments/{adjustment_examples.ADJUSTMENT_ID}/approve": adjustment_examples.BOOKED,
    "POST /v1/transfers": adjustment_examples.TRANSFER,
    f"GET /v1/accounts/m:{examples.ANA}/rewards": reward_examples.REWARDS,
    "GET /v1/raffles/coffee-bonus/spring": reward_examples.RAFFLE,
    "POST /v1/raffles/coffee-bonus/spring/commitment": reward_examples.RAFFLE,
    "POST /v1/raffles/coffee-bonus/spring/draw": reward_examples.RAFFLE,
    "GET /v1/programme-drafts": draft_examples.WAITING,
    "POST /v1/programme-drafts": draft_examples.DRAFT,
    f"GET /v1/programme-drafts/{draft_examples.DRAFT_ID}": draft_examples.REVIEWED,
    f"POST /v1/programme-drafts/{draft_examples.DRAFT_ID}/approve": draft_examples.PUBLISHED,
    "GET /v1/contests/coffee-bonus/spring": contest_examples.STANDINGS,
    f"GET /v1/accounts/m:{examples.ANA}/contests/coffee-bonus/spring": contest_examples.MY_STANDINGS,
    "GET /v1/social-actions": contest_examples.ACTIONS,
    f"GET /v1/social-actions/{contest_examples.ACTION_ID}": contest_examples.APPROVED,
    f"POST /v1/social-actions/{contest_examples.ACTION_ID}/approve": contest_examples.APPROVED,
    f"POST /v1/social-actions/{contest_examples.ACTION_ID}/reject": contest_examples.REJECTED,
    "GET /v1/surprises/coffee-bonus/lucky": reward_examples.SURPRISE,
    "GET /v1/migrations/coffee-bonus/old-cards": migration_examples.LOADED,
    "POST /v1/migrations/coffee-bonus/old-cards": migration_examples.ANNOUNCED,
    "POST /v1/migrations/coffee-bonus/old-cards/openings": migration_examples.DONE,
    "POST /v1/migrations/coffee-bonus/old-cards/undo": migration_examples.DONE,
    "POST /v1/migrations/coffee-bonus/old-cards/live": migration_examples.LIVE,
    "POST /v1/offers": reward_examples.OFFERS,
    "POST /v1/rewards/redeem": reward_examples.DRINK,
    "POST /v1/privileges/use": reward_examples.SAUNA,
    "POST /v1/entitlements/choose": reward_examples.CHOSEN,
    "POST /v1/entitlements/reserve": reward_examples.RESERVED,
    "POST /v1/entitlements/release": reward_examples.DRINK,
    "POST /v1/entitlements/use": reward_examples.USED,
    "POST /v1/entitlements/pay": reward_examples.PAID,
}
MEMBERS: Mapping[str, Any] = {
    f"GET /v1/members/{examples.ANA}": examples.MEMBER,
    "POST /v1/identifiers/resolve": {"identifier": examples.ANAS_CARD_HASH, "member_id": examples.ANA},
    "POST /v1/guests/waiting": examples.WAITING,
    "POST /v1/registrations": examples.ACCEPTED,
}


@dataclass
class Owner:
    """An owning service that answers what it is told to, and remembers what it was asked."""

    answers: dict[str, Any]
    asked: list[Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    url: str = ""

    def forget(self, answers: Mapping[str, Any]) -> None:
        """Start anew with these answers."""
        self.answers = dict(answers)
        self.asked.clear()
        self.bodies.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.asked.append(request)
        self.bodies.append(await request.body())
        answer = self.answers.get(f"{request.method} {request.url.path}")
        if callable(answer):
            await answer(scope, receive, send)
        elif answer is None:
            await problem(404, "unknown-thing")(scope, receive, send)
        else:
            await Response(orjson.dumps(answer), media_type=JSON)(scope, receive, send)


def problem(status: int, code: str, **more: Any) -> Response:
    """Refuse as our services do."""
    document = {"type": f"urn:loyalty:problem:{code}", "title": "No", "status": status, "code": code, **more}
    return Response(orjson.dumps(document), status, media_type=PROBLEM, headers={"retry-after": "7"} if status == 429 else {})


async def silence(scope: Scope, receive: Receive, send: Send) -> None:
    """Take the question and never answer it."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def flood(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without end."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    with contextlib.suppress(OSError):
        for _ in range(10_000):
            await send({"type": "http.response.body", "body": b" " * 64 * 1024, "more_body": True})


def says(status: int, body: bytes, media_type: str = JSON) -> Response:
    """Answer exactly this."""
    return Response(body, status, media_type=media_type)


@contextlib.asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an app on a free port of this machine, and give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1))
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            server.force_exit = True
            await serving


async def nobody_listens() -> str:
    """Give an address where nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the OpenAPI document, to be called by its own examples."""

    method: str
    path: str
    said: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def scopes(self) -> list[str]:
        return str(self.said["x-access"]).split()

    @property
    def success(self) -> tuple[int, Mapping[str, Any]]:
        status = min(self.said["responses"])
        return int(status), self.said["responses"][status]["content"][JSON]

    def example(self) -> dict[str, Any]:
        """Return the arguments of a request, all from the document: of a body, its first media type."""
        path, query, headers = self.path, {}, {}
        for parameter in self.said.get("parameters", ()):
            example = parameter.get("example") or parameter["schema"].get("example")
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", example)
            elif parameter.get("required"):
                {"query": query, "header": headers}[parameter["in"]][parameter["name"]] = example
        body = None
        if "requestBody" in self.said:
            headers["content-type"], said = next(iter(self.said["requestBody"]["content"].items()))
            body = orjson.dumps(said["example"])
        return {"method": self.method.upper(), "url": path, "params": query, "headers": headers, "content": body}


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """List the operations of a document."""
    return [Operation(method, path, said) for path, methods in document["paths"].items() for method, said in methods.items()]
