"""How a programme changes and ends: what those have who were there before, and until when members may earn and spend."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from accrual.domain.document.grammar import Day, problem
from accrual.domain.document.parts import Part
from accrual.domain.document.problems import Finding

if TYPE_CHECKING:
    from accrual.domain.document.document import Document


class Transition(Part):
    """From the version before to this one. Until the end of a day, whoever had joined before gets the better of both for what they buy and do."""

    existing: Literal["better_of"]
    until: Day


class Close(Part):
    """The end of a programme. What is bought later earns nothing, and what is not spent in time is gone; both days are meant to their end."""

    earn_until: Day
    spend_until: Day

    @model_validator(mode="after")
    def _leaves_time(self) -> "Close":
        if self.spend_until < self.earn_until:
            raise problem(f"what is earned on {self.earn_until} could no longer be spent", "let spend_until come after earn_until")
        return self


def ending_findings(document: "Document") -> Iterator[Finding]:
    """Yield what is wrong with the end of a programme, and with what its owner wants of it."""
    start = document.effective_from.date() if isinstance(document.effective_from, datetime) else document.effective_from
    if document.transition is not None and document.transition.until < start:
        yield Finding(("transition", "until"), "comes before the version is in force", "choose a later day, or remove the transition")
    if document.close is not None:
        if document.close.earn_until < start:
            yield Finding(("close", "earn_until"), "comes before the version is in force", "choose a later day, or an earlier effective_from")
        if document.effective_until is not None:
            yield Finding(("close",), "a programme that closes has no other end", "remove effective_until: closing says when earning and spending end")
    for number, goal in enumerate(document.goals):
        if goal.by < start:
            yield Finding(("goals", number, "by"), "comes before the version is in force", "choose a later day")
        if any(other.kpi == goal.kpi and other.segment == goal.segment and other.by == goal.by for other in document.goals[:number]):
            yield Finding(("goals", number), f"another goal for {goal.kpi} on that day", "keep one of them")
