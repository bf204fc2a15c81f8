"""The cast of these tests, what they type, and how a till vouches for them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from contracts.envelope import Event
from contracts.identifiers import identifier_hash
from contracts.personal import encrypt_personal
from contracts.registrations import ConsentGiven, PersonalPart, RegistrationSubmitted, TypedIdentifier
from members.clients.hashes import Hashes
from members.clients.tills import Tills
from members.clients.vault import Vault
from members.domain.cards import check_digit
from members.domain.identifiers import Identifier, Kind, Spelling
from members.handlers.identifiers import normalise
from members.handlers.submissions import Office
from shared.ids import random_bytes

NOON = datetime(2025, 3, 10, 12, tzinfo=UTC)
PROGRAMME = "club"
PREFIX = "9000"
SPELLING = Spelling(region="RU", card_prefixes=frozenset({PREFIX}))
KEYS = {Kind.CARD: b"c" * 32, Kind.PHONE: b"p" * 32, Kind.EMAIL: b"e" * 32}
TERMS = (ConsentGiven(kind="terms", text_version="terms-3"), ConsentGiven(kind="processing", text_version="processing-2"))
Typed = tuple[str, str]


def a_card(number: int) -> Typed:
    body = f"{PREFIX}{number:011d}"
    return "card", body + check_digit(body)


def a_phone(number: int) -> Typed:
    return "phone", f"+7916{number:07d}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may register."""

    given_name: str
    family_name: str
    birth_date: str
    card: Typed
    phone: Typed
    email: Typed

    @property
    def all(self) -> tuple[Typed, Typed, Typed]:
        return self.phone, self.email, self.card


ANA = Person("Ana", "Quincewhistle", "1984-02-29", a_card(1), ("phone", "8 (916) 123-45-67"), ("email", "Ana.Q+shop@Example.COM"))
BORIS = Person("Boris", "Zanzibarov", "1971-11-05", a_card(2), ("phone", "+7 916 765 43 21"), ("email", "boris@пример.рф"))


@cache
def letters_key() -> ECKey:
    return ECKey.generate_key("P-256")


@cache
def till_key() -> OKPKey:
    return OKPKey.generate_key("Ed25519")


def an_office(**changes: Any) -> Office:
    parts: dict[str, Any] = {
        "spelling": SPELLING,
        "card_prefix": PREFIX,
        "card_prefixes": {},
        "hashes": Hashes(KEYS),
        "tills": Tills(till_key()),
        "vault": Vault(b"w" * 32, random_bytes=random_bytes),
    }
    return Office(**(parts | changes))


def holder_of(typed: Typed) -> str:
    """The identifier as everybody else knows it, computed as a till would."""
    kind, value = typed
    found = normalise(Kind(kind), value, spelling=SPELLING)
    assert isinstance(found, Identifier)
    return f"v:{found.normal}" if kind == "visitor" else identifier_hash(key=KEYS[found.kind], kind=kind, normal_form=found.normal)


def a_proof(registration_id: str, seen: Iterable[str], *, at: datetime = NOON, key: OKPKey | None = None, **claims: Any) -> str:
    """What a trusted till says of the identifiers it has seen; a claim given as None is left out."""
    stated = {
        "iss": "till:7",
        "aud": "loyalty-members",
        "sub": registration_id,
        "iat": int(at.timestamp()),
        "exp": int((at + timedelta(minutes=10)).timestamp()),
        "identifiers": list(seen),
    } | claims
    return jwt.encode({"alg": "Ed25519"}, {name: value for name, value in stated.items() if value is not None}, key or till_key(), algorithms=["Ed25519"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A registration form as somebody filled it in."""

    registration_id: str
    identifiers: tuple[Typed, ...]
    proven: tuple[Typed, ...] = ()
    person: Person = ANA
    consents: tuple[ConsentGiven, ...] = TERMS
    at: datetime = NOON
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def personal(self) -> PersonalPart:
        return PersonalPart(
            identifiers=tuple(TypedIdentifier(kind=kind, value=value) for kind, value in self.identifiers),
            given_name=self.person.given_name,
            family_name=self.person.family_name,
            birth_date=self.person.birth_date,
            consents=self.consents,
            **self.extra,
        )

    @property
    def proof(self) -> str | None:
        return a_proof(self.registration_id, map(holder_of, self.proven), at=self.at) if self.proven else None

    def event(self, event_id: str | None = None, *, source: str = "urn:store:1", **changes: Any) -> Event[RegistrationSubmitted]:
        fields: dict[str, Any] = {
            "programme": PROGRAMME,
            "registration_id": self.registration_id,
            "personal": encrypt_personal(self.personal, letters_key()),
            "proof": self.proof,
            "occurred_at": self.at,
        }
        if "identifier" not in changes:
            fields["identifier"] = holder_of(self.identifiers[0])
        data = RegistrationSubmitted(**(fields | changes))
        return Event(id=event_id or self.registration_id, source=source, type=data.type, time=self.at, data=data)


def a_form(registration_id: str, *identifiers: Typed, **parts: Any) -> Form:
    return Form(registration_id=registration_id, identifiers=identifiers, **parts)


def proven(registration_id: str, *identifiers: Typed, **parts: Any) -> Form:
    """A form at a till that has seen everything on it."""
    return Form(registration_id=registration_id, identifiers=identifiers, proven=identifiers, **parts)
