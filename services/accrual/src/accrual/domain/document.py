"""A programme document: everything a business may say, and nothing else. Unknown keys are refused."""

import json
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from accrual.domain.amounts import Rounding
from accrual.domain.grammar import (
    DISTINCT,
    NEVER,
    ONE_OR_MORE,
    WHOLE,
    Amount,
    Currency,
    Day,
    DayOrMoment,
    Days,
    DaysOrConfirmed,
    Hours,
    Id,
    Ids,
    Label,
    Language,
    Money,
    Short,
    Slug,
    Slugs,
    Span,
    Step,
    Truth,
    Yearly,
    Zone,
    problem,
)

Trigger = Literal["purchase", "registration", "activity"]
SpentPolicy = Literal["clamp", "debt", "block"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Part(BaseModel):
    """The base of every part: frozen, and strict about keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Rounded(Part):
    """What becomes of fractions, and whether each rule is rounded or the receipt as a whole."""

    mode: Rounding = Rounding.FLOOR
    per: Literal["rule", "receipt"] = "rule"


class Basis(Part):
    """Which money counts. `without` tax takes the tax shown on the receipt off."""

    amount: Literal["after_discounts", "before_discounts"] = "after_discounts"
    tax: Literal["with", "without"] = "with"
    delivery: Literal["with", "without"] = "without"


class Points(Part):
    """What a point is: its name, its decimals, what it is worth, and how amounts of it come about."""

    name: dict[Language, Label]
    decimals: Annotated[int, Field(ge=0, le=4), WHOLE] = 0
    worth: Money
    rounding: Annotated[Rounded, Short("mode")] = Rounded()
    basis: Annotated[Basis, Short("amount")] = Basis()


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


class When(Goods):
    """When a rule applies: all that is said here must be true."""

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


class Document(Part):
    """A version of a programme."""

    programme: Slug
    version: Annotated[int, Field(ge=1), WHOLE]
    name: dict[Language, Label] = {}
    effective_from: DayOrMoment
    effective_until: DayOrMoment | None = None  #: a day is meant to its end
    zone: Zone
    currency: Currency | None = None
    currencies: Annotated[tuple[Currency, ...], DISTINCT] | None = None
    merchants: Annotated[tuple[Id, ...], ONE_OR_MORE, DISTINCT]
    points: Points
    earning: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=200)]
    cap: Caps = ()
    pending: Pending | None = None
    expiry: Annotated[Expiry | None, NEVER] = None
    late: Late = Late()
    returns: Returns = Returns()

    @property
    def all_currencies(self) -> tuple[str, ...]:
        """The currencies purchases may be in."""
        return self.currencies or ((self.currency,) if self.currency else ())

    def as_json(self) -> dict[str, Any]:
        """Return the document as JSON values, without floats; reading it back gives an equal document."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the document's meaning: the same for `20.0` and `20.00`, and for keys in another order."""
        return sha256(json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False).encode()).hexdigest()
