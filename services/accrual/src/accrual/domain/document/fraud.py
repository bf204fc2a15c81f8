"""Limits that no honest member meets. What is beyond them counts, and earns nothing; nobody is accused of anything."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from accrual.domain.document.grammar import WHOLE, Clock, problem
from accrual.domain.document.parts import Part

Count = Annotated[int, Field(ge=1, le=1_000_000), WHOLE]


class Grants(Part):
    """At most so many grants to one account in a period of the programme's calendar."""

    times: Count
    per: Literal["day", "week", "month"] = "day"


class Velocity(Part):
    """At most so many purchases of one account within so many minutes or hours. The clock is cut into pieces of that length, from midnight UTC on."""

    purchases: Count
    within: Clock


class Fraud(Part):
    """Limits on how often and how fast one account may earn, and from when on it may spend."""

    grants: Grants | None = None
    velocity: Velocity | None = None
    hold_spending: Clock | None = None  #: how long after joining a member's points cannot be spent

    @model_validator(mode="after")
    def _says_something(self) -> "Fraud":
        if self.grants is None and self.velocity is None and self.hold_spending is None:
            raise problem("limits nothing", "write one of: grants, velocity, hold_spending; or remove the section")
        return self
