"""What a till or a shop is answered about a cart before it is paid: what it costs, earns and may be paid with."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.fields import Count, Id, Text
from contracts.replies import Reply, Tier
from contracts.rewards import Explanation


class QuotedPrice(Reply):
    """A line of the cart after all discounts. `paid_amount` and `tax_amount` are what its receipt should say."""

    line_id: Id
    price_amount: Annotated[Count, Field(description="Before discounts of the programme: as it was asked.")]
    discount_amount: Count
    paid_amount: Count
    tax_amount: Count


class LineDiscount(Reply):
    """What came off one line."""

    line_id: Id
    amount: Count


class DiscountTaken(Reply):
    """What one discount takes off, to be checked with a pencil. The lines add up to the amount."""

    discount: Annotated[Id, Field(description="Or the code of the entitlement that takes it off.")]
    name: Annotated[Text, Field(description="In the language asked for, if the programme has it.")]
    amount: Count
    lines: tuple[LineDiscount, ...]
    text: Annotated[Text, Field(description="`10% of 120.00, at most 9.00`.")]


class DiscountNotTaken(Reply):
    """A discount that takes nothing off, and why."""

    discount: Id
    reason: Id
    text: Text = ""


class Gift(Reply):
    """Goods handed over on top, for nothing."""

    discount: Annotated[Id, Field(description="Or the code of the entitlement that brings them.")]
    name: Text
    sku: Id
    pieces: Annotated[int, Field(ge=1)]


class QuotedCoupon(Reply):
    """A coupon code that was presented, and whether it may be used."""

    code: Id
    valid: bool
    coupon: Id | None = None
    reason: Annotated[Id | None, Field(description="Why it may not be used.")] = None


class QuotedEntitlement(Reply):
    """A reward of the holder that was shown, and what it does to the cart after all discounts."""

    entitlement: Annotated[Id, Field(description="As it was asked: an id or a code.")]
    valid: Annotated[bool, Field(description="A hold that names the quote reserves it, and the purchase that names the hold uses it.")]
    entitlement_id: UUID | None = None
    name: Text = ""
    amount: Annotated[Count, Field(description="What it takes off, in minor units; a gift stands among the gifts.")] = 0
    reason: Annotated[Id | None, Field(description="Why it is not used.")] = None
    text: Text = ""


class Spendable(Reply):
    """How many points may be used for the cart at most, after discounts."""

    points: Count
    amount: Annotated[Count, Field(description="What they are worth, in minor units.")]
    limited: Annotated[
        Id | None, Field(description="Why no more: `insufficient-points`, `over-share`, `not-in-steps`, `below-minimum`, `account-too-new`.")
    ] = None
    text: Text = ""
    missing: Annotated[Count, Field(description="Points that the holder has too few to use any.")] = 0


class RewardWithinReach(Reply):
    """A reward of the catalogue that costs points: to be had now, or what is missing for it."""

    reward: Id
    name: Text
    cost: Count
    available: bool
    reason: Id | None = None
    missing: Annotated[Count, Field(description="Points that the holder has too few.")] = 0


class Quote(Reply):
    """What a cart would cost and earn if it were bought now, and what it may be paid with. Nothing is booked."""

    quote_id: Annotated[UUID, Field(description="Names the quote while it is valid.")]
    valid_until: AwareDatetime
    programme: Id
    programme_version: int
    total_amount: Annotated[Count, Field(description="To be paid, delivery included.")]
    discount_amount: Annotated[Count, Field(description="What all discounts take off.")]
    lines: tuple[QuotedPrice, ...]
    discounts: tuple[DiscountTaken, ...] = ()
    not_discounted: tuple[DiscountNotTaken, ...] = ()
    gifts: tuple[Gift, ...] = ()
    coupons: tuple[QuotedCoupon, ...] = ()
    entitlements: tuple[QuotedEntitlement, ...] = ()
    points: Annotated[Count, Field(description="To be earned, on what is left after discounts.")]
    usable_from: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    explanation: Explanation
    spendable: Annotated[Spendable | None, Field(description="Null where nobody was named.")] = None
    rewards: Annotated[tuple[RewardWithinReach, ...], Field(description="What points can be exchanged for; of nobody's points where nobody was named.")] = ()
    tier: Annotated[Tier | None, Field(description="Null where the programme has no levels, or nobody was named.")] = None
    receipt: Annotated[tuple[Text, ...], Field(description="What to print or show, line by line, in the language asked for.")] = ()
