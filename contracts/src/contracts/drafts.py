"""What callers of the public API are told of programme documents on their way: proposed by one operator, approved by another."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from contracts.fields import Id, Moment
from contracts.replies import Reply


class Changed(Reply):
    """A paragraph of the public terms that changes."""

    part: str
    before: str | None = None
    after: str | None = None
    worse: Annotated[bool, Field(description="Members lose by it, or may.")]
    eased: Annotated[bool, Field(description="But whoever was there only after the transition.")] = False


class Draft(Reply):
    """A proposed version, and who proposed it. It lapses at `approve_by`."""

    draft_id: UUID
    programme: Id
    version: int
    effective_from: Moment
    proposed_by: Id
    proposed_at: Moment
    approve_by: Moment


class Drafts(Reply):
    """What waits for approval, oldest first."""

    items: tuple[Draft, ...]


class OneDraft(Draft):
    """A proposed version with its document, and what changes for members."""

    approved_by: Id | None = None
    approved_at: Moment | None = None
    document: dict[str, Any]
    worse: bool
    eased_until: Annotated[date | None, Field(description="The last day of the transition, where it eases a change.")] = None
    changes: tuple[Changed, ...]


class Published(Reply):
    """A version is published."""

    programme: Id
    version: int
    effective_from: Moment
