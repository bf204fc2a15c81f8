"""Points that will soon be gone (topic `loyalty.rewards.v1`). No points move with it: whoever writes to members waits for it."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.fields import Count, Holder, Id, Moment, Wire


class PointsExpiring(Wire):
    """Points of somebody end on one day, and that day is near. Said once for each account, end and number of days, as the programme's `remind` says."""

    type: ClassVar[str] = "loyalty.points.expiring.v1"

    programme: Id
    holder: Holder
    points: Annotated[int, Field(strict=True, ge=1)] = Field(
        description="What is left of all grants that end then, in the programme's smallest unit, as it was when this was said."
    )
    last_day: date = Field(description="The last day on which they can be used, in the programme's zone.")
    expires_at: Moment = Field(description="The first moment at which they are gone.")
    days: Count = Field(description="Which reminder it is: so many days before the last day; fewer are left where it was said late.")
    said_at: Moment
