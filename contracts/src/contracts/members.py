"""What became known of a member (topic `loyalty.members.v1`), without anything personal."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.fields import Holder, Id, Language, Moment, Wire


class MemberRegistered(Wire):
    """A member exists, and takes part in the programme."""

    type: ClassVar[str] = "loyalty.member.registered.v1"

    member_id: UUID
    programme: Id
    kind: Literal["person", "household", "company"] = "person"
    language: Language = "en"
    registered_at: Moment
    referred_by: Holder | None = Field(default=None, description="Who invited the member into the programme, if anybody did. Said once, and never changed.")


class IdentifierLinked(Wire):
    """An identifier belongs to a member from now on, or, with `released_at`, to nobody. Only a higher `link_version` counts."""

    type: ClassVar[str] = "loyalty.identifier.linked.v1"

    member_id: UUID
    identifier: Holder
    kind: Literal["card", "phone", "email", "visitor", "partner"]
    link_version: Annotated[int, Field(strict=True, ge=1)]
    linked_at: Moment
    released_at: Moment | None = None
