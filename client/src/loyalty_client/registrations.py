"""Registrations: what is personal sealed for members, and a trusted till's word that it has seen an identifier."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import OKPKey

from contracts.personal import SealKey, encrypt_personal
from contracts.registrations import PersonalPart, RegistrationSubmitted
from loyalty_client.identifiers import IdentifierKeys

_AUDIENCE = "loyalty-members"
_ALGORITHM = "Ed25519"
#: A proof travels with its registration; it has to be good when the broker takes that, not when it is read.
_PROOF_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """A till whose word counts: it has scanned the card, or its person has seen the code arrive on the phone."""

    name: str
    key: OKPKey = field(repr=False)

    @classmethod
    def from_file(cls, name: str, path: Path) -> "Till":
        """Read the key that tills sign with (Ed25519, PEM)."""
        return cls(name=name, key=OKPKey.import_key(path.read_bytes()))

    def proof(self, registration_id: str, holders: Collection[str], *, now: datetime) -> str:
        """State, for one registration and 15 minutes, that these identifiers were shown here."""
        claims = {
            "iss": f"till:{self.name}",
            "aud": _AUDIENCE,
            "sub": registration_id,
            "iat": int(now.timestamp()),
            "exp": int((now + _PROOF_LIFETIME).timestamp()),
            "identifiers": list(holders),
        }
        return jwt.encode({"alg": _ALGORITHM}, claims, self.key, algorithms=[_ALGORITHM])


def registration(
    person: PersonalPart, *, programme: str, registration_id: str, keys: IdentifierKeys, seal: SealKey, now: datetime, proof: str | None = None
) -> RegistrationSubmitted:
    """Build a registration. The person's first identifier names it; everything personal is sealed with members' public key.

    What a trusted till's `proof` names is the member's at once; for the rest members asks for proof. `registration_id` is yours, and stays
    the same if you send the registration again. Raises NoIdentifierError where the first identifier is none.
    """
    first = person.identifiers[0]
    return RegistrationSubmitted(
        programme=programme,
        registration_id=registration_id,
        identifier=keys.holder(first.kind, first.value),
        personal=encrypt_personal(person, seal),
        proof=proof,
        occurred_at=now,
    )
