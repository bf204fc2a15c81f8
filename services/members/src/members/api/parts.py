"""What the routes stand on, and what callers may send: closed, so that a misspelt field is an error and never ignored."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.fields import Holder, Id, Text
from contracts.registrations import ConsentGiven, PersonalPart, TypedIdentifier
from members.handlers.submissions import Office
from members.store import Pool
from shared.auth import Verifier
from shared.clock import Clock

CLOSED = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that a route needs to answer."""

    pool: Pool
    clock: Clock
    verifier: Verifier
    nudge: asyncio.Event
    office: Office


class Given(BaseModel):
    """An identifier as a person gave it. It comes in the body, never in an address, because addresses are logged."""

    model_config = CLOSED

    kind: Literal["card", "phone", "email", "visitor"]
    value: Annotated[str, StringConstraints(min_length=1, max_length=320), Field(repr=False)]


class Guest(BaseModel):
    """A guest, by the hash of an identifier or by something in their hands: a card, or the browser's visitor id."""

    model_config = CLOSED

    programme: Id
    holder: Holder | None = None
    identifier: Given | None = None

    @model_validator(mode="after")
    def _names_one_guest(self) -> "Guest":
        if (self.holder is None) == (self.identifier is None):
            raise ValueError("name either a holder or an identifier")
        return self


class Consent(BaseModel):
    """A ticked box: which version of which text was agreed to."""

    model_config = CLOSED

    kind: Literal["terms", "processing", "advertising"]
    text_version: Id
    channel: Literal["email", "sms", "messenger", "push", "any"] = "any"


class Registration(BaseModel):
    """Somebody asks to become a member."""

    model_config = CLOSED

    programme: Id
    identifiers: Annotated[tuple[Given, ...], Field(min_length=1, max_length=10)]
    given_name: Annotated[Text, Field(repr=False)] = ""
    family_name: Annotated[Text, Field(repr=False)] = ""
    birth_date: Annotated[Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None, Field(repr=False)] = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "en"
    consents: Annotated[tuple[Consent, ...], Field(max_length=20)] = ()
    proof: Annotated[
        Annotated[str, StringConstraints(max_length=4_000)] | None,
        Field(description="A trusted till's statement (JWT) that the identifiers were shown to it; its `sub` is the Idempotency-Key."),
    ] = None
    store: Id | None = None

    @property
    def personal(self) -> PersonalPart:
        """The part that stays here."""
        return PersonalPart(
            identifiers=tuple(TypedIdentifier(kind=given.kind, value=given.value) for given in self.identifiers),
            given_name=self.given_name,
            family_name=self.family_name,
            birth_date=self.birth_date,
            language=self.language,
            consents=tuple(ConsentGiven(kind=each.kind, text_version=each.text_version, channel=each.channel) for each in self.consents),
        )


class Release(BaseModel):
    """A member gives an identifier up: a lost card, a new phone."""

    model_config = CLOSED

    member_id: UUID
    identifier: Holder
