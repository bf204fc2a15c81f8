"""What callers of the public API may send: closed, so that a misspelt field is an error and never ignored."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.fields import MAX_LINES, Currency, Holder, Id, Language, Moment, Money, Text, Zone
from contracts.purchases import Channel, Line, Payment, ReturnedLine
from contracts.registrations import ConsentGiven

CLOSED = ConfigDict(frozen=True, extra="forbid", strict=False)


class Identifier(BaseModel):
    """An identifier as a person gave it. It is sent in the body, never in an address, because addresses are logged."""

    model_config = CLOSED

    kind: Literal["card", "phone", "email", "visitor"]
    value: Annotated[str, StringConstraints(min_length=1, max_length=320), Field(repr=False)]


class QuotedLine(Line):
    """One line of a cart: the same fields as a line of a receipt."""

    model_config = CLOSED


class QuotedPayment(Payment):
    """A part of the cart paid by one means."""

    model_config = CLOSED


class Cart(BaseModel):
    """What is about to be bought: the same fields as a receipt, before it has an id."""

    model_config = CLOSED

    merchant: Id
    store: Id | None = None
    zone: Zone = "UTC"
    channel: Channel = "store"
    lines: Annotated[tuple[QuotedLine, ...], Field(min_length=1, max_length=MAX_LINES)]
    delivery_amount: Money = 0
    delivery_tax_amount: Money = 0
    payments: Annotated[tuple[QuotedPayment, ...], Field(max_length=20)] = ()
    coupons: Annotated[tuple[Id, ...], Field(max_length=20)] = ()
    currency: Currency
    occurred_at: Annotated[Moment | None, Field(description="Now, where it is not given.")] = None

    @model_validator(mode="after")
    def _line_ids_are_unique(self) -> "Cart":
        if len({line.line_id for line in self.lines}) != len(self.lines):
            raise ValueError("line ids repeat")
        return self


class QuoteRequest(BaseModel):
    """A cart with its prices before any discount of the programme, and who buys it if that is known."""

    model_config = CLOSED

    holder: Holder | None = None
    purchase: Cart
    entitlements: Annotated[
        tuple[Id, ...],
        Field(
            max_length=20,
            description="Rewards of the holder that are to be used with the cart, by their ids or codes. A hold that names the quote reserves them.",
        ),
    ] = ()
    language: Annotated[Language, Field(description="Of the receipt's text: `en` or `ru`; for any other, `en`.")] = "en"


class QuotedReturn(ReturnedLine):
    """What is to be given back of one line: the same fields as a line of a return."""

    model_config = CLOSED


class ReturnQuoteRequest(BaseModel):
    """What somebody wants to give back: the same fields as a return, before it has an id."""

    model_config = CLOSED

    merchant: Id
    purchase_id: Id | None = None
    receipt_number: Id | None = None
    store: Id | None = None
    holder: Holder | None = None
    return_id: Annotated[Id | None, Field(description="If it has one already: a return that was accepted takes nothing again.")] = None
    zone: Zone = "UTC"
    lines: Annotated[
        tuple[QuotedReturn, ...],
        Field(max_length=MAX_LINES, description="Empty: everything that is left, delivery too; with a delivery amount, the delivery alone."),
    ] = ()
    delivery_amount: Money = 0
    currency: Currency
    occurred_at: Annotated[Moment | None, Field(description="Now, where it is not given.")] = None

    @model_validator(mode="after")
    def _can_be_matched(self) -> "ReturnQuoteRequest":
        if self.purchase_id is None and self.receipt_number is None and (self.holder is None or not self.lines):
            raise ValueError("names neither a purchase id nor a receipt number, nor a holder and lines")
        return self


class GuestRequest(BaseModel):
    """A guest, by the identifier shown at the till or by its hash."""

    model_config = CLOSED

    programme: Id
    holder: Holder | None = None
    identifier: Identifier | None = None

    @model_validator(mode="after")
    def _names_one_guest(self) -> "GuestRequest":
        if (self.holder is None) == (self.identifier is None):
            raise ValueError("name either a holder or an identifier")
        return self


class Consent(ConsentGiven):
    """One ticked box."""

    model_config = CLOSED


class RegistrationRequest(BaseModel):
    """Somebody asks to become a member."""

    model_config = CLOSED

    programme: Id
    identifiers: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=10)]
    given_name: Annotated[Text, Field(repr=False)] = ""
    family_name: Annotated[Text, Field(repr=False)] = ""
    birth_date: Annotated[Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None, Field(repr=False)] = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "en"
    consents: Annotated[tuple[Consent, ...], Field(max_length=20)] = ()
    referred_by: Annotated[
        Holder | None, Field(description="Who invited them, by member id (`m:…`) or the hash of an identifier: never by name or number.")
    ] = None
    proof: Annotated[
        Annotated[str, StringConstraints(max_length=4_000)] | None,
        Field(description="A trusted till's statement (JWT) that the identifiers were shown to it; its `sub` is the Idempotency-Key.", repr=False),
    ] = None
    store: Id | None = None


class TierAssignment(BaseModel):
    """An operator sets a member's level: at least this one, from today on."""

    model_config = CLOSED

    programme: Id
    tier: Annotated[Id | None, Field(description="Null: what was set by hand before is over; what was earned stays.")]
    until: Annotated[date | None, Field(description="Its last day in the programme's zone; for good, where not given.")] = None
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]
