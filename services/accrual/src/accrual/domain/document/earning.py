"""Earning rules: when they apply, and how much they give at most. What they give is in `gives`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from accrual.domain.document.gives import Give
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
    Recurrence,
    Share,
    Slug,
    Slugs,
    Span,
    Truth,
    problem,
)
from accrual.domain.document.parts import Part

Trigger = Literal["purchase", "registration", "activity"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Period = Literal["day", "week", "month", "quarter", "year", "ever"]


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


class Paid(Part):
    """By which means a receipt is paid: with any amount, or with at least a share of all payments."""

    kind: Annotated[tuple[Literal["cash", "card", "gift-card", "wallet", "points", "other"], ...], ONE_OR_MORE, DISTINCT]
    share: Share | None = None


class Spent(Part):
    """So much spent in a period of the programme's calendar on the goods that the rule is about, this purchase included."""

    first: Annotated[Money, Field(alias="from")]
    per: Period = "month"


class Streak(Part):
    """So many purchases in each of so many periods one after the other. The purchase that completes them counts; then they begin anew."""

    purchases: Annotated[int, Field(ge=1, le=100), WHOLE] = 1
    per: Literal["day", "week", "month", "quarter", "year"]
    times: Annotated[int, Field(ge=2, le=53), WHOLE]


class When(Occasion):
    """When an earning rule applies: all that is said here must be true."""

    activity: Ids | None = None
    merchant: Ids | None = None
    repeats: Recurrence | None = None  #: days by RFC 5545; an INTERVAL above 1 counts from the first day of `dates`
    tier: Slugs | None = None
    segment: Ids | None = None
    coupon: Slugs | None = None  #: one of these is presented, and may be used
    member_for: Span | None = None  #: so long a member of the programme
    payment: Paid | None = None
    every: Annotated[int, Field(ge=2, le=10_000), WHOLE] | None = None  #: each tenth, say, of those that meet everything else; per account, for ever
    unit: Literal["purchase", "item"] = "purchase"  #: what `every` counts
    spent: Spent | None = None
    streak: Streak | None = None


class Cap(Part):
    """At most so many points, or so many times, per account and period of the programme's calendar (weeks start on Monday)."""

    points: Amount | None = None
    times: Annotated[int, Field(ge=1), WHOLE] | None = None
    per: Literal["receipt", "day", "week", "month", "quarter", "year", "ever"]
    over: Literal["cut", "reject"] = "cut"  #: what is over it: give as much as fits, or nothing

    @model_validator(mode="after")
    def _counts_one_thing(self) -> "Cap":
        if (self.points is None) == (self.times is None):
            raise problem("a cap counts either points or times", "write {points: 500, per: month} or {times: 1, per: day}")
        if self.times is not None and self.per == "receipt":
            raise problem("a rule applies once to a receipt anyway", "use another period, or remove the cap")
        if self.times is not None and self.over == "reject":
            raise problem("what is over a number of times is never given", "remove `over`")
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
