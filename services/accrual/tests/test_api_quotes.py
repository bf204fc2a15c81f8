"""Quotes of whole carts: what they cost, what they earn, and how long they are remembered."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from accrual.schedule import JOBS
from accrual.store import quotes

from .builders import ANAS_CARD, MEMBER_ANA, NOON, a_purchase, linked, returned
from .conftest import Caller

SHOP = "tool-shop"
#: Discounts and points on what is left of the price.
TOOLS = """
programme: tools
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [tool-shop]
points: {name: {en: screws, ru: винты}, worth: 1.00}
earning:
  - {id: base, give: {points: 1, per: 10.00}}
discounts:
  - {id: drills, name: {en: Drill week, ru: Неделя дрелей}, percent: 10, when: {category: drill}}
  - {id: big, name: {en: Big cart}, amount: 100, when: {minimum: 2000}}
  - {id: nails, when: {sku: nails, every: 3}, free: 1, gift: nails}
"""
#: No points at all.
PLAIN = """
programme: plain
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [plain-shop]
discounts:
  - {id: five, percent: 5}
"""
DRILL = {"line_id": "1", "sku": "drill-7", "category": "drill", "paid_amount": 1500_00, "tax_amount": 250_00}
SAW = {"line_id": "2", "sku": "saw", "category": "saw", "paid_amount": 999_99}


def a_cart(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"merchant": SHOP, "currency": "RUB", "lines": list(lines), **more}


@pytest.fixture
async def shop(caller: Caller) -> Caller:
    await caller.service.publish(TOOLS, PLAIN)
    return caller


async def test_a_cart_is_priced_line_by_line_and_earns_on_what_is_left(shop: Caller):
    quote = (await shop.post("/v1/quotes", {"holder": ANAS_CARD, "purchase": a_cart(DRILL, SAW, delivery_amount=300_00)})).json()
    assert [(each["discount"], each["amount"]) for each in quote["discounts"]] == [("drills", 150_00), ("big", 100_00)]
    paid = {line["line_id"]: (line["price_amount"], line["discount_amount"], line["paid_amount"], line["tax_amount"]) for line in quote["lines"]}
    assert paid == {"1": (1500_00, 207_45, 1292_55, 215_43), "2": (999_99, 42_55, 957_44, 0)}
    assert (quote["discount_amount"], quote["total_amount"]) == (250_00, 1292_55 + 957_44 + 300_00)
    assert quote["points"] == 224  # of 2,249.99, which is what the lines cost now
    assert [(each["discount"], each["reason"]) for each in quote["not_discounted"]] == [("nails", "no-such-goods")]


async def test_the_receipt_that_follows_the_quote_earns_what_was_quoted(shop: Caller):
    quote = (await shop.post("/v1/quotes", {"holder": ANAS_CARD, "purchase": a_cart(DRILL, SAW)})).json()
    lines = tuple({**line, **{key: priced[key] for key in ("paid_amount", "tax_amount")}} for line, priced in zip((DRILL, SAW), quote["lines"], strict=True))
    await shop.service.hear(a_purchase("1", merchant=SHOP, lines=tuple(type(a_purchase().data.lines[0])(**line) for line in lines), zone="UTC"))
    shown = await shop.get("/v1/purchases", merchant=SHOP, purchase_id="1")
    assert shown["revisions"][0]["explanation"]["points"] == quote["points"]


async def test_gifts_are_told_and_what_to_print_is_in_the_members_language(shop: Caller):
    nails = {"line_id": "1", "sku": "nails", "quantity": 6000, "paid_amount": 60_00}
    asked = {"purchase": a_cart(nails, DRILL | {"line_id": "2"})}
    quote = (await shop.post("/v1/quotes", asked)).json()
    assert quote["gifts"] == [{"discount": "nails", "name": "nails", "sku": "nails", "pieces": 2}]
    assert quote["receipt"] == [
        "Drill week: -150.00",
        "Free with it: 2 x nails",
        "You save 150.00 RUB",
        "To pay: 1410.00 RUB",
        "screws: +141 for this purchase",
    ]
    russian = (await shop.post("/v1/quotes", {**asked, "language": "ru"})).json()
    assert russian["receipt"] == [
        "Неделя дрелей: -150.00",
        "В подарок: 2 x nails",
        "Ваша выгода: 150.00 RUB",
        "К оплате: 1410.00 RUB",
        "винты: +141 за эту покупку",
    ]
    assert (await shop.post("/v1/quotes", {**asked, "language": "fi"})).json()["receipt"] == quote["receipt"]


async def test_a_programme_of_discounts_has_no_points(shop: Caller):
    quote = (await shop.post("/v1/quotes", {"purchase": a_cart(DRILL, merchant="plain-shop")})).json()
    assert (quote["discount_amount"], quote["points"], quote["explanation"]["steps"]) == (75_00, 0, [])
    assert quote["receipt"] == ["five: -75.00", "You save 75.00 RUB", "To pay: 1425.00 RUB"]
    verdicts = await shop.service.hear(a_purchase("1", merchant="plain-shop", zone="UTC"))
    assert verdicts == ["nothing-earned"]


async def test_a_quote_is_remembered_for_some_minutes_and_then_forgotten(shop: Caller):
    quote = (await shop.post("/v1/quotes", {"holder": ANAS_CARD, "purchase": a_cart(DRILL)})).json()
    (forget,) = [job.run for job in JOBS if job.name == "quotes"]
    async with shop.service.pool.acquire() as connection:
        kept = await quotes.find(connection, UUID(quote["quote_id"]), now=NOON)
        assert kept is not None
        assert (kept.holder, kept.programme) == (ANAS_CARD, "tools")
        assert await forget(connection, NOON + timedelta(minutes=9)) == 0
        assert await quotes.find(connection, UUID(quote["quote_id"]), now=NOON + timedelta(minutes=10)) is None
        assert await forget(connection, NOON + timedelta(minutes=10)) == 1
    assert await shop.service.fetch("select from quote") == []


async def test_a_cart_names_each_line_once(shop: Caller):
    answer = await shop.post("/v1/quotes", {"purchase": a_cart(DRILL, DRILL)})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


async def test_a_member_is_priced_by_card_and_by_name(shop: Caller):
    await shop.service.hear(linked())
    for holder in (ANAS_CARD, MEMBER_ANA):
        quote = (await shop.post("/v1/quotes", {"holder": holder, "purchase": a_cart(DRILL)})).json()
        assert quote["discount_amount"] == 150_00


#: Points, coupons, rewards and levels, all in one.
CLUB = """
programme: club
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [tool-shop]
points: {name: {en: bolts}, worth: 0.50}
earning:
  - {id: base, give: {points: 1, per: 1.00}}
spending: {minimum: 10, share: 50%}
coupons:
  - {id: spring, code: SPRING, uses: 1}
discounts:
  - {id: card, name: {en: Card}, when: {tier: gold}, percent: 10}
  - {id: spring, name: {en: Spring}, when: {coupon: spring}, amount: 5.00}
rewards:
  - {id: mug, name: {en: A mug}, kind: gift, cost: 40}
  - {id: drill, name: {en: A drill}, kind: gift, cost: 250}
  - {id: tour, kind: service, cost: 30, tier: gold}
  - {id: last-one, kind: gift, cost: 20, stock: 1, per_member: {times: 1, per: ever}}
tiers:
  by: money_spent
  window: forever
  levels: [{id: new, name: {en: New}, from: 0}, {id: gold, name: {en: Gold}, from: 150.00}]
"""


@pytest.fixture
async def club(caller: Caller) -> Caller:
    await caller.service.publish(CLUB)
    return caller


async def test_a_quote_shows_everything_that_somebody_has(club: Caller):
    await club.service.hear(a_purchase("1", merchant=SHOP, kopecks=100_00, zone="UTC"))
    quote = (await club.post("/v1/quotes", {"holder": ANAS_CARD, "purchase": a_cart(DRILL | {"paid_amount": 60_00}, coupons=["spring", "NEVER"])})).json()
    assert [(each["code"], each["valid"], each["coupon"], each["reason"]) for each in quote["coupons"]] == [
        ("spring", True, "spring", None),
        ("NEVER", False, None, "unknown-coupon"),
    ]
    assert (quote["total_amount"], quote["points"]) == (55_00, 55)
    assert quote["spendable"] == {"points": 55, "amount": 27_50, "limited": "over-share", "text": quote["spendable"]["text"], "missing": 0}
    assert [(each["reward"], each["available"], each["reason"], each["missing"]) for each in quote["rewards"]] == [
        ("last-one", True, None, 0),
        ("tour", False, "tier-needed", 0),
        ("mug", True, None, 0),
        ("drill", False, "insufficient-points", 150),
    ]
    assert (quote["tier"]["level"], quote["tier"]["next"], quote["tier"]["to_next"]) == ("new", "gold", {"money_spent": 50_00})
    assert quote["receipt"] == [
        "Spring: -5.00",
        "You save 5.00 RUB",
        "To pay: 55.00 RUB",
        "bolts: +55 for this purchase",
        "bolts: up to 55 for this purchase, worth 27.50 RUB",
        "bolts: 40 for A mug",
        "Your level: New",
        "50.00 RUB more for the level Gold",
    ]


async def test_a_discount_of_a_level_begins_with_the_purchase_after_it_was_reached(club: Caller):
    asked = {"holder": ANAS_CARD, "purchase": a_cart(DRILL | {"paid_amount": 60_00})}
    await club.service.hear(a_purchase("1", merchant=SHOP, kopecks=149_99, zone="UTC"))
    assert (await club.post("/v1/quotes", asked)).json()["discount_amount"] == 0
    await club.service.hear(a_purchase("2", merchant=SHOP, kopecks=1, zone="UTC"))
    quote = (await club.post("/v1/quotes", asked)).json()
    assert [(each["discount"], each["amount"]) for each in quote["discounts"]] == [("card", 6_00)]


async def test_a_coupon_is_used_by_the_receipt_and_not_by_quotes(club: Caller):
    asked = {"holder": ANAS_CARD, "purchase": a_cart(DRILL | {"paid_amount": 60_00}, coupons=["SPRING"])}
    for _ in range(2):
        assert (await club.post("/v1/quotes", asked)).json()["discount_amount"] == 5_00
    assert (await club.post("/v1/quotes", {"purchase": asked["purchase"]})).json()["coupons"][0]["reason"] == "not-identified"
    await club.service.hear(a_purchase("1", merchant=SHOP, kopecks=55_00, zone="UTC", coupons=("SPRING",)))
    used = (await club.post("/v1/quotes", asked)).json()
    assert (used["discount_amount"], used["coupons"][0]["reason"]) == (0, "coupon-used-up")
    await club.service.hear(returned("1", merchant=SHOP))
    assert (await club.post("/v1/quotes", asked)).json()["discount_amount"] == 5_00


async def test_a_new_members_points_are_not_offered_at_the_till(caller: Caller):
    await caller.service.publish(CLUB + "fraud: {hold_spending: 24 hours}\n")
    await caller.service.hear(a_purchase("1", merchant=SHOP, kopecks=100_00, zone="UTC"))
    quote = (await caller.post("/v1/quotes", {"holder": ANAS_CARD, "purchase": a_cart(DRILL)})).json()
    assert (quote["spendable"]["points"], quote["spendable"]["limited"]) == (0, "account-too-new")
