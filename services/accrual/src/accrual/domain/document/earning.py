"""Earning rules: when they apply, what they give, and how much at most."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from accrual.domain.document.grammar import (
    DISTINCT,
    ONE_OR_MORE,
    WHOLE,
    Amount,
    Currency,
    Day,
    Hours,
    Ids,
    Label,
    Language,
    Money,
    Slug,
    Slugs,
    Step,
    Truth,
    problem,
)
from accrual.domain.document.parts import Part

Trigger = Literal["purchase", "registration", "activity"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Goods(Part):
    """Lines of a receipt: each key must match, each by one element of its list."""

    category: Ids | None = None
    brand: Ids | None = None
    sku: Ids | None = None
    label: Ids | None = None


class Dates(Part):
    """From the start of one day to the end of another, in the store's zone."""

    first: Annotated[Day | None, Field(alias="from")] = None
    until: Day | None = None

    @model_validator(mode="after")
    def _has_sense(self) -> "Dates":
        if self.first is None and self.until is None:
            raise problem("neither from nor until", "give at least one of them")
        if self.first is not None and self.until is not None and self.until < self.first:
            raise problem(f"ends on {self.until}, before it starts on {self.first}", "exchange from and until")
        return self


class Occasion(Goods):
    """What is bought, where, when and by whom: conditions that earning rules and discounts share. All that is said must be true."""

    exclude: Goods | None = None
    store: Ids | None = None
    channel: Annotated[tuple[Literal["store", "web", "app", "phone", "other"], ...], ONE_OR_MORE, DISTINCT] | None = None
    currency: Annotated[tuple[Currency, ...], ONE_OR_MORE, DISTINCT] | None = None
    minimum: Money | None = None  #: of the whole receipt, counted as the programme's basis says
    quantity: Amount | None = None  #: of the goods the rule is about
    days: Annotated[tuple[Weekday, ...], ONE_OR_MORE, DISTINCT] | None = None
    hours: Annotated[tuple[Hours, ...], ONE_OR_MORE, DISTINCT] | None = None
    dates: Annotated[tuple[Dates, ...], ONE_OR_MORE, DISTINCT] | None = None
    first_purchase: Truth = False


class When(Occasion):
    """When an earning rule applies: all that is said here must be true."""

    activity: Ids | None = None


class Give(Part):
    """What a rule gives: `points` per something, `fixed` points, or `multiply` for the points of base rules."""

    points: Amount | None = None
    per: Step | None = None
    whole_steps: Truth = False  #: count full steps of `per` only: 39.99 at 5 per 20.00 gives 5. They belong to the receipt
    fixed: Amount | None = None
    multiply: Amount | None = None
    of: Slugs | None = None  #: the base rules to multiply; all where not given

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Give":
        if sum(value is not None for value in (self.points, self.fixed, self.multiply)) != 1:
            raise problem("gives nothing, or several things", "write one of: points with per, fixed, multiply")
        if (self.points is None) != (self.per is None):
            raise problem("points and per belong together", "write {points: 1, per: 20.00}, or {fixed: 100} for points given once")
        if self.multiply is not None and self.multiply <= Decimal(1):
            raise problem("a multiplier must be more than 1", "to give less for some goods, exclude them from the base rule and write a rule of their own")
        if self.of is not None and self.multiply is None:
            raise problem("`of` belongs to `multiply`", "remove it")
        if self.whole_steps and (self.points is None or self.per in ("unit", "visit")):
            raise problem("whole_steps belongs to points per money", "remove it")
        return self


class Cap(Part):
    """At most so many points, or so many times, per account and period of the programme's calendar (weeks start on Monday)."""

    points: Amount | None = None
    times: Annotated[int, Field(ge=1), WHOLE] | None = None
    per: Literal["receipt", "day", "week", "month", "year", "ever"]

    @model_validator(mode="after")
    def _counts_one_thing(self) -> "Cap":
        if (self.points is None) == (self.times is None):
            raise problem("a cap counts either points or times", "write {points: 500, per: month} or {times: 1, per: day}")
        if self.times is not None and self.per == "receipt":
            raise problem("a rule applies once to a receipt anyway", "use another period, or remove the cap")
        return self


Caps = Annotated[tuple[Cap, ...], ONE_OR_MORE, DISTINCT]


class Rule(Part):
    """One earning rule."""

    id: Slug
    name: dict[Language, Label] | None = None
    on: Trigger = "purchase"
    enabled: Truth = True
    when: When = When()
    give: Give
    priority: Annotated[int, Field(ge=-1000, le=1000), WHOLE] = 0  #: higher first; on a tie in the order written
    stacking: Literal["add", "exclusive", "best_of"] = "add"
    group: Slug = "best"  #: of the rules of one group with `stacking: best_of`, only the one that gives most applies
    cap: Caps = ()
