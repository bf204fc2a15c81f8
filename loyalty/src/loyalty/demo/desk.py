"""A till that registers people: it seals what is personal and signs that it saw the identifiers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from joserfc import jwt
from joserfc.jwk import OKPKey

from contracts.envelope import Event, Record, encode
from contracts.personal import SealKey, encrypt_personal, read_key
from contracts.registrations import ConsentGiven, PersonalPart, RegistrationSubmitted, TypedIdentifier
from loyalty.demo.people import Person
from loyalty.demo.story import HolderOf
from shared.local.keys import LocalKeys

SOURCE = "urn:loyalty-demo:registration-desk"
ISSUER = "till:demo-1"
MEMBERS_AUDIENCE = "loyalty-members"
TEXT_VERSION = "demo-1"
PROOF_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Desk:
    """Makes registrations for one programme."""

    programme: str
    holder_of: HolderOf
    seal: SealKey
    till: OKPKey

    @classmethod
    def of(cls, keys: LocalKeys, *, programme: str, holder_of: HolderOf) -> "Desk":
        """Open a desk with the keys of a local stack."""
        return cls(programme, holder_of, read_key(keys.registrations_public.read_bytes()), OKPKey.import_key(keys.till_private.read_bytes()))

    def register(self, who: Person, at: datetime) -> Record:
        """Make the record of one registration. The till saw every identifier, so each is linked at once."""
        registration_id = f"cdnow-registration-{who.customer:04}"
        hashes = [self.holder_of(kind, value) for kind, value in who.identifiers]
        request = RegistrationSubmitted(
            programme=self.programme,
            registration_id=registration_id,
            identifier=hashes[0],
            personal=encrypt_personal(_personal(who), self.seal),
            proof=self._proof(registration_id, hashes, at),
            store="web-shop",
            occurred_at=at,
        )
        return encode(Event(id=registration_id, source=SOURCE, type=request.type, time=at, data=request))

    def _proof(self, registration_id: str, hashes: list[str], at: datetime) -> str:
        claims = {
            "iss": ISSUER,
            "aud": MEMBERS_AUDIENCE,
            "sub": registration_id,
            "iat": int(at.timestamp()),
            "exp": int((at + PROOF_LIFETIME).timestamp()),
            "identifiers": hashes,
        }
        return jwt.encode({"alg": "Ed25519"}, claims, self.till, algorithms=["Ed25519"])


def _personal(who: Person) -> PersonalPart:
    return PersonalPart(
        identifiers=tuple(TypedIdentifier(kind=kind, value=value) for kind, value in who.identifiers),  # type: ignore[arg-type]
        given_name=who.given_name,
        family_name=who.family_name,
        consents=tuple(ConsentGiven(kind=kind, text_version=TEXT_VERSION) for kind in ("terms", "processing")),
    )
