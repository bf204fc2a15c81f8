"""What members bring along from another system: announced by one operator, loaded by another."""

from datetime import date
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from contracts.fields import Holder, Id, Moment
from contracts.replies import Reply
from contracts.requests import CLOSED

#: Rows in one request.
MAX_ROWS = 500
_MOST = 10**15

Amount = Annotated[int, Field(strict=True, ge=0, le=_MOST)]


class Announcement(BaseModel):
    """How much will be loaded at most."""

    model_config = CLOSED

    openings: Annotated[int, Field(strict=True, ge=1, le=10_000_000, description="Rows.")]
    points: Annotated[Amount, Field(description="In the programme's smallest unit.")] = 0
    levels: Annotated[int, Field(strict=True, ge=0, le=10_000_000, description="Rows that bring a level.")] = 0
    totals: Annotated[Amount, Field(description="Everything that counts towards levels, added up: points earned, money spent, purchases.")] = 0


class OpeningRow(BaseModel):
    """What one member brings along. `name` tells it from every other row of the migration; a row is loaded once."""

    model_config = CLOSED

    name: Id
    holder: Holder
    points: Amount = 0
    expires_at: Annotated[AwareDatetime | date | None, Field(description="A moment; or a day, to whose end in the programme's zone the points live.")] = None
    level: Annotated[Id | None, Field(description="At least this one, as if an operator had set it.")] = None
    level_until: Annotated[date | None, Field(description="Its last day in the programme's zone; for good, where not given.")] = None
    earned: Annotated[Amount, Field(description="Points earned there: they count towards levels, and are not given.")] = 0
    spent: Annotated[Amount, Field(description="Money spent there, in minor units: it counts towards levels.")] = 0
    purchases: Annotated[Amount, Field(description="Purchases made there: they count towards levels.")] = 0
    counted_on: Annotated[date | None, Field(description="The day on which they count, in the programme's zone; the day of loading, where not given.")] = None

    @property
    def totals(self) -> int:
        """What counts towards levels, added up."""
        return self.earned + self.spent + self.purchases

    @model_validator(mode="after")
    def _brings_something(self) -> Self:
        if not (self.points or self.totals or self.level):
            raise ValueError("brings neither points nor a level nor anything that counts towards one")
        if (self.expires_at is not None and not self.points) or (self.level_until is not None and self.level is None):
            raise ValueError("an end belongs to points or to a level")
        if self.counted_on is not None and not self.totals:
            raise ValueError("nothing counts on that day")
        return self


class Openings(BaseModel):
    """Rows to load."""

    model_config = CLOSED

    rows: Annotated[tuple[OpeningRow, ...], Field(min_length=1, max_length=MAX_ROWS)]


class MigrationState(Reply):
    """How far a migration is: what was announced, and what is loaded of it."""

    programme: Id
    name: Id
    points: int
    openings: int
    levels: int
    totals: int
    announced_by: Id
    loaded_points: int
    loaded: int
    loaded_levels: int
    loaded_totals: int
    live_at: Moment | None = None


class MigrationDone(Reply):
    """How many rows were done now, how many points that were, and how many of the rows were known. After an undo: 0 rows, nothing is left to take back."""

    rows: int
    points: int
    known: int
