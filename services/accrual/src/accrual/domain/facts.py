"""What happened, as the rules see it: a purchase, an activity, a registration. Make them by keyword."""

from datetime import datetime
from typing import NamedTuple


class Line(NamedTuple):
    """One line of a receipt. Amounts are for the whole line, in minor units of the purchase's currency."""

    line_id: str
    sku: str
    paid_amount: int  #: what the customer pays, tax included
    category: str | None = None
    brand: str | None = None
    labels: tuple[str, ...] = ()
    quantity: int = 1000  #: in thousandths
    list_amount: int | None = None  #: before discounts; the amount paid where not given
    tax_amount: int = 0


class Payment(NamedTuple):
    """A part of a receipt paid by one means, in minor units."""

    kind: str
    amount: int


class Purchase(NamedTuple):
    """A receipt. Its account is not here: rules never see who buys, only that somebody is identified."""

    merchant: str
    purchase_id: str
    lines: tuple[Line, ...]
    currency: str
    occurred_at: datetime
    store: str | None = None
    zone: str = "UTC"  #: the store's; rules about days and hours use it
    channel: str = "store"
    delivery_amount: int = 0
    delivery_tax_amount: int = 0
    identified: bool = True  #: without an identifier nothing is earned
    payments: tuple[Payment, ...] = ()
    coupons: tuple[str, ...] = ()  #: codes, as they were presented
    in_exchange: bool = False  #: for another, whose day is taken for its own: no lot falls on it


class Activity(NamedTuple):
    """Anything but a purchase that can earn: a newsletter subscribed, a survey answered."""

    programme: str
    kind: str
    occurred_at: datetime
    zone: str = "UTC"
    subject: str = ""


class Registration(NamedTuple):
    """A member joined a programme."""

    programme: str
    occurred_at: datetime


Fact = Purchase | Activity | Registration
