"""What callers of the public API may ask about holds and adjustments, and what they are answered."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from contracts.fields import Count, Currency, Holder, Id, Points, Text
from contracts.replies import Reply
from contracts.requests import CLOSED, Cart, Identifier

#: A till's customer has left by then.
MOST_SECONDS = 24 * 3600
USUAL_SECONDS = 30 * 60
Amount = Annotated[int, Field(strict=True, ge=1, le=10**15)]


class HoldRequest(BaseModel):
    """Points to be put aside for a purchase, until the till says whether they are used."""

    model_config = CLOSED

    holder: Holder | None = None
    identifier: Annotated[Identifier | None, Field(description="As it was shown at the till; the gateway finds the holder.")] = None
    merchant: Id
    purchase_id: Annotated[Id, Field(description="Of the purchase that will be told, and that may name the hold.")]
    points: Annotated[int, Field(strict=True, ge=0, le=10**15, description="0: only what the quote counts on is reserved.")]
    partly: Annotated[bool, Field(description="Put aside as many of the points as may be used, if not all of them.")] = False
    purchase: Annotated[Cart | None, Field(description="What is bought. Needed where the programme limits the share that points pay, or excludes goods.")] = (
        None
    )
    quote_id: Annotated[
        UUID | None,
        Field(description="Instead of the cart: its prices after discounts count, and coupons, rewards, budgets and stock that it needs are reserved too."),
    ] = None
    permit: Annotated[Id | None, Field(description="The id of the member's permit to spend, good for one hold.")] = None
    expires_in_seconds: Annotated[int, Field(strict=True, ge=1, le=MOST_SECONDS)] = USUAL_SECONDS

    @model_validator(mode="after")
    def _is_consistent(self) -> "HoldRequest":
        if (self.holder is None) == (self.identifier is None):
            raise ValueError("name either a holder or an identifier")
        if self.purchase is not None and self.quote_id is not None:
            raise ValueError("a quote has its cart already")
        if self.points == 0 and self.quote_id is None:
            raise ValueError("without points and without a quote nothing is reserved")
        if self.purchase is not None and self.purchase.merchant != self.merchant:
            raise ValueError("the purchase is another merchant's")
        return self


class CaptureRequest(BaseModel):
    """How many of the points were used; all of them where it is not said. The rest is given back."""

    model_config = CLOSED

    points: Annotated[int | None, Field(strict=True, ge=0, le=10**15)] = None


class Worth(Reply):
    """What points are worth in money, in minor units."""

    amount: int
    currency: Currency


class Hold(Reply):
    """Points put aside, and what became of them."""

    hold_id: UUID
    holder: Annotated[Holder | None, Field(description="Null: whoever it was, is forgotten.")]
    programme: Id
    merchant: Id
    purchase_id: Id
    points: Points
    worth: Worth
    entitlements: Annotated[tuple[UUID, ...], Field(description="Rewards reserved with the points, and used with them.")] = ()
    state: Annotated[
        Literal["open", "captured", "released", "expired"], Field(description="An expired hold may still be captured, once: its points are then found anew.")
    ]
    captured: Annotated[Count, Field(description="Points used.")] = 0
    debt: Annotated[Count, Field(description="Of these, owed: they were no longer there when an expired hold was captured.")] = 0
    limited: Annotated[Id | None, Field(description="Why fewer points were put aside than asked for.")] = None
    made_at: AwareDatetime
    expires_at: AwareDatetime
    resolved_at: AwareDatetime | None = None


class AdjustmentRequest(BaseModel):
    """Points to be given or taken by hand. Somebody else has to approve it."""

    model_config = CLOSED

    programme: Id
    holder: Holder
    points: Annotated[int, Field(strict=True, ge=-(10**15), le=10**15, description="Below 0: to be taken.")]
    forfeit: Annotated[bool, Field(description="Points taken are lost to the holder by a fault or by the programme's end, and counted as such.")] = False
    reason: Annotated[Text, Field(min_length=3)]

    @model_validator(mode="after")
    def _moves_something(self) -> "AdjustmentRequest":
        if self.points == 0 or (self.forfeit and self.points > 0):
            raise ValueError("0 points are no adjustment, and points are not given by forfeiting them")
        return self


class Adjustment(Reply):
    """An adjustment by hand, and what became of it."""

    adjustment_id: UUID
    programme: Id
    holder: Holder | None
    points: Points
    forfeit: bool
    reason: Text
    state: Annotated[Literal["requested", "booked"], Field(description="Booked once somebody else approved it.")]
    requested_by: Id
    requested_at: AwareDatetime
    approved_by: Id | None = None
    booked_at: AwareDatetime | None = None


class Adjustments(Reply):
    """Adjustments that wait for somebody to approve them."""

    items: tuple[Adjustment, ...]


class TransferRequest(BaseModel):
    """Points that one member hands on to another."""

    model_config = CLOSED

    programme: Id
    holder: Holder
    to_holder: Holder
    points: Amount


class Transfer(Reply):
    """Points handed on."""

    transfer_id: Id
    programme: Id
    holder: Holder
    to_holder: Holder
    points: Points
