"""What callers of the public API may ask about rewards that are not points, and what they are answered."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from contracts.entitlements import Kind, Way
from contracts.fields import Count, Currency, Holder, Id
from contracts.replies import Reply
from contracts.requests import CLOSED

#: Longer than any booking ahead.
MOST_SECONDS = 90 * 24 * 3600
USUAL_SECONDS = 30 * 60

Names = dict[str, str]
Amounts = dict[Currency, Count]


class RedeemRequest(BaseModel):
    """A holder wants a reward of the catalogue for points."""

    model_config = CLOSED

    holder: Holder
    programme: Id
    reward: Id


class MyRedeemRequest(BaseModel):
    """A member wants a reward of the catalogue for their own points."""

    model_config = CLOSED

    programme: Id
    reward: Id


class NamedEntitlement(BaseModel):
    """An entitlement, by its id or by the code that its owner shows."""

    model_config = CLOSED

    entitlement_id: UUID | None = None
    code: Annotated[Id | None, Field(description="As it was typed: case, dashes and spaces do not matter.")] = None
    holder: Annotated[Holder | None, Field(description="If it is given, the entitlement must be theirs.")] = None

    @model_validator(mode="after")
    def _names_one(self) -> "NamedEntitlement":
        if (self.entitlement_id is None) == (self.code is None):
            raise ValueError("name either an entitlement_id or a code")
        return self


class ChooseRequest(NamedEntitlement):
    """A choice is made."""

    reward: Id


class ReserveRequest(NamedEntitlement):
    """An entitlement is to be kept for one purpose: a purchase, a booking."""

    reserved_for: Id
    expires_in_seconds: Annotated[int, Field(strict=True, ge=1, le=MOST_SECONDS)] = USUAL_SECONDS


class ReleaseRequest(NamedEntitlement):
    """A reservation is given back."""

    reserved_for: Id | None = None


class UseRequest(NamedEntitlement):
    """An entitlement is used once: handed over, taken off a receipt, or paid out."""

    reserved_for: Annotated[Id | None, Field(description="Of a reserved one: what it was reserved for.")] = None
    handed_by: Id | None = None
    place: Id | None = None
    merchant: Id | None = None
    purchase_id: Id | None = None


class PrivilegeRequest(BaseModel):
    """A privilege of somebody's tier is used once."""

    model_config = CLOSED

    holder: Holder
    programme: Id
    privilege: Id
    handed_by: Id | None = None
    place: Id | None = None


class OffersRequest(BaseModel):
    """Somebody is to be made the offers that the programme's rules find for them."""

    model_config = CLOSED

    holder: Holder
    programme: Id


class Entitlement(Reply):
    """A reward that is not points, in somebody's hands."""

    entitlement_id: UUID
    programme: Id
    reward: Annotated[Id, Field(description="Of an open choice: the choice.")]
    kind: Kind
    name: Names
    state: Annotated[Literal["open", "issued", "reserved", "used", "expired", "reversed"], Field(description="`open`: a choice must be made first.")]
    code: Id
    uses: int
    uses_left: int
    way: Way
    rule: Id
    points: Annotated[Count, Field(description="What was paid for it, in the programme's smallest unit.")]
    percent: Annotated[str | None, Field(description="Of a discount, as `10` or `2.5`.")] = None
    amount: Annotated[Amounts, Field(description="Of a discount or of cashback, in minor units by currency.")] = {}  # noqa: RUF012  pydantic copies it
    goods: Annotated[Id | None, Field(description="Of an offer: the SKU that it is for.")] = None
    reason: Annotated[str | None, Field(description="Of an offer, in words: why it is made.")] = None
    issued_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    choice: tuple[Id, ...] = ()
    choose_by: AwareDatetime | None = None
    reserved_for: Id | None = None
    reserved_until: AwareDatetime | None = None


class Privilege(Reply):
    """What a holder's tier gives, and how often it can still be used."""

    privilege: Id
    name: Names
    uses: int
    uses_left: int
    until: AwareDatetime


class Available(Reply):
    """A reward of the catalogue: what it costs, and whether this holder can have it now."""

    reward: Id
    kind: Kind
    name: Names
    points: Count
    price: Annotated[Amounts, Field(description="Paid beside the points, in minor units by currency.")]
    available: bool
    reason: Annotated[Id | None, Field(description="Why not: insufficient-balance, tier-needed, out-of-stock, raffle-closed, limit-reached.")] = None
    missing: Annotated[Count, Field(description="Points that are missing.")] = 0


class ProgrammeRewards(Reply):
    """What a holder has in one programme, and could have."""

    programme: Id
    entitlements: tuple[Entitlement, ...]
    privileges: tuple[Privilege, ...]
    catalogue: tuple[Available, ...]


class Rewards(Reply):
    """What a holder has beside points, in every programme."""

    holder: Holder
    programmes: tuple[ProgrammeRewards, ...]
    as_of: AwareDatetime


class Offers(Reply):
    """Offers just made to somebody."""

    items: tuple[Entitlement, ...]


class DrawRequest(BaseModel):
    """A raffle is to be drawn now."""

    model_config = CLOSED

    beacon: Annotated[
        str,
        Field(
            pattern=r"^[^\r\n]{1,200}$", description="The public value that was named when the draw was promised, as it became known; it is part of the draw."
        ),
    ]


class Prize(Reply):
    """So many winners get this reward."""

    reward: Id
    count: int


class Winner(Reply):
    """A ticket that was drawn, and its prize."""

    ticket: Id
    reward: Id


class Raffle(Reply):
    """A raffle: what was promised before; its tickets, once they are closed; after the draw all that anybody needs to repeat it."""

    programme: Id
    raffle: Id
    ticket: Annotated[Id, Field(description="The reward that takes part.")]
    closes_at: Annotated[AwareDatetime, Field(description="Tickets given before take part.")]
    beacon_source: Annotated[str, Field(description="The public value that decides the draw together with the seed.")]
    beacon_at: Annotated[AwareDatetime, Field(description="When it becomes known; nobody draws earlier.")]
    prizes: tuple[Prize, ...]
    commitment: Annotated[str, Field(description="SHA-256 in hexadecimal of the seed and all of the above. Note it: the draw must fit it.")]
    committed_at: AwareDatetime
    closed_at: Annotated[AwareDatetime | None, Field(description="When the list of tickets was fixed.")] = None
    digest: Annotated[str | None, Field(description="SHA-256 in hexadecimal of the list of tickets. Note it: the draw must fit it too.")] = None
    tickets: Annotated[tuple[Id, ...], Field(description="By their entitlements' ids, which say nothing of who has them.")] = ()
    drawn_at: AwareDatetime | None = None
    seed: str | None = None
    beacon: str = ""
    withdrawn: Annotated[tuple[Id, ...], Field(description="Tickets that were used or taken back after they were closed: they win nothing.")] = ()
    winners: tuple[Winner, ...] = ()


class Surprise(Reply):
    """A surprise: the commitment to its lots from the beginning, and their seed once nothing can be drawn any more."""

    programme: Id
    surprise: Id
    chance: Annotated[str, Field(description="Of each purchase, as `2%`.")]
    commitment: Annotated[str, Field(description="SHA-256 in hexadecimal of the seed and the chance. Note it: the seed must fit it.")]
    committed_at: AwareDatetime
    secret_until: Annotated[AwareDatetime | None, Field(description="When the seed is shown: no purchase can be drawn any more, however late it is told.")] = (
        None
    )
    seed: str | None = None
