"""The cast of these tests, what they buy and do, and the programmes they do it under."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.activities import ActivityRecorded
from contracts.envelope import Event
from contracts.fields import Wire
from contracts.identifiers import member_holder
from contracts.members import IdentifierLinked, MemberRegistered
from contracts.purchases import Line, PurchaseCancelled, PurchaseConfirmed, PurchaseRecorded, PurchaseReturned, ReturnedLine

NOON = datetime(2025, 3, 10, 12, tzinfo=UTC)
BAKERY, TEA_HOUSE = "corner-bakery", "tea-house"
TILL, WEB, MEMBERS = "urn:test:till", "urn:test:web", "urn:test:members"

ANA, BORIS = UUID(int=0xA, version=4), UUID(int=0xB, version=4)
ANAS_CARD, BORIS_CARD, ANAS_PHONE = "h1:" + "A" * 43, "h1:" + "B" * 43, "h1:" + "P" * 43
MEMBER_ANA, MEMBER_BORIS = member_holder(ANA), member_holder(BORIS)

#: One point for 10 roubles, usable at once, for a year and to the end of the month.
BREAD = """
programme: bread
version: 1
effective_from: 2024-01-01
zone: Europe/Moscow
currency: RUB
merchants: [corner-bakery]
points: {name: {en: crumbs}, worth: 0.50, rounding: floor}
earning:
  - {id: base, give: {points: 1, per: 10.00}}
  - {id: cake, when: {category: cake}, give: {multiply: 2}, cap: {points: 100, per: month}}
  - {id: first, when: {first_purchase: true}, give: {fixed: 5}}
  - {id: welcome, on: registration, give: {fixed: 100}}
  - {id: newsletter, on: activity, when: {activity: newsletter}, give: {fixed: 25}, cap: {times: 1, per: ever}}
expiry: {after: 12 months, to: end_of_month}
"""
#: The same money buys points that wait for a fortnight and live for two months. Who drinks most is found out in a contest.
TEA = """
programme: tea
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [tea-house]
points: {name: {en: leaves}, decimals: 1, worth: 1.00}
earning:
  - {id: base, give: {points: 1, per: 10.00}}
pending: {until: 14 days}
expiry: {after: 2 months}
contests:
  - {id: winter, from: 2024-12-01, until: 2025-03-31, who: everybody, score: [{score: 3, per: 7.00}, {score: 1}], prizes: {places: 1, points: 5}}
"""
#: Points wait for the purchase to be confirmed.
PARCELS = """
programme: parcels
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [parcel-shop]
points: {name: {en: stamps}, worth: 1.00}
earning:
  - {id: base, give: {points: 1, per: 10.00}}
pending: {until: confirmed, at_latest: 30 days}
"""
PARCEL_SHOP = "parcel-shop"
JAM_SHOP = "jam-shop"
#: One point for 10 roubles. The campaign gives 7 more as long as its 1,000 points last; a coupon gives 50 to the first three, another is personal.
JAM = """
programme: jam
version: 1
effective_from: 2024-01-01
zone: Europe/Moscow
currency: RUB
merchants: [jam-shop]
points: {name: {en: jars}, worth: 0.50}
earning:
  - {id: base, give: {points: 1, per: 10.00}}
  - {id: hello, when: {coupon: [hello]}, give: {fixed: 50}}
  - {id: birthday, when: {coupon: [birthday]}, give: {fixed: 30}}
  - {id: keepsake, when: {coupon: [keepsake]}, give: {fixed: 20}}
campaigns:
  - id: spring
    budget: {points: 1000}
    earning:
      - {id: spring-extra, give: {fixed: 7}}
      - {id: visited, on: activity, when: {activity: visit}, give: {fixed: 7}}
coupons:
  - {id: hello, code: HELLO, uses: 3, per_member: 1}
  - {id: birthday, unique: true, valid: 30 days}
  - {id: keepsake, code: KEEP, uses: 5, give_back: false}
"""


def an_event(data: Wire, *, event_id: str, source: str) -> Event[Any]:
    """An event as a producer would send it."""
    return Event(event_id, source, type(data).type, NOON, data)


def a_purchase(
    purchase_id: str = "p-1", *, holder: str | None = ANAS_CARD, kopecks: int = 100_00, event_id: str | None = None, at: datetime = NOON, **fields: Any
) -> Event[PurchaseRecorded]:
    """A receipt of one line at the bakery, unless told otherwise."""
    category = fields.pop("category", "bread")
    given = {"merchant": BAKERY, "currency": "RUB", "zone": "Europe/Moscow", "lines": (Line(line_id="1", sku="loaf", category=category, paid_amount=kopecks),)}
    data = PurchaseRecorded(purchase_id=purchase_id, holder=holder, occurred_at=at, **{**given, **fields})
    return an_event(data, event_id=event_id or f"{data.merchant}/{purchase_id}/{data.revision}", source=TILL)


def an_activity(activity_id: str = "a-1", *, holder: str = ANAS_CARD, kind: str = "newsletter", programme: str = "bread", **fields: Any) -> Event[Any]:
    """Somebody subscribed to the newsletter, unless told otherwise."""
    event_id = fields.pop("event_id", f"{kind}/{activity_id}")
    data = ActivityRecorded(programme=programme, activity_id=activity_id, kind=kind, holder=holder, occurred_at=fields.pop("at", NOON), **fields)
    return an_event(data, event_id=event_id, source=WEB)


def registered(member: UUID = ANA, *, programme: str = "bread", event_id: str | None = None, at: datetime = NOON) -> Event[MemberRegistered]:
    """Somebody became a member."""
    data = MemberRegistered(member_id=member, programme=programme, registered_at=at)
    return an_event(data, event_id=event_id or f"registered/{programme}/{member}", source=MEMBERS)


def linked(identifier: str = ANAS_CARD, member: UUID = ANA, *, version: int = 1, released: bool = False) -> Event[IdentifierLinked]:
    """A member proved an identifier, or it was taken from the member."""
    released_at = NOON + timedelta(minutes=1) if released else None
    data = IdentifierLinked(member_id=member, identifier=identifier, kind="card", link_version=version, linked_at=NOON, released_at=released_at)
    return an_event(data, event_id=f"link/{identifier}/{version}", source=MEMBERS)


def confirmed(purchase_id: str | None = "p-1", *, merchant: str = PARCEL_SHOP, holder: str | None = ANAS_CARD, **fields: Any) -> Event[PurchaseConfirmed]:
    """A purchase was delivered."""
    event_id = fields.pop("event_id", f"confirmed/{purchase_id}")
    data = PurchaseConfirmed(merchant=merchant, purchase_id=purchase_id, holder=holder, occurred_at=NOON, **fields)
    return an_event(data, event_id=event_id, source=TILL)


def returned(purchase_id: str | None = "p-1", *lines: ReturnedLine, return_id: str = "r-1", holder: str | None = ANAS_CARD, **fields: Any) -> Event[Any]:
    """Everything of a purchase came back, or these lines."""
    event_id = fields.pop("event_id", f"returned/{return_id}")
    given = {"merchant": BAKERY, "currency": "RUB", "occurred_at": NOON}
    data = PurchaseReturned(return_id=return_id, purchase_id=purchase_id, holder=holder, lines=lines, **{**given, **fields})
    return an_event(data, event_id=event_id, source=TILL)


def back(kopecks: int, *, line: str | None = "1", thousandths: int = 1000, sku: str | None = None) -> ReturnedLine:
    """So much of a line came back."""
    return ReturnedLine(line_id=line, sku=sku, quantity=thousandths, amount=kopecks)


def cancelled(purchase_id: str | None = "p-1", **fields: Any) -> Event[PurchaseCancelled]:
    """A purchase never happened after all."""
    given = {"merchant": BAKERY, "holder": ANAS_CARD, "occurred_at": NOON}
    data = PurchaseCancelled(purchase_id=purchase_id, **{**given, **fields})
    return an_event(data, event_id=f"cancelled/{purchase_id}", source=TILL)
