"""The examples of rewards that are not points: Ana's free drink, her sauna, and the catalogue she chooses from."""

from gateway.api.examples import ANA, Example

DRINK_ID = "7c1d5e2a-0b3f-8e4d-a6c7-9f8e7d6c5b4a"
CODE = "7K2M9QX4TB0C"

DRINK: Example = {
    "entitlement_id": DRINK_ID,
    "programme": "coffee-bonus",
    "reward": "free-drink",
    "kind": "gift",
    "name": {"en": "A free drink"},
    "state": "issued",
    "code": CODE,
    "uses": 1,
    "uses_left": 1,
    "way": "points",
    "rule": "free-drink",
    "points": 250,
    "percent": None,
    "amount": {},
    "goods": None,
    "reason": None,
    "issued_at": "2026-03-02T09:12:00Z",
    "expires_at": "2026-04-01T21:00:00Z",
    "choice": [],
    "choose_by": None,
    "reserved_for": None,
    "reserved_until": None,
}
RESERVED: Example = DRINK | {"state": "reserved", "reserved_for": "corner-coffee/1042", "reserved_until": "2026-03-02T09:45:00Z"}
USED: Example = DRINK | {"state": "used", "uses_left": 0}
CHOSEN: Example = DRINK | {"way": "rule", "rule": "birthday", "points": 0}
PAID: Example = USED | {"reward": "money-back", "kind": "cashback", "name": {"en": "5.00 back"}, "amount": {"RUB": 500}, "points": 500, "rule": "money-back"}
SAUNA: Example = DRINK | {
    "reward": "sauna",
    "kind": "privilege",
    "name": {"en": "Sauna"},
    "way": "privilege",
    "rule": "sauna",
    "points": 0,
    "uses": 4,
    "uses_left": 3,
    "expires_at": "2026-03-31T21:00:00Z",
}
AVAILABLE: Example = {
    "reward": "free-drink",
    "kind": "gift",
    "name": {"en": "A free drink"},
    "points": 250,
    "price": {},
    "available": False,
    "reason": "insufficient-balance",
    "missing": 10,
}
REWARDS: Example = {
    "holder": f"m:{ANA}",
    "programmes": [
        {
            "programme": "coffee-bonus",
            "entitlements": [DRINK],
            "privileges": [{"privilege": "sauna", "name": {"en": "Sauna"}, "uses": 4, "uses_left": 3, "until": "2026-03-31T21:00:00Z"}],
            "catalogue": [AVAILABLE],
        }
    ],
    "as_of": "2026-03-02T09:12:01Z",
}
REDEEM: Example = {"holder": f"m:{ANA}", "programme": "coffee-bonus", "reward": "free-drink"}
MY_REDEEM: Example = {"programme": "coffee-bonus", "reward": "free-drink"}
CHOOSE: Example = {"code": CODE, "reward": "free-drink"}
RESERVE: Example = {"code": CODE, "reserved_for": "corner-coffee/1042", "expires_in_seconds": 1800}
RELEASE: Example = {"code": CODE, "reserved_for": "corner-coffee/1042"}
USE: Example = {"code": CODE, "handed_by": "cashier-12", "place": "corner-3", "merchant": "corner-coffee", "purchase_id": "1042"}
PAY: Example = {"entitlement_id": DRINK_ID}
PRIVILEGE: Example = {"holder": f"m:{ANA}", "programme": "coffee-bonus", "privilege": "sauna", "handed_by": "reception-2", "place": "hall-1"}
RAFFLE: Example = {
    "programme": "coffee-bonus",
    "raffle": "spring",
    "ticket": "ticket",
    "closes_at": "2026-03-31T21:00:00Z",
    "beacon_source": "the first closing value of the MOEX index in April 2026",
    "beacon_at": "2026-04-01T16:00:00Z",
    "prizes": [{"reward": "bicycle", "count": 1}],
    "commitment": "5c4f3f9a2a8b51d0c3c6a9d8e7f6051423c4d5e6f708192a3b4c5d6e7f809102",
    "committed_at": "2026-03-01T08:00:00Z",
    "closed_at": None,
    "digest": None,
    "tickets": [],
    "drawn_at": None,
    "seed": None,
    "beacon": "",
    "withdrawn": [],
    "winners": [],
}
SURPRISE: Example = {
    "programme": "coffee-bonus",
    "surprise": "lucky",
    "chance": "2%",
    "commitment": "0f3a6c1de2b94857a6c3d2e1f0918273645546372819a0b1c2d3e4f506172839",
    "committed_at": "2026-03-01T08:00:00Z",
    "secret_until": "2026-05-01T21:00:00Z",
    "seed": None,
}
OFFER: Example = {"holder": f"m:{ANA}", "programme": "coffee-bonus"}
OFFERS: Example = {
    "items": [
        DRINK
        | {
            "reward": "a-fifth-less",
            "kind": "discount",
            "name": {"en": "A fifth less"},
            "way": "offer",
            "rule": "again",
            "points": 0,
            "percent": "20",
            "goods": "beans-1kg",
            "reason": "bought at least 3 times within 90 days",
        }
    ]
}
