"""Who is asking: bearer tokens (JWT, Ed25519 and nothing else), and what their scopes allow."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from shared.clock import Clock, utc_now
from shared.problems import Problem

ISSUER = "loyalty"
LIFETIME = timedelta(minutes=15)
#: Fixed here and never taken from the token: a token that chooses its algorithm chooses its key.
_ALGORITHM = "Ed25519"
_LEEWAY_SECONDS = 30  # clocks differ
_MAX_TOKEN_CHARACTERS = 8_192
_MAX_SIGNED = 1_000  # tokens of the last quarter of an hour or so; the oldest is checked anew
_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="Ed25519, scopes in `scope`, 15 minutes.")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, and what they may."""

    subject: str
    scopes: frozenset[str]
    token: str
    """As it came, to be handed on to the services that answer for us."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """Believes tokens that one key signed for one audience."""

    key: OKPKey
    audience: str
    issuer: str = ISSUER
    clock: Clock = utc_now
    _signed: dict[str, dict[str, Any]] = field(init=False, default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_file(cls, public_key_file: Path, audience: str, *, issuer: str = ISSUER, clock: Clock = utc_now) -> Self:
        """Read the public key from PEM. Raises ValueError if it is no Ed25519 key."""
        key = OKPKey.import_key(public_key_file.read_bytes())
        if key.curve_name != "Ed25519":
            raise ValueError(f"{public_key_file} is no Ed25519 key")
        return cls(key=key, audience=audience, issuer=issuer, clock=clock)

    def verify(self, token: str) -> Principal:
        """Return who the token speaks for. Raises the Problem `token-invalid` for any other text, without saying which claim failed."""
        required = jwt.JWTClaimsRegistry(
            now=lambda: int(self.clock().timestamp()),
            leeway=_LEEWAY_SECONDS,
            exp={"essential": True},
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.audience},
            sub={"essential": True},
        )
        if len(token) > _MAX_TOKEN_CHARACTERS:
            raise _unauthorised("token-invalid", "The token is not valid")
        try:
            claims = self._claims(token)
            required.validate(claims)
        except (JoseError, ValueError, TypeError):
            raise _unauthorised("token-invalid", "The token is not valid") from None
        subject, scope = claims["sub"], claims.get("scope", "")
        if not isinstance(subject, str) or not isinstance(scope, str):
            raise _unauthorised("token-invalid", "The token is not valid")
        return Principal(subject=subject, scopes=frozenset(scope.split()), token=token)

    def _claims(self, token: str) -> dict[str, Any]:
        """Check the signature, once for a token: a caller asks many times with one, and the answer depends on text and key alone."""
        claims = self._signed.get(token)
        if claims is None:
            claims = jwt.decode(token, self.key, algorithms=[_ALGORITHM]).claims
            if len(self._signed) >= _MAX_SIGNED:
                self._signed.pop(next(iter(self._signed)))
            self._signed[token] = claims
        return claims


def issue(
    private_key: OKPKey, *, subject: str, scopes: Iterable[str], audience: str | list[str], now: datetime, lifetime: timedelta = LIFETIME, issuer: str = ISSUER
) -> str:
    """Sign a token. For local mode, services among themselves, and tests; people's tokens come from the operator's own issuer."""
    claims = {
        "iss": issuer,
        "sub": subject,
        "aud": audience,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "scope": " ".join(sorted(scopes)),
    }
    return jwt.encode({"alg": _ALGORITHM}, claims, private_key, algorithms=[_ALGORITHM])


def read_private_key(file: Path) -> OKPKey:
    """Read a private key from PEM, to `issue` with."""
    return OKPKey.import_key(file.read_bytes())


def require(verifier: Verifier, *scopes: str) -> Callable[..., Awaitable[Principal]]:
    """Make the FastAPI dependency of a route that wants all of these scopes; it gives the Principal.

    `principal: Annotated[Principal, Depends(require(verifier, "accounts:read"))]`. Answers 401 `token-missing` or `token-invalid`,
    403 `scope-missing`. The route says the same in `openapi_extra={"x-access": "accounts:read"}`.
    """

    async def principal_of(request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Principal:
        if credentials is None:
            raise _unauthorised("token-missing", "A bearer token is needed")
        principal = verifier.verify(credentials.credentials)
        missing = sorted(set(scopes) - principal.scopes)
        if missing:
            raise Problem(403, "scope-missing", "The token does not allow this", f"It lacks {' '.join(missing)}.")
        request.state.principal = principal
        return principal

    return principal_of


def _unauthorised(code: str, title: str) -> Problem:
    return Problem(401, code, title, headers={"WWW-Authenticate": "Bearer"})
