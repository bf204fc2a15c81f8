"""Who belongs to which segment (topic `loyalty.segments.v1`): groups of members that rules, offers and messages may ask for."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from contracts.fields import Id, Moment, Wire

SegmentVersion = Annotated[
    int,
    Field(strict=True, ge=1, description="Rises per member and segment with each change, whoever computes the segment; at one moment the highest counts."),
]


class SegmentEntered(Wire):
    """A member belongs to a segment from a moment on."""

    type: ClassVar[str] = "loyalty.segment.entered.v1"

    member_id: UUID
    segment: Id = Field(description="As the programme document names it: `loves-jazz`.")
    segment_version: SegmentVersion
    entered_at: Moment


class SegmentLeft(Wire):
    """A member belongs to a segment no longer."""

    type: ClassVar[str] = "loyalty.segment.left.v1"

    member_id: UUID
    segment: Id
    segment_version: SegmentVersion
    left_at: Moment
