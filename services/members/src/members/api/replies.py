"""What the routes answer: nothing personal."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.fields import Holder, Id


class Reply(BaseModel):
    """The base of every reply."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Accepted(Reply):
    """A registration was taken. The reply is the same for a known and an unknown person."""

    registration_id: Id
    status: Literal["accepted"] = "accepted"


class Resolved(Reply):
    """An identifier as everybody else knows it, and whose it is."""

    identifier: Holder
    member_id: UUID | None


class Linked(Reply):
    """An identifier of a member."""

    kind: Literal["card", "phone", "email", "visitor", "partner"]
    identifier: Holder
    linked_at: datetime


class Member(Reply):
    """A member without anything personal."""

    member_id: UUID
    status: Literal["active", "blocked", "erased"]
    language: str
    programmes: tuple[Id, ...]
    registered_at: datetime
    identifiers: tuple[Linked, ...]


class Points(Reply):
    """Totals, in the programme's smallest unit."""

    pending: int
    available: int


class Waiting(Reply):
    """What waits for a guest, until when, and what to do about it."""

    programme: Id
    points: Points
    register_by: date | None
    steps: tuple[str, ...]


class Released(Reply):
    """An identifier is nobody's now."""

    member_id: UUID
    identifier: Holder
    released_at: datetime
