"""An example of the friends whom a member brought, as it is shown in the document and as the tests play it."""

from typing import Any

REFERRALS: dict[str, Any] = {
    "items": [
        {
            "programme": "coffee-bonus",
            "side": "inviter",
            "state": "paid",
            "points": 300,
            "joined_at": "2026-02-07T10:15:00Z",
            "paid_on": "2026-02-24",
            "reason": None,
            "text": "",
        },
        {
            "programme": "coffee-bonus",
            "side": "inviter",
            "state": "refused",
            "points": 300,
            "joined_at": "2026-01-12T18:40:00Z",
            "paid_on": None,
            "reason": "no-purchase-in-time",
            "text": "no purchase that counts was made in time and kept",
        },
    ]
}
