"""How points may be used: how many at once, for which goods, and whether they may be handed on."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from accrual.domain.document.earning import Goods
from accrual.domain.document.grammar import EXPECTED, Amount, Days
from accrual.domain.document.parts import Part

_SHARE = r"^(100|[1-9]\d?(\.\d{1,2})?|0\.\d{0,1}[1-9])%$"
EXPECTED[_SHARE] = "a share up to 100 %, as 50%"

Share = Annotated[str, StringConstraints(pattern=_SHARE)]
"""A part of the whole, as `50%`; never nothing."""


class Spending(Part):
    """What members may do with their points."""

    minimum: Amount | None = None  #: so many points at once, or none
    step: Amount | None = None  #: whole multiples of so many points
    share: Share | None = None  #: of what the receipt comes to, without excluded goods
    exclude: Goods | None = None  #: goods that points do not pay for
    order: Literal["earliest_end", "oldest"] = "earliest_end"  #: which points are used first
    grace: Days = "14 days"  #: points given back after their last day live so long again
    transfer: Literal["keep", "restart"] | None = None  #: handed on to another member, with their dates, or once as if earned that day; else not at all
