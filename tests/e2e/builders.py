"""The cast of the stories, and the events they cause. Everything is made from a token that is new for each test, so stories share one system."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey

from contracts.envelope import Event
from contracts.identifiers import identifier_hash
from contracts.personal import encrypt_personal, read_key
from contracts.purchases import Line, PurchaseRecorded
from contracts.registrations import ConsentGiven, PersonalPart, RegistrationSubmitted, TypedIdentifier
from shared.local.keys import LocalKeys

SHOP = "urn:test:shop"
PROGRAMME = "e2e"
MERCHANT = "e2e-shop"


def secret(file: Path) -> bytes:
    """Read an identifier key as a till does."""

    text = file.read_text().strip()
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Cast:
    """Makes people and receipts that no other test knows."""

    token: str
    keys: LocalKeys
    now: datetime
    numbers: Any = field(default_factory=lambda: count(1))

    def email(self, name: str) -> str:
        """Give a person's address."""
        return f"{name}.{self.token}@example.org"

    def holder(self, name: str) -> str:
        """Give the hash under which the person's e-mail travels."""
        return identifier_hash(key=secret(self.keys.identifier("email")), kind="email", normal_form=self.email(name))

    def a_purchase(self, holder: str | None, *, total_cents: int = 12_00, event_id: str | None = None, **other: Any) -> Event[PurchaseRecorded]:
        """Make a receipt with one line, an hour old."""
        number = next(self.numbers)
        given: dict[str, Any] = {
            "merchant": MERCHANT,
            "purchase_id": f"{self.token}-{number}",
            "holder": holder,
            "currency": "EUR",
            "occurred_at": self.now - timedelta(hours=1),
            "lines": (Line(line_id="1", sku="coffee", category="coffee", paid_amount=total_cents),),
        }
        data = PurchaseRecorded(**(given | other))
        return Event(id=event_id or f"{self.token}-event-{number}", source=SHOP, type=PurchaseRecorded.type, time=self.now, data=data)

    def a_registration(self, name: str, *, proven: bool = True) -> Event[RegistrationSubmitted]:
        """Make a registration by e-mail; a trusted till has seen the address, unless told otherwise."""
        registration_id = f"{self.token}-registration-{next(self.numbers)}"
        personal = PersonalPart(
            identifiers=(TypedIdentifier(kind="email", value=self.email(name)),),
            given_name=name,
            consents=(ConsentGiven(kind="terms", text_version="t1"), ConsentGiven(kind="processing", text_version="p1")),
        )
        data = RegistrationSubmitted(
            programme=PROGRAMME,
            registration_id=registration_id,
            identifier=self.holder(name),
            personal=encrypt_personal(personal, read_key(self.keys.registrations_public.read_bytes())),
            proof=self._proof(registration_id, self.holder(name)) if proven else None,
            occurred_at=self.now,
        )
        return Event(id=registration_id, source=SHOP, type=RegistrationSubmitted.type, time=self.now, data=data)

    def _proof(self, registration_id: str, identifier: str) -> str:
        issued = int(self.now.astimezone(UTC).timestamp())
        claims: Mapping[str, Any] = {
            "iss": "till:e2e",
            "aud": "loyalty-members",
            "sub": registration_id,
            "iat": issued,
            "exp": issued + 900,
            "identifiers": [identifier],
        }
        return jwt.encode({"alg": "Ed25519"}, dict(claims), OKPKey.import_key(self.keys.till_private.read_bytes()), algorithms=["Ed25519"])
