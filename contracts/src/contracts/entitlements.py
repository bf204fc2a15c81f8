"""What becomes of rewards that are not points (topic `loyalty.rewards.v1`): an event for each step, numbered without gaps per entitlement."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.fields import Count, Holder, Id, Moment, Wire
from contracts.rewards import Cause

Kind = Literal["gift", "sample", "discount", "delivery", "service", "cashback", "ticket", "donation", "privilege", "choice"]
Way = Literal["rule", "points", "privilege", "surprise", "offer", "prize"]


class EntitlementStep(Wire):
    """What all these events carry. No points move with them: what was paid in points has an event of its own."""

    programme: Id
    programme_version: Annotated[int, Field(strict=True, ge=1)] = Field(description="The version whose catalogue the reward is from.")
    holder: Holder
    entitlement_id: UUID
    step: Annotated[int, Field(strict=True, ge=1)] = Field(description="Rises by one with each step, without gaps, per entitlement.")
    reward: Id = Field(description="Its id in the programme's catalogue; of a choice not made yet, the choice's.")
    kind: Kind
    uses_left: Count
    cause: Cause
    booked_at: Moment


class EntitlementIssued(EntitlementStep):
    """A holder was given a reward, or a choice between several."""

    type: ClassVar[str] = "loyalty.entitlement.issued.v1"

    code: Id = Field(description="What its owner shows.")
    way: Way = Field(description="How somebody came to it: by a rule, for points, by a tier's privilege, as a surprise, an offer, or a prize.")
    rule: Id = Field(description="The rule, surprise, offer or raffle; the reward itself where it was bought.")
    points: Count = Field(default=0, description="What was paid for it, in the programme's smallest unit.")
    expires_at: Moment | None = None
    choice: tuple[Id, ...] = Field(default=(), max_length=200, description="Of a choice: the rewards that it is between.")
    choose_by: Moment | None = Field(default=None, description="Afterwards the default is given.")
    goods: Id | None = Field(default=None, description="Of an offer: the SKU that it is for.")


class EntitlementChosen(EntitlementStep):
    """A choice was made, by its owner or by the clock; `reward` and `kind` are what was chosen."""

    type: ClassVar[str] = "loyalty.entitlement.chosen.v1"

    expires_at: Moment | None = None


class EntitlementReserved(EntitlementStep):
    """It is kept for one purpose until a moment."""

    type: ClassVar[str] = "loyalty.entitlement.reserved.v1"

    reserved_for: Id
    reserved_until: Moment


class EntitlementReleased(EntitlementStep):
    """It is no longer reserved, and was not used."""

    type: ClassVar[str] = "loyalty.entitlement.released.v1"


class EntitlementUsed(EntitlementStep):
    """It was used once: handed over, taken off a receipt, or paid out."""

    type: ClassVar[str] = "loyalty.entitlement.used.v1"

    handed_by: Id | None = None
    place: Id | None = None
    merchant: Id | None = None
    purchase_id: Id | None = None


class EntitlementMoved(EntitlementStep):
    """It left one holder and arrived at another: what waited for a guest belongs to the member who was found to be the guest. An event for each of the two."""

    type: ClassVar[str] = "loyalty.entitlement.moved.v1"

    direction: Literal["out", "in"]
    other_holder: Holder
    code: Id = Field(description="What its owner shows.")
    expires_at: Moment | None = None


class EntitlementExpired(EntitlementStep):
    """Its last day is over."""

    type: ClassVar[str] = "loyalty.entitlement.expired.v1"


class EntitlementReversed(EntitlementStep):
    """It was taken back, because what it was given for was undone."""

    type: ClassVar[str] = "loyalty.entitlement.reversed.v1"
