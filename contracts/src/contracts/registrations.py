"""Somebody asks to become a member (topic `loyalty.registrations.v1`)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from contracts.fields import Holder, Id, Language, Moment, Text, Wire

Jwe = Annotated[str, StringConstraints(min_length=20, max_length=100_000, pattern=r"^[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]*){4}$")]


class TypedIdentifier(Wire):
    """An identifier as a person gave it, before it is normalised."""

    kind: Literal["card", "phone", "email", "visitor"]
    value: Annotated[str, StringConstraints(min_length=1, max_length=320)]


class ConsentGiven(Wire):
    """One ticked box: which text of which version was agreed to."""

    kind: Literal["terms", "processing", "advertising"]
    text_version: Id
    channel: Literal["email", "sms", "messenger", "push", "any"] = "any"


class PersonalPart(Wire):
    """The personal part of a registration. It travels encrypted to members (JWE) and nobody else can read it."""

    identifiers: tuple[TypedIdentifier, ...] = Field(min_length=1, max_length=10)
    given_name: Text = ""
    family_name: Text = ""
    birth_date: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    language: Language = "en"
    consents: tuple[ConsentGiven, ...] = Field(default=(), max_length=20)
    referred_by: Holder | None = None


class RegistrationSubmitted(Wire):
    """A registration. Kafka cannot delete one record, so everything personal in it is encrypted."""

    type: ClassVar[str] = "loyalty.registration.submitted.v1"

    programme: Id
    registration_id: Id
    identifier: Holder = Field(description="The hash of the first identifier: the record's key.")
    personal: Jwe = Field(description="PersonalPart as a compact JWE to members' public key.")
    proof: Text | None = Field(default=None, max_length=4_000, description="A trusted till's signed statement (JWT) that the identifiers were shown to it.")
    store: Id | None = None
    occurred_at: Moment
