"""What a store or a web shop says about a receipt (topic `loyalty.purchases.v1`)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from contracts.fields import MAX_LINES, Count, Currency, Holder, Id, Moment, Money, Text, Wire, Zone

Channel = Literal["store", "web", "app", "phone", "other"]


class Line(Wire):
    """One line of a receipt. Amounts are for the whole line, not for one unit."""

    line_id: Id
    sku: Id
    name: Text = ""
    category: Id | None = None
    brand: Id | None = None
    labels: tuple[Id, ...] = Field(default=(), max_length=20, strict=False)  # a list too: quotes read lines from JSON already parsed
    quantity: Annotated[int, Field(strict=True, ge=1, le=10**9)] = Field(default=1000, description="In thousandths: 1500 is 1.5 kg or 1.5 pieces.")
    list_amount: Money | None = Field(default=None, description="Before discounts; the amount paid where not given.")
    discount_amount: Money = 0
    paid_amount: Money = Field(description="What the customer pays for this line, tax included.")
    tax_amount: Money = 0
    cost_amount: Money | None = Field(default=None, description="What the goods cost the merchant, for margins.")


class Payment(Wire):
    """A part of the receipt paid by one means. A means of payment is not a discount."""

    kind: Literal["cash", "card", "gift-card", "wallet", "points", "other"]
    amount: Money


class PurchaseRecorded(Wire):
    """A receipt was issued. A higher `revision` of the same purchase corrects the lower one."""

    type: ClassVar[str] = "loyalty.purchase.recorded.v1"

    merchant: Id = Field(description="Who sells. Purchase ids are unique per merchant.")
    purchase_id: Id
    revision: Annotated[int, Field(strict=True, ge=1, le=10**6)] = 1
    receipt_number: Id | None = Field(default=None, description="Unique per merchant, store and business day.")
    store: Id | None = None
    zone: Zone = Field(default="UTC", description="The store's time zone; rules about days and hours use it.")
    channel: Channel = "store"
    cashier: Id | None = None
    holder: Holder | None = Field(default=None, description="The identifier shown at the till, or the member. Without one nothing is earned.")
    lines: tuple[Line, ...] = Field(min_length=1, max_length=MAX_LINES)
    delivery_amount: Money = Field(default=0, description="Paid for delivery, tax included.")
    delivery_tax_amount: Money = 0
    payments: tuple[Payment, ...] = Field(default=(), max_length=20)
    coupons: tuple[Id, ...] = Field(default=(), max_length=20, description="Codes that were shown. One is used if something was given for it.")
    quote_id: Id | None = Field(default=None, description="The quote by which the cart was priced. Kept; what is paid stands in the lines.")
    hold_id: Id | None = Field(default=None, description="Captures the hold, and uses what was reserved with it.")
    hold_points: Count | None = Field(default=None, description="How much of the hold to capture; all of it where not given.")
    exchanged_purchase_id: Id | None = Field(
        default=None,
        description="Of the same merchant and holder: its rules and its day decide. What came back is a return of its own. Tell it first, with the same"
        " holder: then caps and the first purchase are free again.",
    )
    currency: Currency
    occurred_at: Moment

    @model_validator(mode="after")
    def _line_ids_are_unique(self) -> "PurchaseRecorded":
        if len({line.line_id for line in self.lines}) != len(self.lines):
            raise ValueError("line ids repeat")
        return self


class ReturnedLine(Wire):
    """What came back of one line: a quantity, and the amount given back for it. Without a line id, the SKU says what it was."""

    line_id: Id | None = None
    sku: Id | None = None
    quantity: Annotated[int, Field(strict=True, ge=1, le=10**9)] = Field(description="In thousandths.")
    amount: Money

    @model_validator(mode="after")
    def _names_a_line_or_goods(self) -> "ReturnedLine":
        if self.line_id is None and self.sku is None:
            raise ValueError("names neither a line nor a SKU")
        return self


class Reference(Wire):
    """Names a purchase, by its id or by the number on its receipt. It may come before the purchase, and then waits for it.

    With a purchase that was refused it is refused too (`purchase-refused`); by a number it waits for another purchase that has it.
    """

    merchant: Id
    purchase_id: Id | None = None
    receipt_number: Id | None = Field(
        default=None, description="With the receipt's store. Where numbers repeat: the newest purchase before, of the holder if one is named."
    )
    store: Id | None = None
    holder: Holder | None = None


class NamedReference(Reference):
    """Says for certain which purchase is meant."""

    @model_validator(mode="after")
    def _names_a_purchase(self) -> "NamedReference":
        if self.purchase_id is None and self.receipt_number is None:
            raise ValueError("names neither a purchase id nor a receipt number")
        return self


class PurchaseReturned(Reference):
    """Goods of a purchase came back, all of them where no lines are named. A holder's return may leave open of which purchase.

    Such a return waits for none: before its purchase it is refused (`unknown-purchase`), so send it after.
    """

    type: ClassVar[str] = "loyalty.purchase.returned.v1"

    return_id: Id = Field(description="Unique per merchant: told again under another event id, it counts once.")
    zone: Zone = "UTC"
    lines: tuple[ReturnedLine, ...] = Field(
        default=(), max_length=MAX_LINES, description="Empty: everything that is left, delivery too; with a delivery amount, the delivery alone."
    )
    delivery_amount: Money = Field(default=0, description="Given back for delivery. Without lines, nothing else comes back.")
    currency: Currency
    occurred_at: Moment

    @model_validator(mode="after")
    def _can_be_matched(self) -> "PurchaseReturned":
        if self.purchase_id is None and self.receipt_number is None and (self.holder is None or not self.lines):
            raise ValueError("names neither a purchase id nor a receipt number, nor a holder and lines")
        return self


class PurchaseConfirmed(NamedReference):
    """A purchase was delivered, or its return window is over."""

    type: ClassVar[str] = "loyalty.purchase.confirmed.v1"

    occurred_at: Moment


class PurchaseCancelled(NamedReference):
    """A purchase never happened after all."""

    type: ClassVar[str] = "loyalty.purchase.cancelled.v1"

    reason: Text = ""
    occurred_at: Moment
