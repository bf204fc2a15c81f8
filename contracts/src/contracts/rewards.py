"""Every change of an account (topic `loyalty.rewards.v1`): a reader can rebuild balances from it without asking."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.fields import Count, Holder, Id, Moment, Points, Text, Wire

#: So many grants are named in one event; their ids take 390 KB.
MAX_GRANTS = 10_000
#: So many lots are named in one reversal; they take 130 KB.
MAX_LOTS = 1_000


class Buckets(Wire):
    """A holder's points after the change, in the programme's smallest unit."""

    pending: Count = 0
    available: Points = 0
    held: Count = 0
    debt: Annotated[int, Field(strict=True, le=0)] = 0


class Cause(Wire):
    """What brought the change about: an event, and the purchase it tells of."""

    source: Id
    event_id: Id
    kind: Literal["purchase", "activity", "registration", "link", "schedule", "command"]
    merchant: Id | None = None
    purchase_id: Id | None = None
    activity: Id | None = None
    occurred_at: Moment


Fraction = Annotated[str, StringConstraints(max_length=100, pattern=r"^-?[0-9]+(/[0-9]+)?$")]


class Step(Wire):
    """One line of the explanation, to be checked with a pencil.

    `points_exact` is a fraction of the smallest unit of points, `7` or `95/2`; rounding and caps are steps of their own.
    """

    rule: Id
    operation: Literal["earn", "multiply", "fixed", "reward", "round", "cap"]
    points_exact: Fraction
    lines: tuple[Id, ...] = Field(default=(), description="The lines counted; empty where all are, or where naming them all would make the event too long.")
    basis: Count | None = Field(default=None, description="The money counted, in minor units.")
    text: Text = Field(description="The same in words: `120.00 at 1 per 20.00`.")
    quantity: Count = Field(
        default=1, description="How many times it was given: 2 where twenty of each tenth were bought at once. A reward step gives no points."
    )


class NotGiven(Wire):
    """A rule that gave nothing, and why."""

    rule: Id
    reason: Id
    text: Text = ""


class Explanation(Wire):
    """Why so many points: every step in order, and every rule that stayed silent."""

    points: Count
    steps: tuple[Step, ...] = ()
    not_given: tuple[NotGiven, ...] = ()


class Change(Wire):
    """What all reward events carry. `account_version` rises by one with each change, without gaps, per holder and programme."""

    programme: Id
    programme_version: Annotated[int, Field(strict=True, ge=0)] = Field(description="The version that decided; 0 where no document was asked.")
    holder: Holder
    account_version: Annotated[int, Field(strict=True, ge=1)]
    balance: Buckets
    cause: Cause
    booked_at: Moment


class RewardGranted(Change):
    """Points were given."""

    type: ClassVar[str] = "loyalty.reward.granted.v1"

    grant_id: UUID
    points: Annotated[int, Field(strict=True, ge=1)]
    usable_from: Moment
    expires_at: Moment | None = None
    explanation: Explanation


class RewardActivated(Change):
    """Pending points became usable."""

    type: ClassVar[str] = "loyalty.reward.activated.v1"

    grant_id: UUID
    points: Annotated[int, Field(strict=True, ge=1)]
    expires_at: Moment | None = None


class RewardExpired(Change):
    """Points of one grant were not used in time."""

    type: ClassVar[str] = "loyalty.reward.expired.v1"

    grant_id: UUID
    points: Annotated[int, Field(strict=True, ge=1)]


class RewardMoved(Change):
    """Lots moved to another holder, or arrived from one: all of an account, or points that a member handed on. `points` counts pending and available ones."""

    type: ClassVar[str] = "loyalty.reward.moved.v1"

    kind: Literal["claim", "transfer"] = Field(
        default="claim", description="`claim`: all that an account had. `transfer`: points of one grant, which are a grant of their own where they arrive."
    )
    points: Count
    direction: Literal["out", "in"]
    other_holder: Holder
    grants: tuple[UUID, ...] = Field(default=(), max_length=MAX_GRANTS, description="Oldest first; the rest of more than 10,000 is left out.")


class Taken(Wire):
    """Points taken from one lot, and what is left in it."""

    grant_id: UUID
    points: Annotated[int, Field(strict=True, ge=1)]
    remaining: Count


class RewardReversed(Change):
    """What a purchase gave was taken back, as far as it no longer has a cause: goods came back, or it was cancelled or corrected.

    Due was `points` + `debt` + `forgiven`. Where points and debt are both 0, nothing was booked, and the account's version is the one before.
    """

    type: ClassVar[str] = "loyalty.reward.reversed.v1"

    return_id: Id | None = Field(default=None, description="Of a return; null for a cancelled or corrected purchase.")
    points: Count = Field(description="Taken from pending and available points.")
    debt: Count = Field(default=0, description="Owed from now on: paid by the next points that become available.")
    forgiven: Count = Field(default=0, description="Used already, and neither taken nor owed, as the programme says.")
    points_kept: Count = Field(description="What the purchase still gives, of all that it was granted.")
    lots: tuple[Taken, ...] = Field(default=(), max_length=MAX_LOTS, description="From which grants; the rest of more than 1,000 is left out.")
    explanation: Explanation = Field(description="Of what is kept.")


class RewardDebtPaid(Change):
    """Points that became available paid what the account owed."""

    type: ClassVar[str] = "loyalty.reward.debt-paid.v1"

    points: Annotated[int, Field(strict=True, ge=1)]
    lots: tuple[Taken, ...] = Field(default=(), max_length=MAX_LOTS, description="From which grants; the rest of more than 1,000 is left out.")


class RewardRefused(Wire):
    """An event was refused by name: `too-old`, `unknown-currency`, `over-returned`. No account changed."""

    type: ClassVar[str] = "loyalty.reward.refused.v1"

    programme: Id | None = None
    holder: Holder | None = None
    reason: Id
    text: Text = ""
    cause: Cause
    booked_at: Moment
