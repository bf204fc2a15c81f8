"""What a point is, which money counts, and how many points a member may have."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from accrual.domain.amounts import Rounding
from accrual.domain.document.grammar import WHOLE, Amount, Label, Language, Money, Short
from accrual.domain.document.parts import Part


class Rounded(Part):
    """What becomes of fractions, and whether each rule is rounded or the receipt as a whole."""

    mode: Rounding = Rounding.FLOOR
    per: Literal["rule", "receipt"] = "rule"


class Basis(Part):
    """Which money counts. `without` tax takes the tax shown on the receipt off; `without` what is paid by points, the share of its payments."""

    amount: Literal["after_discounts", "before_discounts"] = "after_discounts"
    tax: Literal["with", "without"] = "with"
    delivery: Literal["with", "without"] = "without"
    paid_by_points: Literal["with", "without"] = "with"


class Points(Part):
    """What a point is: its name, its decimals, what it is worth, and how amounts of it come about."""

    name: dict[Language, Label]
    decimals: Annotated[int, Field(ge=0, le=4), WHOLE] = 0
    worth: Money
    rounding: Annotated[Rounded, Short("mode")] = Rounded()
    basis: Annotated[Basis, Short("amount")] = Basis()


class Ceiling(Part):
    """How many points a member may have at most, waiting and reserved ones included: what would go beyond is not earned."""

    most: Amount
    over: Literal["cut", "reject"] = "cut"  #: what does not fit: give as much as does, or nothing


#: A programme of discounts or privileges has no points: nothing earns them, and they are worth nothing.
NO_POINTS = Points.model_construct(name={}, worth=Decimal(0))
