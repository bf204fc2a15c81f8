"""What callers of the public API may ask about coupons and budgets, and what they are answered."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from contracts.fields import Holder, Id, Moment
from contracts.replies import Reply
from contracts.requests import CLOSED

#: Codes that are issued together.
MAX_CODES = 1000


class CouponOrder(BaseModel):
    """Codes to issue, each for one use."""

    model_config = CLOSED

    programme: Id
    coupon: Annotated[Id, Field(description="Its id in the programme document; it must say `unique: true`.")]
    count: Annotated[int, Field(strict=True, ge=1, le=MAX_CODES)] = 1
    holder: Annotated[Holder | None, Field(description="Nobody else can use the codes; whoever has them, where not given.")] = None
    valid_until: Annotated[Moment | None, Field(description="As long as the document says, where not given.")] = None


class CouponCodes(Reply):
    """Codes that were issued together."""

    programme: Id
    coupon: Id
    codes: tuple[str, ...]
    valid_until: Moment | None = None


class CouponState(Reply):
    """One code, and what became of it."""

    programme: Id
    coupon: Id
    code: str
    personal: bool
    issued_at: Moment
    valid_until: Moment | None = None
    used: bool
    usable: bool = Field(description="Neither used nor past its time.")


class Limit(Reply):
    """Something limited for all members together."""

    kind: Literal["campaign", "coupon"]
    id: Id
    what: str = Field(description="`points` (smallest unit), `grants`, `money/EUR` (minor units) or `uses`.")
    limit: int | None = Field(default=None, description="Null: counted, and not limited.")
    used: int
    left: int | None = None


class Limits(Reply):
    """All of a programme, as its version in force or else its latest has them."""

    programme: Id
    version: int
    items: tuple[Limit, ...]
    as_of: Moment
