"""What callers of the public API are answered about friends that members brought."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from contracts.fields import Count, Id, Text
from contracts.replies import Reply


class Referral(Reply):
    """An invitation in which a member has a part. It does not say who the other one is."""

    programme: Id
    side: Annotated[Literal["inviter", "friend"], Field(description="Which of the two the member is.")]
    state: Annotated[
        Literal["open", "paid", "refused", "undone"],
        Field(description="`open`: the friend's first purchase is waited for. `paid`: both were given their points. `undone`: both lost them again."),
    ]
    points: Annotated[Count, Field(description="What the member gets for it, got, or would have got, in the programme's smallest unit.")]
    joined_at: Annotated[AwareDatetime, Field(description="When the friend joined.")]
    paid_on: Annotated[date | None, Field(description="The day for which the points were given.")] = None
    reason: Annotated[Id | None, Field(description="Why nothing is given, or kept.")] = None
    text: Annotated[Text, Field(description="The same in words.")] = ""


class Referrals(Reply):
    """The newest invitations of a member, in every programme, the newest first."""

    items: tuple[Referral, ...]
