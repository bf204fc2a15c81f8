"""What a card that nobody has registered is good for, until somebody does."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from accrual.domain.document.grammar import Days, problem
from accrual.domain.document.parts import Part
from accrual.domain.document.problems import Finding, Path
from accrual.domain.lifetimes import days_in, shortest_life

if TYPE_CHECKING:
    from accrual.domain.document.document import Document


class Joining(Part):
    """What guests have: whoever has shown a card or a number and has not registered. What joining itself gives, a rule `on: registration` says."""

    guests: Days | None = None  #: what a guest earned is kept for so many days after that day, and is gone then; registered, it lives as everybody's
    spend: Literal["members", "anybody"] = "anybody"  #: who may use points

    @model_validator(mode="after")
    def _says_something(self) -> "Joining":
        if self.guests is not None and days_in(self.guests) == 0:
            raise problem("keeps nothing for guests", "write guests: 90 days, or more than none")
        return self


def joining_findings(document: "Document") -> Iterator[Finding]:
    """Yield what is wrong with what is said about guests."""
    joining, path = document.joining, ("joining",)
    if "joining" in document.model_fields_set and "points" not in document.model_fields_set:
        yield Finding(path, "says what becomes of guests' points, and there are none", "add points, or remove it")
    if joining.guests is not None and document.expiry is not None and days_in(joining.guests) >= (life := shortest_life(document.expiry)):
        where: Path = (*path, "guests")
        yield Finding(where, f"points live for {life} days anyway", "write fewer days, or remove it")
