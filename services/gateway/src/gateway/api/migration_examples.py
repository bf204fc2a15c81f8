"""Examples of migrations, as they are shown in the document and as the tests play them."""

from typing import Any

from gateway.api.examples import ANAS_CARD_HASH

ANNOUNCEMENT: dict[str, Any] = {"openings": 2, "points": 120, "levels": 1, "totals": 1_250_000}
OPENINGS: dict[str, Any] = {
    "rows": [
        {"name": "2", "holder": ANAS_CARD_HASH, "points": 120, "expires_at": "2026-06-30"},
        {"name": "3", "holder": ANAS_CARD_HASH, "level": "gold", "level_until": "2026-12-31", "spent": 1_250_000, "counted_on": "2026-02-28"},
    ]
}
ANNOUNCED: dict[str, Any] = {
    "programme": "coffee-bonus",
    "name": "old-cards",
    **ANNOUNCEMENT,
    "announced_by": "mara",
    "loaded_points": 0,
    "loaded": 0,
    "loaded_levels": 0,
    "loaded_totals": 0,
    "live_at": None,
}
LOADED: dict[str, Any] = {**ANNOUNCED, "loaded_points": 120, "loaded": 2, "loaded_levels": 1, "loaded_totals": 1_250_000}
LIVE: dict[str, Any] = {**LOADED, "live_at": "2026-03-02T10:05:00Z"}
DONE: dict[str, Any] = {"rows": 2, "points": 120, "known": 0}
