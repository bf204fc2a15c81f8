"""What an earning rule gives: points in one of several ways, a reward, or a multiplier of other rules' points."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from accrual.domain.document.grammar import WHOLE, Amount, From, Money, Slug, Slugs, Step, Truth, problem
from accrual.domain.document.parts import Part

KINDS = ("points", "fixed", "table", "volume", "reward", "multiply")
VOLUME_PERIODS = ("receipt", "month", "quarter", "year", "ever")
_COUNTED = ("unit", "visit")


class Row(Part):
    """From so much money on, so many points for the receipt."""

    first: Annotated[From, Field(alias="from")]
    points: Amount


class Band(Part):
    """From so much volume on, this rate for all of it."""

    first: Annotated[From, Field(alias="from")]
    points: Amount
    per: Money


class Give(Part):
    """What a rule gives: `points` per something, `fixed` ones, by a `table` or for a `volume`; a `reward`; or `multiply` for the points of base rules."""

    points: Amount | None = None
    per: Step | None = None
    whole_steps: Truth = False  #: count full steps of `per` only: 39.99 at 5 per 20.00 gives 5. They belong to the receipt
    fixed: Amount | None = None
    table: Annotated[tuple[Row, ...], Field(min_length=1, max_length=50)] | None = None  #: by the money of the goods that the rule is about
    volume: Annotated[tuple[Band, ...], Field(min_length=1, max_length=50)] | None = None
    """The rate that the money of a receipt reaches, or that of a period does: then what is due for all of it, less what was given."""
    reward: Slug | None = None  #: of the catalogue `rewards`; with `per`, one for each full step
    quantity: Annotated[int, Field(ge=1, le=1_000), WHOLE] = 1  #: of rewards
    multiply: Amount | None = None
    of: Slugs | None = None  #: the base rules to multiply; all where not given

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Give":
        if sum(getattr(self, kind) is not None for kind in KINDS) != 1:
            raise problem("gives nothing, or several things", f"write one of: points with per, {', '.join(KINDS[1:])}")
        if self.multiply is not None and self.multiply <= Decimal(1):
            raise problem("a multiplier must be more than 1", "to give less for some goods, exclude them from the base rule and write a rule of their own")
        if self.of is not None and self.multiply is None:
            raise problem("`of` belongs to `multiply`", "remove it")
        if self.quantity > 1 and self.reward is None:
            raise problem("`quantity` belongs to `reward`", "remove it")
        if self.whole_steps and (self.points is None or self.per in _COUNTED):
            raise problem("whole_steps belongs to points per money", "remove it")
        return self._counts_something()

    def _counts_something(self) -> "Give":
        if self.points is not None and (self.per is None or self.per in VOLUME_PERIODS):
            raise problem("points and per belong together", "write {points: 1, per: 20.00}, or {fixed: 100} for points given once")
        if self.volume is not None and self.per not in VOLUME_PERIODS:
            raise problem("says not for which period", f"write per: quarter, or one of {', '.join(VOLUME_PERIODS)}")
        if self.reward is not None and (self.per == "visit" or self.per in VOLUME_PERIODS):
            raise problem("a reward is given once, per unit, or per money", "remove `per`; how often it may be given, `cap` says")
        if self.per is not None and self.points is None and self.volume is None and self.reward is None:
            raise problem("points and per belong together", "write {points: 1, per: 20.00}, or {fixed: 100} for points given once")
        return self
