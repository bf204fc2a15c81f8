"""Tiers: what a member must do for a level, how long the level is theirs, and what it brings."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from accrual.domain.document.grammar import DISTINCT, ONE_OR_MORE, Amount, Days, Label, Language, Short, Slug, Slugs, Span, Threshold, problem
from accrual.domain.document.parts import Part

Measure = Literal["points_earned", "money_spent", "purchases"]
Calendar = Literal["calendar_month", "calendar_quarter", "calendar_year"]


class Reach(Part):
    """What must be reached: one number, whatever is counted, or a number for each that is."""

    any: Threshold | None = None
    points_earned: Threshold | None = None
    money_spent: Threshold | None = None
    purchases: Threshold | None = None

    @model_validator(mode="after")
    def _says_how_much(self) -> "Reach":
        if (self.any is None) == (self.points_earned is None and self.money_spent is None and self.purchases is None):
            raise problem("neither one number nor one for each measure", "write from: 1000, or a number after each of the measures in `by`")
        return self

    def of(self, measure: Measure) -> Decimal | None:
        """Return how much of a measure is needed."""
        given: Decimal | None = getattr(self, measure)
        return self.any if given is None else given


class Level(Part):
    """One level: from how much on, what points are multiplied by, and which privileges tills and sites may show."""

    id: Slug
    name: dict[Language, Label] | None = None
    first: Annotated[Reach, Short("any"), Field(alias="from")]
    multiply: Amount | None = None
    privileges: Annotated[Slugs | None, Field(description="Words that tills and sites can read.")] = None

    @model_validator(mode="after")
    def _raises(self) -> "Level":
        if self.multiply is not None and self.multiply <= Decimal(1):
            raise problem("a level's multiplier must be more than 1", "leave it out for the level that earns as the rules say")
        return self


class Tiers(Part):
    """Who does so much within the window has the level: from then on, or from the next period; for a term; then they may fall."""

    by: Annotated[tuple[Measure, ...], ONE_OR_MORE, DISTINCT]  #: of several, any one that reaches a level is enough
    window: Calendar | Literal["forever"] | Span
    enter: Literal["at_once", "next_period"] = "at_once"
    keep: Literal["end_of_period", "end_of_next_period"] | Span | None = None  #: while it is earned, where not given
    downgrade: Literal["none", "one_step", "to_earned"] = "to_earned"
    grace: Days | None = None  #: after its term a level is held for so many days more, in which it can be earned anew
    levels: Annotated[tuple[Level, ...], Field(min_length=1, max_length=50)]
