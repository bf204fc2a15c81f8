"""Examples of contests and social actions, as they are shown in the document and as the tests play them."""

from typing import Any

from gateway.api.examples import ANA

ACTION_ID = "6e0f9a52-7c1d-8b3e-a4f5-1c2d3e4f5a6b"
WAITING: dict[str, Any] = {
    "action_id": ACTION_ID,
    "programme": "coffee-bonus",
    "action": "review",
    "activity": "review-posted",
    "activity_id": "post-7731",
    "subject": "Cappuccino",
    "link": "https://vk.com/wall-120_7731",
    "holder": f"m:{ANA}",
    "state": "waiting",
    "occurred_at": "2026-03-02T08:40:00Z",
    "asked_at": "2026-03-02T08:40:03Z",
    "approve_by": "2026-03-16T08:40:03Z",
    "decided_at": None,
    "decided_by": None,
    "reason": None,
    "verdict": None,
    "verdict_reason": None,
}
ACTIONS: dict[str, Any] = {"items": [WAITING], "next": None}
APPROVED: dict[str, Any] = {**WAITING, "state": "approved", "decided_at": "2026-03-02T10:05:00Z", "decided_by": "olga", "verdict": "granted"}
REJECTION: dict[str, Any] = {"reason": "the page is private"}
REJECTED: dict[str, Any] = {
    **WAITING, "state": "rejected", "decided_at": "2026-03-02T10:05:00Z", "decided_by": "olga", **REJECTION, "verdict": "refused",
    "verdict_reason": "not-approved",
}  # fmt: skip
_OWN: dict[str, Any] = {"place": 17, "name": "3f9a21c4", "score": 41, "own": True}
STANDINGS: dict[str, Any] = {
    "programme": "coffee-bonus",
    "contest": "spring",
    "name": {"en": "Spring of cappuccino"},
    "starts_at": "2026-02-28T21:00:00Z",
    "ends_at": "2026-05-31T21:00:00Z",
    "settles_at": "2026-06-14T21:00:00Z",
    "state": "open",
    "settled_at": None,
    "participants": 812,
    "first": [{"place": 1, "name": "b07d44e1", "score": 140, "own": False}],
    "own": None,
}
MY_STANDINGS: dict[str, Any] = {**STANDINGS, "own": _OWN}
