"""Reads a registration as it arrived: every identifier normalised and hashed, the proof checked, all faults found at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from contracts.registrations import PersonalPart
from members.clients.hashes import Hashes
from members.clients.tills import Tills
from members.clients.vault import Vault
from members.domain import cards
from members.domain.applications import Application, Consent, Profile, faults_of, needs_card
from members.domain.identifiers import Fault, Identifier, Kind, Spelling
from members.handlers.identifiers import normalise
from shared.ids import derived, event_key

SERVICE = "members"
_PROVES_NOTHING = Fault("proof-mismatch", "The proof names none of these identifiers.", "proof")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A registration, decrypted. `source` and `cause` say which event or command brought it; nothing personal shows in a log."""

    source: str
    cause: str
    registration_id: str
    programme: str
    personal: PersonalPart = field(repr=False)
    proof: str | None = field(repr=False)
    proven_at: datetime
    occurred_at: datetime
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """All that it takes to read a registration and to keep it: spelling, cards, and the keys."""

    spelling: Spelling
    card_prefix: str
    card_prefixes: Mapping[str, str]
    hashes: Hashes
    tills: Tills
    vault: Vault

    def card_of(self, submission: Submission, member_id: UUID, *, ordinal: int) -> tuple[str, Identifier]:
        """Draw a card from what was sent: a replay issues the same one, and nobody can tell it once that is gone."""
        sent = sha256(submission.personal.model_dump_json().encode()).digest()
        drawn = self.vault.draw(b"card", member_id.bytes, sent, ordinal.to_bytes())
        number = cards.issue(self.card_prefixes.get(submission.programme, self.card_prefix), randomness=drawn)
        card = Identifier(Kind.CARD, number, number)
        return self.hashes.holder_of(card), card


def read(submission: Submission, *, office: Office, now: datetime) -> Application | tuple[Fault, ...]:
    """Read a registration, or say everything that is wrong with it."""
    identifiers, faults = _identifiers(submission, office)
    personal = submission.personal
    profile = Profile(given_name=personal.given_name, family_name=personal.family_name, birth_date=personal.birth_date, language=personal.language)
    consents = [Consent(consent.kind, consent.text_version, consent.channel) for consent in personal.consents]
    faults += faults_of(profile, consents, occurred_at=submission.occurred_at, now=now)
    proven = _proven(submission, identifiers, office)
    if isinstance(proven, Fault):
        faults.append(proven)
    if faults or isinstance(proven, Fault):
        return tuple(faults)
    member_id = derived(service=SERVICE, source=submission.source, cause=submission.registration_id, type="member", holder="")
    return Application(
        key=event_key(submission.source, submission.registration_id),
        member_id=member_id,
        programme=submission.programme,
        identifiers=identifiers,
        proven=proven,
        card=office.card_of(submission, member_id, ordinal=0) if needs_card(identifiers, proven) else None,
        profile=profile,
        consents=consents,
        occurred_at=submission.occurred_at,
        referred_by=personal.referred_by,
    )


def _identifiers(submission: Submission, office: Office) -> tuple[dict[str, Identifier], list[Fault]]:
    identifiers: dict[str, Identifier] = {}
    faults = []
    for position, given in enumerate(submission.personal.identifiers):
        found = normalise(Kind(given.kind), given.value, spelling=office.spelling)
        if isinstance(found, Fault):
            faults.append(replace(found, place=f"identifiers.{position}.value"))
        else:
            identifiers.setdefault(office.hashes.holder_of(found), found)
    return identifiers, faults


def _proven(submission: Submission, identifiers: Mapping[str, Identifier], office: Office) -> frozenset[str] | Fault:
    if submission.proof is None:
        return frozenset()
    seen = office.tills.seen(submission.proof, registration_id=submission.registration_id, at=submission.proven_at)
    if isinstance(seen, Fault):
        return seen
    return seen & identifiers.keys() or _PROVES_NOTHING
