"""Which level a member has in a programme (topic `loyalty.rewards.v1`). No points move with it; nobody is told of the lowest level before another."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from contracts.fields import Holder, Id, Moment, Wire
from contracts.rewards import Cause


class TierChanged(Wire):
    """Somebody has another level from now on: by what was bought, by what came back, by the calendar, or by hand."""

    type: ClassVar[str] = "loyalty.tier.changed.v1"

    programme: Id
    holder: Holder
    tier: Id | None = Field(description="The level's id in the programme; null where the programme has no levels any more.")
    previous: Id | None = Field(description="The level that was told before; the lowest, where none was.")
    direction: Literal["up", "down"]
    by_hand: bool = Field(default=False, description="An operator set it as a floor.")
    until: date | None = Field(default=None, description="Its last certain day in the programme's zone; null where it is kept while it is earned.")
    privileges: Annotated[tuple[Id, ...], Field(max_length=50)] = Field(default=(), description="Words that tills and sites can read.")
    cause: Cause
    booked_at: Moment
