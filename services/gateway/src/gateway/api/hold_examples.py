"""Examples of holds, as they are shown in the document and as the tests play them."""

from typing import Any

from gateway.api.examples import ANA

HOLD_ID = "5b1e7f20-3c4d-8a5b-9c6d-0e1f2a3b4c5d"
HOLD_REQUEST: dict[str, Any] = {"holder": f"m:{ANA}", "merchant": "corner-coffee", "purchase_id": "r-4711", "points": 60, "expires_in_seconds": 900}
HOLD: dict[str, Any] = {
    "hold_id": HOLD_ID,
    "holder": f"m:{ANA}",
    "programme": "coffee-bonus",
    "merchant": "corner-coffee",
    "purchase_id": "r-4711",
    "points": 60,
    "worth": {"amount": 60_00, "currency": "RUB"},
    "entitlements": [],
    "state": "open",
    "captured": 0,
    "debt": 0,
    "limited": None,
    "made_at": "2026-03-02T09:12:31Z",
    "expires_at": "2026-03-02T09:27:31Z",
    "resolved_at": None,
}
CAPTURE: dict[str, Any] = {"points": 50}
CAPTURED: dict[str, Any] = {**HOLD, "state": "captured", "captured": 50, "resolved_at": "2026-03-02T09:13:02Z"}
RELEASED: dict[str, Any] = {**HOLD, "state": "released", "resolved_at": "2026-03-02T09:13:02Z"}
