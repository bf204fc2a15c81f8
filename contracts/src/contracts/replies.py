"""What the public API answers: what its clients can read, and all that the gateway shows of what its owners say."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.fields import Count, Currency, Holder, Id, Points, Text
from contracts.rewards import Buckets, Cause, Explanation
from contracts.verdicts import Verdict

MovementName = Literal[
    "granted", "activated", "expired", "moved-in", "moved-out", "reversed", "debt-paid", "held", "released", "spent", "restored", "adjusted", "forfeited"
]
"""What happened to an account."""


class Reply(BaseModel):
    """The base of every reply: frozen, and blind to fields it does not know, so that owners can grow before the gateway does.

    Every field is written, also one that is null, and the schema says so.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", json_schema_serialization_defaults_required=True)


class Expiring(Reply):
    """Points that are lost unless they are used before a date."""

    points: Points
    expires_at: AwareDatetime


class Maturing(Reply):
    """Pending points, and when they become usable."""

    points: Points
    usable_from: AwareDatetime


class Worth(Reply):
    """What the available points are worth in money, in minor units."""

    amount: int
    currency: Currency


class Tier(Reply):
    """The level that a holder has in a programme, with its prospects. Amounts are by measure, in smallest units; any one measure is enough."""

    level: Id
    name: dict[str, str]
    until: Annotated[date | None, Field(description="Its last certain day; null where it is kept while it is earned, or for good.")] = None
    by_hand: Annotated[bool, Field(description="An operator set it as a floor.")] = False
    privileges: tuple[Id, ...] = ()
    progress: Annotated[dict[str, int], Field(description="What counts now: points_earned, money_spent, purchases.")]
    next: Annotated[Id | None, Field(description="The next higher level.")] = None
    to_next: Annotated[dict[str, int], Field(description="What is missing for it.")]
    to_keep: Annotated[dict[str, int], Field(description="What is missing to keep this level; empty where nothing takes it away.")]
    projected: Annotated[Id | None, Field(description="The level after the next change, if nothing more is done.")] = None
    changes_on: Annotated[date | None, Field(description="The day of that change.")] = None


class Account(Reply):
    """A holder's points in one programme."""

    programme: Id
    account_version: Annotated[int, Field(ge=0, description="Rises by one with each change, without gaps.")]
    balance: Buckets
    expiring: tuple[Expiring, ...] = ()
    maturing: tuple[Maturing, ...] = ()
    worth: Worth | None = None
    tier: Annotated[Tier | None, Field(description="Null where the programme has no levels.")] = None


class Balance(Reply):
    """All accounts of one holder at one moment."""

    holder: Holder
    unclaimed: Annotated[bool, Field(description="True while no member owns the identifier.")]
    accounts: tuple[Account, ...]
    as_of: AwareDatetime


class Movement(Reply):
    """One change of an account, with the balance after it and the reason for it."""

    programme: Id
    account_version: int
    movement: MovementName
    points: Points
    balance: Buckets
    grant_id: UUID | None = None
    cause: Cause
    booked_at: AwareDatetime
    occurred_at: AwareDatetime | None = None
    explanation: Explanation | None = None
    usable_from: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None


class History(Reply):
    """A page of changes, newest first. `next` is the cursor of the page after it, null on the last."""

    items: tuple[Movement, ...]
    next: str | None = None


class Decision(Reply):
    """What one revision of a purchase earned and why, or why it earned nothing."""

    revision: int
    verdict: Verdict
    reason: Id | None = None
    programme: Id | None = None
    programme_version: int | None = None
    occurred_at: AwareDatetime
    explanation: Explanation | None = None


class Lot(Reply):
    """The points of one grant: how many, what remains, and from when until when they can be used."""

    amount: Points
    remaining: Points
    usable_from: AwareDatetime
    expires_at: AwareDatetime | None = None


class Grant(Reply):
    """Points given for one cause, and why so many. Holder null: whoever it was, is forgotten."""

    grant_id: UUID
    holder: Holder | None
    programme: Id
    programme_version: int
    points: Points
    lot: Lot
    cause: Cause
    booked_at: AwareDatetime
    explanation: Explanation


class Reversal(Reply):
    """Something because of which a purchase gives less, and what was taken for it."""

    kind: Literal["return", "cancellation", "correction"]
    return_id: Id | None = None
    points_taken: Count
    points_forgiven: Annotated[Points, Field(description="Below 0: so many that were forgiven are kept again, for a correction gave more.")]
    debt: Count
    points_kept: Count
    occurred_at: AwareDatetime
    explanation: Annotated[Explanation, Field(description="Of what is kept.")]


class Purchase(Reply):
    """Every decision made about one purchase, and what came back of it."""

    merchant: Id
    purchase_id: Id
    revisions: tuple[Decision, ...]
    reversals: tuple[Reversal, ...] = ()


class EventVerdict(Reply):
    """What became of one input event. There is exactly one verdict, for ever."""

    source: Id
    event_id: Id
    verdict: Verdict
    reason: Id | None = None
    decided_at: AwareDatetime


class ReturnQuote(Reply):
    """What a return would take. Nothing is booked."""

    allowed: Annotated[bool, Field(description="False where the programme wants points back that were used already.")]
    reason: Annotated[Id | None, Field(description="Why not; or `duplicate`: this return was accepted before, and takes nothing more.")] = None
    points_taken: Count
    points_forgiven: Count
    debt: Annotated[Count, Field(description="To be owed from then on.")]
    points_kept: Annotated[Count, Field(description="What the purchase goes on giving.")]
    points_restored: Annotated[Count, Field(description="Points that paid for the goods, and come back with them.")] = 0
    balance: Annotated[Buckets | None, Field(description="Of the account afterwards; null where nobody was identified.")] = None
    explanation: Annotated[Explanation, Field(description="Of what is kept.")]


class LinkedIdentifier(Reply):
    """An identifier of a member: its kind and its keyed hash, never its value."""

    kind: Literal["card", "phone", "email", "visitor", "partner"]
    identifier: Holder
    linked_at: AwareDatetime


class Member(Reply):
    """A member without anything personal."""

    member_id: UUID
    status: Id
    language: str
    programmes: tuple[Id, ...]
    registered_at: AwareDatetime
    identifiers: tuple[LinkedIdentifier, ...] = ()


class Resolved(Reply):
    """The keyed hash of an identifier, and whose it is."""

    identifier: Holder
    member_id: UUID | None = None


class LookUp(Reply):
    """Whoever stands at the till: the member if there is one, and the points, the member's or those that wait for a guest."""

    identifier: Holder
    member: Member | None
    accounts: tuple[Account, ...] | None
    unavailable: tuple[Literal["member", "accounts"], ...] = ()


class WaitingPoints(Reply):
    """Points that wait for a guest."""

    pending: Count
    available: Count


class Waiting(Reply):
    """What a guest would get by registering, and how. Totals only."""

    programme: Id
    points: WaitingPoints
    register_by: date | None = None
    steps: tuple[Text, ...] = ()


class Accepted(Reply):
    """A registration was taken. The answer is the same for a known and an unknown person."""

    registration_id: Id
    status: Literal["accepted"]


class TakenEvent(Reply):
    """An event that every replica of the broker has, and where it lies."""

    id: Id
    source: Id
    topic: str
    partition: int
    offset: int


class TakenEvents(Reply):
    """The events of a request, in their order. All of them are there; what becomes of each, its verdict says."""

    events: tuple[TakenEvent, ...]


class ProgrammeInForce(Reply):
    """A programme and its version in force."""

    programme: Id
    version: int
    effective_from: AwareDatetime
    effective_until: AwareDatetime | None = None


class Programmes(Reply):
    """The programmes there are."""

    items: tuple[ProgrammeInForce, ...]


class Programme(ProgrammeInForce):
    """One version of a programme, with the document that its rules run from."""

    document: dict[str, Any]
