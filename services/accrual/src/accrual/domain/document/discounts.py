"""Discounts: when they apply, what they take off a price, and how several of them go together."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from accrual.domain.amounts import Rounding
from accrual.domain.document.earning import Goods, Occasion
from accrual.domain.document.grammar import DISTINCT, ONE_OR_MORE, WHOLE, Amount, From, Id, Ids, Label, Language, Money, Short, Slug, Slugs, Truth, problem
from accrual.domain.document.parts import Part

_WHOLE_PRICE = Decimal(100)


def _percent(value: Decimal) -> Decimal:
    if value > _WHOLE_PRICE:
        raise problem("more than the whole price", "write at most 100")
    return value


Percent = Annotated[Amount, AfterValidator(_percent)]


class Bought(Occasion):
    """When a discount applies: all that is said here must be true. The goods it names are those that become cheaper."""

    also: Goods | None = None  #: goods that the receipt must have too
    every: Annotated[int, Field(ge=1, le=10_000), WHOLE] | None = None  #: so many whole pieces bought, once or several times
    tier: Slugs | None = None
    segment: Ids | None = None
    coupon: Slugs | None = None


class Stair(Part):
    """One step of a table: from so much money of the goods on, this is taken off."""

    first: Annotated[From, Field(alias="from")]
    percent: Percent | None = None
    amount: Money | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Stair":
        if (self.percent is None) == (self.amount is None):
            raise problem("takes nothing off, or two things", "write one of: percent, amount")
        return self


class Coins(Part):
    """What becomes of fractions: rounded to the smallest coin, or to a multiple of `to`."""

    mode: Rounding = Rounding.HALF_UP
    to: Money | None = None


class Discount(Part):
    """One discount. Higher priority first, on a tie in the order written; each works on the price that those before it left."""

    id: Slug
    name: dict[Language, Label] | None = None
    enabled: Truth = True
    when: Bought = Bought()
    percent: Percent | None = None
    amount: Money | None = None
    table: Annotated[tuple[Stair, ...], Field(min_length=1, max_length=50)] | None = None
    free: Annotated[int, Field(ge=1, le=10_000), WHOLE] | None = None  #: so many pieces more, the cheapest; with `percent` only that part of their price
    gift: Id | None = None  #: a SKU: the free pieces are these, handed over on top, and not in the cart
    on: Literal["line", "receipt"] | None = None  #: reckoned for each line by itself, or once for all; a percentage by line where not given
    most: Money | None = None
    tax: Literal["with", "without", "kept"] = "with"
    """Off the price with tax, or off the price without it, and the tax falls too; `kept`: off the price without tax, and the tax stays, as for a payment."""
    rounding: Annotated[Coins, Short("mode")] = Coins()
    priority: Annotated[int, Field(ge=-1000, le=1000), WHOLE] = 0
    stacking: Literal["add", "exclusive", "best_of"] = "add"
    group: Slug = "best"  #: of the discounts of one group with `stacking: best_of`, only the one that takes most off applies

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Discount":
        kinds = [kind for kind in (self.percent if self.free is None else None, self.amount, self.table, self.free) if kind is not None]
        if len(kinds) != 1:
            raise problem("takes nothing off, or several things", "write one of: percent, amount, table, free")
        if self.on is not None and (self.free is not None or self.table is not None):
            raise problem("`on` belongs to percent and amount", "remove it")
        if self.when.every is not None and self.free is None:
            raise problem("`every` belongs to `free`", "write free: 1, or ask for pieces with quantity")
        if self.free is not None and self.gift is None and self.when.every is None:
            raise problem("says not for how many bought pieces others are free", "write when: {every: 3}, or name a gift")
        return self._gift_is_a_gift()

    def _gift_is_a_gift(self) -> "Discount":
        if self.gift is not None and self.free is None:
            raise problem("says not how many are given", "write free: 1")
        if self.gift is not None and (self.percent is not None or self.most is not None):
            raise problem("a gift costs nothing anyway", "remove percent and most")
        return self

    @property
    def by_line(self) -> bool:
        """Whether each line is reckoned by itself."""
        return self.on == "line" or (self.on is None and self.percent is not None and self.free is None)


Discounts = Annotated[tuple[Discount, ...], ONE_OR_MORE, DISTINCT, Field(max_length=200)]
