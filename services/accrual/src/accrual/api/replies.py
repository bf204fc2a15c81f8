"""What accrual answers."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.fields import Currency, Holder, Id, Moment
from contracts.replies import MovementName, Tier
from contracts.rewards import Buckets, Cause, Explanation
from contracts.verdicts import Verdict


class Reply(BaseModel):
    """The base of every reply: frozen."""

    model_config = ConfigDict(frozen=True)


class Expiring(Reply):
    """Usable points that are gone from a moment on, unless they are used."""

    points: int
    expires_at: Moment


class Maturing(Reply):
    """Pending points, and when they become usable."""

    points: int
    usable_from: Moment


class Worth(Reply):
    """What the available points are worth, in minor units."""

    amount: int
    currency: Currency


class Account(Reply):
    """A holder's points in one programme, at the moment of asking."""

    programme: Id
    account_version: int = Field(description="Rises by one with each change, without gaps.")
    balance: Buckets
    expiring: tuple[Expiring, ...]
    maturing: tuple[Maturing, ...]
    worth: Worth | None
    tier: Tier | None = Field(description="Null where the programme has no levels.")


class Accounts(Reply):
    """All accounts of one holder: the member, once an identifier is linked."""

    holder: Holder
    unclaimed: bool = Field(description="True while no member owns the identifier.")
    accounts: tuple[Account, ...]
    as_of: Moment


class Movement(Reply):
    """One change of an account, with the balance after it and what brought it about."""

    programme: Id
    account_version: int
    movement: MovementName
    points: int
    balance: Buckets
    grant_id: UUID | None
    cause: Cause
    booked_at: Moment
    occurred_at: Moment
    explanation: Explanation | None
    usable_from: Moment | None
    expires_at: Moment | None


class History(Reply):
    """A page of changes, newest first. `next` is the cursor of the page after it, null on the last."""

    items: tuple[Movement, ...]
    next: str | None


class Lot(Reply):
    """The points of one grant: how many, what remains, and from when until when they can be used."""

    amount: int
    remaining: int
    usable_from: Moment
    expires_at: Moment | None


class Grant(Reply):
    """Points given for one cause, and why so many. Holder null: whoever it was, is forgotten."""

    grant_id: UUID
    holder: Holder | None
    programme: Id
    programme_version: int
    points: int
    lot: Lot
    cause: Cause
    booked_at: Moment
    explanation: Explanation


class Decision(Reply):
    """What one revision of a purchase earned and why, or why it earned nothing."""

    revision: int
    verdict: Verdict
    reason: Id | None
    programme: Id | None
    programme_version: int | None
    occurred_at: Moment
    explanation: Explanation | None


class Reversal(Reply):
    """Something because of which a purchase gives less, and what was taken for it."""

    kind: Literal["return", "cancellation", "correction"]
    return_id: Id | None
    points_taken: int
    points_forgiven: int
    debt: int
    points_kept: int
    occurred_at: Moment
    explanation: Explanation


class Purchase(Reply):
    """Every decision made about one purchase, and what came back of it."""

    merchant: Id
    purchase_id: Id
    revisions: tuple[Decision, ...]
    reversals: tuple[Reversal, ...]


class EventVerdict(Reply):
    """What became of one input event."""

    source: Id
    event_id: Id
    verdict: Verdict
    reason: Id | None
    decided_at: Moment


class ReturnQuote(Reply):
    """What a return would take. Nothing is booked. Of several purchases everything is added up."""

    allowed: bool
    reason: Id | None
    points_taken: int
    points_forgiven: int
    debt: int
    points_kept: int
    points_restored: int
    balance: Buckets | None
    explanation: Explanation


class WaitingEvent(Reply):
    """An event that came before the purchase it is about."""

    number: int
    source: Id
    event_id: Id
    type: str
    merchant: Id
    purchase_id: Id | None
    receipt_number: Id | None
    store: Id | None
    return_id: Id | None
    arrived_at: Moment
    occurred_at: Moment


class WaitingEvents(Reply):
    """Events that wait, in the order in which they came. `next` is the `after` of the next page, null on the last."""

    items: tuple[WaitingEvent, ...]
    next: int | None


class ProgrammeInForce(Reply):
    """A programme, and one of its versions."""

    programme: Id
    version: int
    effective_from: Moment
    effective_until: Moment | None


class Programmes(Reply):
    """The programmes there are, each with the version in force, or else its latest."""

    items: tuple[ProgrammeInForce, ...]


class Programme(ProgrammeInForce):
    """One version of a programme, with the document that its rules run from."""

    document: dict[str, Any]
