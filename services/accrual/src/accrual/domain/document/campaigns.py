"""Campaigns: rules on top of the programme's own, for a while, for some members, and up to a budget."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from accrual.domain.document.discounts import Discount
from accrual.domain.document.earning import Dates, Rule, Weekday
from accrual.domain.document.grammar import (
    DISTINCT,
    ONE_OR_MORE,
    WHOLE,
    Amount,
    Hours,
    Ids,
    Label,
    Language,
    Money,
    Recurrence,
    Share,
    Slug,
    Slugs,
    Truth,
    problem,
)
from accrual.domain.document.parts import Part

CampaignStacking = Literal["all", "best", "newest"]


class Audience(Part):
    """Whom a campaign is for: members of one of the segments, on one of the levels."""

    segment: Ids | None = None
    tier: Slugs | None = None

    @model_validator(mode="after")
    def _is_somebody(self) -> "Audience":
        if self.segment is None and self.tier is None:
            raise problem("an audience of everybody", "name segments or tiers, or remove it")
        return self


class Budget(Part):
    """How much a campaign may give in all: never more, however many buy at once. What returns take back can be given again."""

    points: Amount | None = None
    grants: Annotated[int, Field(ge=1, le=1_000_000_000), WHOLE] | None = None  #: so many purchases or activities are given something
    money: Money | None = None  #: what its points are worth

    @model_validator(mode="after")
    def _limits_something(self) -> "Budget":
        if self.points is None and self.grants is None and self.money is None:
            raise problem("limits nothing", "write one of: points, grants, money; or remove it")
        return self


class Campaign(Part):
    """One campaign. Its rules give on top of everything else, and its multipliers count base points only."""

    id: Slug
    name: dict[Language, Label] | None = None
    enabled: Truth = True
    dates: Annotated[tuple[Dates, ...], ONE_OR_MORE, DISTINCT] | None = None
    days: Annotated[tuple[Weekday, ...], ONE_OR_MORE, DISTINCT] | None = None
    hours: Annotated[tuple[Hours, ...], ONE_OR_MORE, DISTINCT] | None = None
    repeats: Recurrence | None = None
    audience: Audience | None = None
    public: Truth = True  #: false: offered privately, and nobody else is told of it
    control: Share | None = None  #: of those it is for, so many get nothing, always the same ones, to see what it brings
    budget: Budget | None = None
    coupon: Slug | None = None
    earning: Annotated[tuple[Rule, ...], Field(max_length=50)] = ()
    discounts: Annotated[tuple[Discount, ...], Field(max_length=50)] = ()  #: after those of the programme, each from what the ones before left

    @model_validator(mode="after")
    def _keeps_promises(self) -> "Campaign":
        if self.public and self.control is not None:
            raise problem("what is promised to everybody cannot be kept from a control group", "write public: false, and offer it privately")
        return self


Campaigns = Annotated[tuple[Campaign, ...], ONE_OR_MORE, DISTINCT, Field(max_length=100)]
