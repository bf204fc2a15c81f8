"""Examples of drafts of programmes and of draws, as they are shown in the document and as the tests play them."""

from typing import Any

from gateway.api.examples import PROGRAMME

DRAFT_ID = "5d7b7f6e-0a4e-8f1c-b7a2-6f2e1d0c9b8a"
DOCUMENT: dict[str, Any] = {**PROGRAMME["document"], "version": 4}
DRAFT: dict[str, Any] = {
    "draft_id": DRAFT_ID,
    "programme": "coffee-bonus",
    "version": 4,
    "effective_from": "2026-05-01T00:00:00Z",
    "proposed_by": "mara",
    "proposed_at": "2026-03-02T09:12:31Z",
    "approve_by": "2026-03-03T09:12:31Z",
}
WAITING: dict[str, Any] = {"items": [DRAFT]}
REVIEWED: dict[str, Any] = {
    **DRAFT,
    "approved_by": None,
    "approved_at": None,
    "document": DOCUMENT,
    "worse": True,
    "eased_until": None,
    "changes": [
        {"part": "earning/base", "before": "Beans: 1 for each 20 RUB.", "after": "Beans: 1 for each 25 RUB.", "worse": True, "eased": False},
    ],
}
PUBLISHED: dict[str, Any] = {"programme": "coffee-bonus", "version": 4, "effective_from": "2026-05-01T00:00:00Z"}
DRAW: dict[str, Any] = {"beacon": "closing price 104.25"}
