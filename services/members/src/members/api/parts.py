"""What the routes stand on, and what only members is sent: closed, so that a misspelt field is an error and never ignored."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel

from contracts.fields import Holder
from contracts.registrations import ConsentGiven, PersonalPart, TypedIdentifier
from contracts.requests import CLOSED, RegistrationRequest
from members.handlers.submissions import Office
from members.store import Pool
from shared.auth import Verifier
from shared.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that a route needs to answer."""

    pool: Pool
    clock: Clock
    verifier: Verifier
    nudge: asyncio.Event
    office: Office


class Release(BaseModel):
    """A member gives an identifier up: a lost card, a new phone."""

    model_config = CLOSED

    member_id: UUID
    identifier: Holder


def personal_of(registration: RegistrationRequest) -> PersonalPart:
    """Return the part of a registration that stays here."""
    return PersonalPart(
        identifiers=tuple(TypedIdentifier(kind=given.kind, value=given.value) for given in registration.identifiers),
        given_name=registration.given_name,
        family_name=registration.family_name,
        birth_date=registration.birth_date,
        language=registration.language,
        consents=tuple(ConsentGiven(kind=each.kind, text_version=each.text_version, channel=each.channel) for each in registration.consents),
        referred_by=registration.referred_by,
    )
