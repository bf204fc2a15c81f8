"""Points put aside, used, given back and adjusted (topic `loyalty.rewards.v1`)."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.fields import Count, Moment, Points, Text, Wire
from contracts.rewards import MAX_LOTS, Change, Taken

Positive = Annotated[int, Field(strict=True, ge=1)]
_TAKEN = Field(default=(), max_length=MAX_LOTS, description="From which grants; the rest of more than 1,000 is left out.")


class PutBack(Wire):
    """Points given back to one lot, what is in it now, and until when they live."""

    grant_id: UUID
    points: Positive
    remaining: Positive
    expires_at: Moment | None = None


_PUT_BACK = Field(default=(), max_length=MAX_LOTS, description="To which grants; the rest of more than 1,000 is left out.")


class RewardHeld(Change):
    """Points were put aside at a till or in a shop, until they are used or given back."""

    type: ClassVar[str] = "loyalty.reward.held.v1"

    hold_id: UUID
    points: Positive
    expires_at: Moment
    lots: tuple[Taken, ...] = _TAKEN


class RewardReleased(Change):
    """Points that were put aside are available again. Those whose last day is over expire at once, by an event of their own."""

    type: ClassVar[str] = "loyalty.reward.released.v1"

    hold_id: UUID
    points: Positive
    reason: Literal["released", "expired", "rest"] = Field(description="`expired`: nobody used them in time; `rest`: the others of the hold were used.")
    lots: tuple[PutBack, ...] = _PUT_BACK


class RewardSpent(Change):
    """Points were used: those put aside by a hold, or usable ones at once."""

    type: ClassVar[str] = "loyalty.reward.spent.v1"

    spend_id: UUID
    hold_id: UUID | None = None
    points: Count = Field(description="Taken from held or available points.")
    debt: Count = Field(default=0, description="Owed from now on: used after the hold had expired, and no longer there.")
    lots: tuple[Taken, ...] = _TAKEN


class RewardRestored(Change):
    """Points that had been used were given back, because what they paid for came back."""

    type: ClassVar[str] = "loyalty.reward.restored.v1"

    spend_id: UUID
    points: Count = Field(description="Available again.")
    debt: Count = Field(default=0, description="No longer owed.")
    lots: tuple[PutBack, ...] = _PUT_BACK


class RewardAdjusted(Change):
    """Points were given or taken by hand, by two operators, with a reason."""

    type: ClassVar[str] = "loyalty.reward.adjusted.v1"

    adjustment_id: UUID
    kind: Literal["adjusted", "forfeited"]
    points: Points = Field(description="Below 0: taken.")
    reason: Text
    grant_id: UUID | None = Field(default=None, description="Of points given.")
    expires_at: Moment | None = None
    lots: tuple[Taken, ...] = _TAKEN
