"""What the owner wants of the programme: a figure, how much of it, by when, of whom. It decides nothing; reports compare it with what is."""

from typing import Annotated, Literal

from pydantic import Field

from accrual.domain.document.grammar import DISTINCT, Amount, Day, Slug
from accrual.domain.document.parts import Part

#: Figures that reports know.
Kpi = Literal["active_members", "average_receipt", "purchases_per_member", "redemption_rate", "repeat_rate", "revenue", "registrations"]


class Goal(Part):
    """One goal. Rates are percents, money is in the programme's first currency."""

    kpi: Kpi
    target: Amount
    by: Day
    segment: Slug | None = None  #: of these members; of all where not given


Goals = Annotated[tuple[Goal, ...], DISTINCT, Field(max_length=50)]
