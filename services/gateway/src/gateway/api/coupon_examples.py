"""Examples of coupons and budgets, as they are shown in the document and as the tests play them."""

from typing import Any

CODE = "7K3MQ9TZ4XWC"
ORDER: dict[str, Any] = {"programme": "coffee-bonus", "coupon": "birthday", "count": 2}
CODES: dict[str, Any] = {"programme": "coffee-bonus", "coupon": "birthday", "codes": [CODE, "P2V8H5RD0NYB"], "valid_until": "2026-04-01T09:12:31Z"}
STATE: dict[str, Any] = {
    "programme": "coffee-bonus",
    "coupon": "birthday",
    "code": CODE,
    "personal": False,
    "issued_at": "2026-03-02T09:12:31Z",
    "valid_until": "2026-04-01T09:12:31Z",
    "used": False,
    "usable": True,
}
LIMITS: dict[str, Any] = {
    "programme": "coffee-bonus",
    "version": 1,
    "items": [
        {"kind": "campaign", "id": "double-tuesday", "what": "points", "limit": 100_000, "used": 61_250, "left": 38_750},
        {"kind": "coupon", "id": "welcome5", "what": "uses", "limit": None, "used": 412, "left": None},
    ],
    "as_of": "2026-03-02T09:12:31Z",
}
