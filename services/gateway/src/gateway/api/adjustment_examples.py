"""Examples of adjustments and transfers, as they are shown in the document and as the tests play them."""

from typing import Any

from gateway.api.examples import ANA

BORIS = "3f9d2c11-5a6b-4c7d-8e9f-0a1b2c3d4e5f"
ADJUSTMENT_ID = "8c4d1b7e-2f3a-8b5c-9d6e-7f8a9b0c1d2e"
ADJUSTMENT_REQUEST: dict[str, Any] = {"programme": "coffee-bonus", "holder": f"m:{ANA}", "points": 30, "reason": "the machine was broken"}
REQUESTED: dict[str, Any] = {
    "adjustment_id": ADJUSTMENT_ID,
    **ADJUSTMENT_REQUEST,
    "forfeit": False,
    "state": "requested",
    "requested_by": "olga",
    "requested_at": "2026-03-02T09:12:31Z",
    "approved_by": None,
    "booked_at": None,
}
BOOKED: dict[str, Any] = {**REQUESTED, "state": "booked", "approved_by": "pavel", "booked_at": "2026-03-02T10:05:00Z"}
WAITING: dict[str, Any] = {"items": [REQUESTED]}
TRANSFER_REQUEST: dict[str, Any] = {"programme": "coffee-bonus", "holder": f"m:{ANA}", "to_holder": f"m:{BORIS}", "points": 60}
TRANSFER: dict[str, Any] = {"transfer_id": "desk-2/77", **TRANSFER_REQUEST}
