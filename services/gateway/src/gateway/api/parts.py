"""What the routes stand on: the owners, the gateway's own tokens, and how long a caller waits at most."""

import asyncio
import re
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import structlog
from fastapi import Request

from gateway.clients.accrual import Accrual
from gateway.clients.broker import Broker
from gateway.clients.members import Members
from gateway.clients.services import Asking
from gateway.clients.tokens import ServiceTokens
from shared.auth import Verifier
from shared.logs import traceparent
from shared.problems import Problem

KEY = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Everything that a route needs to answer."""

    accrual: Accrual
    members: Members
    broker: Broker
    tokens: ServiceTokens
    verifier: Verifier
    query_seconds: float
    command_seconds: float

    def query(self, request: Request) -> Asking:
        """Return who asks, with a query's deadline. The token has been checked before."""
        return _asking(request, self.query_seconds)

    def query_as_gateway(self, request: Request, *scopes: str) -> Asking:
        """Return a query in the gateway's own name, with these scopes and no more."""
        return self.query(request).with_token(self.tokens.token(*scopes))

    def public_query(self, request: Request, *scopes: str) -> Asking:
        """Return a query of somebody without a token, in the gateway's own name. Only for what anybody may know."""
        return _asking(request, self.query_seconds, token=self.tokens.token(*scopes))

    def command(self, request: Request) -> Asking:
        """Return who asks for an effect, with a command's deadline and the Idempotency-Key that makes asking twice harmless."""
        key = request.headers.get("idempotency-key", "")
        if KEY.fullmatch(key) is None:
            raise Problem(400, "key-missing", "Idempotency-Key missing", "Send an Idempotency-Key header of 1 to 200 visible ASCII characters.")
        return _asking(request, self.command_seconds).with_mark("idempotency-key", key)

    def command_of_member(self, request: Request, member_id: UUID, *scopes: str) -> Asking:
        """Return a member's command in the gateway's own name, with these scopes. Two members may choose one key: each has their own of it."""
        asking = self.command(request).with_token(self.tokens.token(*scopes))
        own = sha256(f"{member_id}\n{asking.marks['idempotency-key']}".encode()).hexdigest()
        return asking.with_mark("idempotency-key", own)


def _asking(request: Request, seconds: float, *, token: str | None = None) -> Asking:
    found = {"x-request-id": structlog.contextvars.get_contextvars().get("request_id"), "traceparent": traceparent.get()}
    marks = {name: value for name, value in found.items() if value is not None}
    return Asking(token=request.state.principal.token if token is None else token, marks=marks, deadline=asyncio.get_running_loop().time() + seconds)
