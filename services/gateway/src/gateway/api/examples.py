"""The examples of the OpenAPI document: Ana of the coffee shop, her card, and what she bought."""

from typing import Any

Example = dict[str, Any]

ANA = "0b0c8a52-7f6e-4d0b-9a5e-2f1d3c4b5a69"
ANAS_CARD: Example = {"kind": "card", "value": "4000123412341235"}
ANAS_CARD_HASH = "h1:Zm9yIGEgY2FyZCB0aGF0IGV4aXN0cyBub3doZXJlIQA"
GRANT_ID = "5d7b7f6e-0a4e-8f1c-b7a2-6f2e1d0c9b8a"
CURSOR = "Mg"

BALANCE_OF_POINTS: Example = {"pending": 12, "available": 240, "held": 0, "debt": 0}

CAUSE: Example = {
    "source": "urn:shop:corner-coffee",
    "event_id": "receipt-1041",
    "kind": "purchase",
    "merchant": "corner-coffee",
    "purchase_id": "1041",
    "activity": None,
    "occurred_at": "2026-03-02T09:12:00Z",
}

EXPLANATION: Example = {
    "points": 12,
    "steps": [
        {"rule": "base", "operation": "earn", "points_exact": "25/2", "lines": ["1"], "basis": 25000, "text": "250.00 at 1 per 20.00", "quantity": 1},
        {"rule": "rounding", "operation": "round", "points_exact": "12", "lines": [], "basis": None, "text": "rounded down", "quantity": 1},
    ],
    "not_given": [{"rule": "beans-at-home", "reason": "no-line-matches", "text": "no line of category coffee-beans"}],
}

KEPT: Example = {
    "points": 6,
    "steps": [
        {"rule": "base", "operation": "earn", "points_exact": "25/4", "lines": ["1"], "basis": 12500, "text": "125.00 at 1 per 20.00", "quantity": 1},
        {"rule": "base", "operation": "round", "points_exact": "-1/4", "lines": [], "basis": None, "text": "6.25 rounded down to 6", "quantity": 1},
    ],
    "not_given": [],
}

TIER: Example = {
    "level": "regular",
    "name": {"en": "Regular", "ru": "Завсегдатай"},
    "until": None,
    "by_hand": False,
    "privileges": [],
    "progress": {"points_earned": 620},
    "next": "gold",
    "to_next": {"points_earned": 1380},
    "to_keep": {"points_earned": 110},
    "projected": "friend",
    "changes_on": "2026-09-14",
}

SET_TIER: Example = {"programme": "coffee-bonus", "tier": "gold", "until": "2026-12-31", "reason": "a guest of the founder"}

ACCOUNT: Example = {
    "programme": "coffee-bonus",
    "account_version": 7,
    "balance": BALANCE_OF_POINTS,
    "expiring": [{"points": 40, "expires_at": "2026-09-30T21:00:00Z"}],
    "maturing": [{"points": 12, "usable_from": "2026-03-16T09:12:00Z"}],
    "worth": {"amount": 24000, "currency": "RUB"},
    "tier": TIER,
}

BALANCE: Example = {"holder": f"m:{ANA}", "unclaimed": False, "accounts": [ACCOUNT], "as_of": "2026-03-02T09:12:01Z"}

HISTORY: Example = {
    "items": [
        {
            "programme": "coffee-bonus",
            "account_version": 7,
            "movement": "granted",
            "points": 12,
            "balance": BALANCE_OF_POINTS,
            "grant_id": GRANT_ID,
            "cause": CAUSE,
            "booked_at": "2026-03-02T09:12:01Z",
            "occurred_at": "2026-03-02T09:12:00Z",
            "explanation": EXPLANATION,
            "usable_from": "2026-03-16T09:12:00Z",
            "expires_at": "2027-03-31T21:00:00Z",
        }
    ],
    "next": CURSOR,
}

MEMBER: Example = {
    "member_id": ANA,
    "status": "active",
    "language": "en",
    "programmes": ["coffee-bonus"],
    "registered_at": "2026-01-12T08:00:00Z",
    "identifiers": [{"kind": "card", "identifier": ANAS_CARD_HASH, "linked_at": "2026-01-12T08:00:00Z"}],
}

LOOK_UP: Example = {"identifier": ANAS_CARD_HASH, "member": MEMBER, "accounts": [ACCOUNT], "unavailable": []}

PURCHASE: Example = {
    "merchant": "corner-coffee",
    "purchase_id": "1041",
    "revisions": [
        {
            "revision": 1,
            "verdict": "granted",
            "reason": None,
            "programme": "coffee-bonus",
            "programme_version": 3,
            "occurred_at": "2026-03-02T09:12:00Z",
            "explanation": EXPLANATION,
        }
    ],
    "reversals": [
        {
            "kind": "return",
            "return_id": "1041-r1",
            "points_taken": 6,
            "points_forgiven": 0,
            "debt": 0,
            "points_kept": 6,
            "occurred_at": "2026-03-03T09:00:00Z",
            "explanation": KEPT,
        }
    ],
}

VERDICT: Example = {"source": "urn:shop:corner-coffee", "event_id": "receipt-1041", "verdict": "granted", "reason": None, "decided_at": "2026-03-02T09:12:01Z"}

CART: Example = {
    "holder": f"m:{ANA}",
    "purchase": {
        "merchant": "corner-coffee",
        "zone": "Europe/Moscow",
        "lines": [{"line_id": "1", "sku": "flat-white", "category": "drink", "quantity": 1000, "paid_amount": 25000}],
        "coupons": ["WELCOME5"],
        "currency": "RUB",
    },
    "language": "en",
}

QUOTE: Example = {
    "quote_id": "4c1f2f43-6a70-4b8f-9d2b-0a4f6f0e7c11",
    "valid_until": "2026-03-02T09:22:00Z",
    "programme": "coffee-bonus",
    "programme_version": 3,
    "total_amount": 23750,
    "discount_amount": 1250,
    "lines": [{"line_id": "1", "price_amount": 25000, "discount_amount": 1250, "paid_amount": 23750, "tax_amount": 0}],
    "discounts": [
        {"discount": "gold-5", "name": "Gold card", "amount": 1250, "lines": [{"line_id": "1", "amount": 1250}], "text": "5% of 250.00"},
    ],
    "not_discounted": [{"discount": "four-for-three", "reason": "too-few-items", "text": "only for each 3 bought"}],
    "gifts": [],
    "coupons": [{"code": "WELCOME5", "valid": False, "coupon": "welcome5", "reason": "coupon-used-up"}],
    "entitlements": [],
    "points": 11,
    "usable_from": "2026-03-16T09:12:00Z",
    "expires_at": "2027-03-31T21:00:00Z",
    "explanation": {
        "points": 11,
        "steps": [
            {"rule": "base", "operation": "earn", "points_exact": "95/8", "lines": ["1"], "basis": 23750, "text": "237.50 at 1 per 20.00", "quantity": 1},
            {"rule": "base", "operation": "round", "points_exact": "-7/8", "lines": [], "basis": None, "text": "11.875 rounded down to 11", "quantity": 1},
        ],
        "not_given": [],
    },
    "spendable": {
        "points": 110,
        "amount": 11000,
        "limited": "over-share",
        "text": "points pay for at most 118 points' worth of this receipt",
        "missing": 0,
    },
    "rewards": [{"reward": "free-drink", "name": "A drink", "cost": 250, "available": False, "reason": "insufficient-points", "missing": 10}],
    "tier": None,
    "receipt": [
        "Gold card: -12.50",
        "You save 12.50 RUB",
        "To pay: 237.50 RUB",
        "beans: +11 for this purchase",
        "beans: up to 110 for this purchase, worth 110.00 RUB",
        "beans: 10 more for A drink",
    ],
}

RETURN: Example = {
    "merchant": "corner-coffee",
    "purchase_id": "1041",
    "lines": [{"line_id": "1", "quantity": 500, "amount": 12500}],
    "currency": "RUB",
}

RETURN_QUOTE: Example = {
    "allowed": True,
    "reason": None,
    "points_taken": 6,
    "points_forgiven": 0,
    "debt": 0,
    "points_kept": 6,
    "points_restored": 0,
    "balance": {"pending": 6, "available": 240, "held": 0, "debt": 0},
    "explanation": KEPT,
}

GUEST: Example = {"programme": "coffee-bonus", "identifier": ANAS_CARD}

WAITING: Example = {
    "programme": "coffee-bonus",
    "points": {"pending": 0, "available": 240},
    "register_by": "2026-05-01",
    "steps": ["Give your phone number or e-mail", "Agree to the terms", "Show the card once more"],
}

REGISTRATION: Example = {
    "programme": "coffee-bonus",
    "identifiers": [ANAS_CARD],
    "given_name": "Ana",
    "language": "en",
    "consents": [{"kind": "terms", "text_version": "terms-1"}],
}

ACCEPTED: Example = {"registration_id": "reg-2026-03-02-0001", "status": "accepted"}

EVENT: Example = {
    "specversion": "1.0",
    "id": "receipt-1041",
    "source": "urn:shop:corner-coffee",
    "type": "loyalty.purchase.recorded.v1",
    "data": {
        "merchant": "corner-coffee",
        "purchase_id": "1041",
        "holder": ANAS_CARD_HASH,
        "zone": "Europe/Moscow",
        "lines": [{"line_id": "1", "sku": "flat-white", "category": "drink", "paid_amount": 25000}],
        "currency": "RUB",
        "occurred_at": "2026-03-02T09:12:00Z",
    },
}

TAKEN: Example = {
    "events": [{"id": "receipt-1041", "source": "urn:shop:corner-coffee", "topic": "loyalty.purchases.v1", "partition": 8, "offset": 1207}],
}

GRANT: Example = {
    "grant_id": GRANT_ID,
    "holder": f"m:{ANA}",
    "programme": "coffee-bonus",
    "programme_version": 3,
    "points": 12,
    "lot": {"amount": 12, "remaining": 12, "usable_from": "2026-03-16T09:12:00Z", "expires_at": "2027-03-31T21:00:00Z"},
    "cause": CAUSE,
    "booked_at": "2026-03-02T09:12:01Z",
    "explanation": EXPLANATION,
}

IN_FORCE: Example = {"programme": "coffee-bonus", "version": 3, "effective_from": "2026-02-01T00:00:00Z", "effective_until": None}
PROGRAMMES: Example = {"items": [IN_FORCE]}
PROGRAMME: Example = {**IN_FORCE, "document": {"programme": "coffee-bonus", "version": 3, "earning": [{"id": "base", "give": {"points": 1, "per": 20.0}}]}}
TERMS: Example = {
    "programme": "coffee-bonus",
    "version": 3,
    "language": "en",
    "name": "Coffee bonus",
    "sections": [{"title": "How beans are earned", "paragraphs": [{"part": "earning/base", "heading": "base", "text": "Beans: 1 for each 20 RUB."}]}],
}
