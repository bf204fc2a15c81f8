"""Registrations for the faults: a person with many addresses, and the same registration by Kafka and by HTTP."""

from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey

from contracts.envelope import Event
from contracts.personal import encrypt_personal, read_key
from contracts.registrations import ConsentGiven, PersonalPart, RegistrationSubmitted, TypedIdentifier
from e2e.builders import PROGRAMME, SHOP, Cast

CONSENTS = (ConsentGiven(kind="terms", text_version="t1"), ConsentGiven(kind="processing", text_version="p1"))


@dataclass(frozen=True)
class Joining:
    """Somebody who joins at a till that has seen all of these addresses."""

    cast: Cast
    names: tuple[str, ...]
    number: str
    """The registration's own: told again under the same, it is the same."""

    @property
    def _proof(self) -> str:
        issued = int(self.cast.now.timestamp())
        claims: dict[str, Any] = {
            "iss": "till:faults",
            "aud": "loyalty-members",
            "sub": self.number,
            "iat": issued,
            "exp": issued + 900,
            "identifiers": [self.cast.holder(name) for name in self.names],
        }
        return jwt.encode({"alg": "Ed25519"}, claims, OKPKey.import_key(self.cast.keys.till_private.read_bytes()), algorithms=["Ed25519"])

    def event(self) -> Event[RegistrationSubmitted]:
        """Say it by Kafka."""
        identifiers = tuple(TypedIdentifier(kind="email", value=self.cast.email(name)) for name in self.names)
        personal = PersonalPart(identifiers=identifiers, given_name=self.names[0], consents=CONSENTS)
        data = RegistrationSubmitted(
            programme=PROGRAMME,
            registration_id=self.number,
            identifier=self.cast.holder(self.names[0]),
            personal=encrypt_personal(personal, read_key(self.cast.keys.registrations_public.read_bytes())),
            proof=self._proof,
            occurred_at=self.cast.now,
        )
        return Event(id=self.number, source=SHOP, type=RegistrationSubmitted.type, time=self.cast.now, data=data)

    def request(self) -> dict[str, Any]:
        """Say it by HTTP: what a client's `post` is given."""
        body = {
            "programme": PROGRAMME,
            "identifiers": [{"kind": "email", "value": self.cast.email(name)} for name in self.names],
            "given_name": self.names[0],
            "consents": [{"kind": consent.kind, "text_version": consent.text_version} for consent in CONSENTS],
            "proof": self._proof,
        }
        return {"url": "/v1/registrations", "json": body, "headers": {"idempotency-key": self.number}}
