"""How long points wait and live, how late an event may come, and what a return takes."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from accrual.domain.document.earning import Trigger
from accrual.domain.document.grammar import DISTINCT, ONE_OR_MORE, WHOLE, Days, DaysOrConfirmed, Span, Truth, Yearly, problem
from accrual.domain.document.parts import Part

SpentPolicy = Literal["clamp", "debt", "block"]


class Pending(Part):
    """How long points cannot be used yet. Counted in days of the programme's zone; usable from the start of the last one."""

    until: DaysOrConfirmed
    at_latest: Days | None = None
    on: Annotated[tuple[Trigger, ...], ONE_OR_MORE, DISTINCT] = ("purchase",)

    @model_validator(mode="after")
    def _ends(self) -> "Pending":
        if (self.until == "confirmed") != (self.at_latest is not None):
            raise problem("`until: confirmed` and `at_latest` belong together", "say when points become usable if no confirmation comes, as at_latest: 30 days")
        if self.until == "confirmed" and self.on != ("purchase",):
            raise problem("only purchases are confirmed", "remove `on`")
        return self


class Expiry(Part):
    """Until when points live: `after` a span, then on `to` the end of a period or `on` a yearly date; to the end of that day."""

    after: Span | None = None
    to: Literal["end_of_month", "end_of_quarter", "end_of_year"] | None = None
    on: Yearly | None = None
    remind: Annotated[tuple[Annotated[int, Field(ge=0, le=365), WHOLE], ...], ONE_OR_MORE, DISTINCT] = ()  #: so many days before the last one

    @model_validator(mode="after")
    def _says_when(self) -> "Expiry":
        if self.to is not None and self.on is not None:
            raise problem("both `to` and `on`", "keep one of them")
        if self.after is None and self.to is None and self.on is None:
            raise problem("says nothing", "write expiry: never, or one of: after, to, on")
        return self


class Late(Part):
    """How old an event may be when it arrives."""

    accept: Days = "400 days"


class Returns(Part):
    """What becomes of points when goods come back."""

    by: Literal["lines", "money"] = "lines"  #: ask each rule about the lines that are left, or keep the share of the money that is left
    spent: SpentPolicy = "clamp"  #: points spent already: forget them, let the next points pay them, or let a quote refuse the return
    recheck: Truth = False  #: ask minimum and quantity again of what is left
    unnamed: Literal["refuse", "newest"] = "refuse"  #: a return that names no purchase: the newest ones with these goods
