"""Contests: what a winner is told (topic `loyalty.rewards.v1`), and what anybody may ask of the standings."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.fields import Count, Id, Moment, Points, Wire
from contracts.fields import Holder as HolderId
from contracts.replies import Reply
from contracts.rewards import Cause

Place = Annotated[int, Field(strict=True, ge=1)]


class ContestSettled(Wire):
    """A contest was settled, and this holder won a place that has a prize: points of a grant, an entitlement, or nothing where none was left."""

    type: ClassVar[str] = "loyalty.contest.settled.v1"

    programme: Id
    contest: Id
    holder: HolderId
    place: Place
    score: Count
    participants: Count = Field(description="All who scored anything.")
    points: Points = Field(default=0, description="In the programme's smallest unit.")
    reward: Id | None = Field(default=None, description="Of the programme's catalogue.")
    grant_id: UUID | None = None
    entitlement_id: UUID | None = None
    withheld: Id | None = Field(default=None, description="Why nothing was given, as `out-of-stock`.")
    cause: Cause
    booked_at: Moment


class Standing(Reply):
    """One participant. Nobody can tell from it who that is."""

    place: int
    name: Annotated[str, Field(description="Of this participant in this contest, and in no other.")]
    score: Count
    own: Annotated[bool, Field(description="The holder who was asked about.")]


class ContestStandings(Reply):
    """How a contest stands: the first places, and the place of the holder who was asked about. Final once it is settled."""

    programme: Id
    contest: Id
    name: dict[str, str]
    starts_at: AwareDatetime
    ends_at: Annotated[AwareDatetime, Field(description="What happens from then on scores nothing.")]
    settles_at: Annotated[AwareDatetime, Field(description="Until then what comes back is taken off.")]
    state: Literal["ahead", "open", "closed", "settled"]
    settled_at: AwareDatetime | None
    participants: Count
    first: tuple[Standing, ...]
    own: Annotated[Standing | None, Field(description="Null where the holder has scored nothing, or does not take part.")]
