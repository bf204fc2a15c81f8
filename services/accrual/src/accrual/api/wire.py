"""From what is stored to what is answered."""

from datetime import datetime
from typing import Any

import orjson

from accrual.domain.entries import Balance
from accrual.domain.tiers.outlook import Outlook
from accrual.handlers.rewards import SOURCE, Kind
from accrual.store.reading import Reason
from contracts.replies import Tier
from contracts.rewards import Buckets, Cause, Explanation

#: Who asks by HTTP is a source of these.
_COMMANDS = f"{SOURCE}:http:"


def buckets(balance: Balance) -> Buckets:
    """Return a balance as it is told."""
    return Buckets(pending=balance.pending, available=balance.available, held=balance.held, debt=balance.debt)


def explanation(decision: bytes) -> Explanation:
    """Return a stored explanation as it is told."""
    return Explanation.model_validate_json(decision)


def tier(found: Outlook) -> Tier:
    """Return a level with its prospects as it is told."""
    return Tier(
        level=found.level,
        name=dict(found.names),
        until=found.until,
        by_hand=found.by_hand,
        privileges=found.privileges,
        progress=dict(found.progress),
        next=found.next_level,
        to_next=dict(found.to_next),
        to_keep=dict(found.to_keep),
        projected=found.projected,
        changes_on=found.changes_on,
    )


def cause(operation: str, *, source: str, event_id: str, occurred_at: datetime, reason: Reason | None, purchase: bytes | None = None) -> Cause:
    """Tell what brought a change about, and which purchase or activity it goes back to."""
    is_purchase = purchase is not None or (reason is not None and reason.is_purchase)
    body: dict[str, Any] = orjson.loads(purchase or b"{}") if reason is None else orjson.loads(reason.body)
    return Cause(
        source=source,
        event_id=event_id,
        kind=_kind(operation, source, is_purchase=is_purchase, body=body),
        merchant=body.get("merchant"),
        purchase_id=body.get("purchase_id"),
        activity=None if is_purchase else body.get("kind"),
        occurred_at=occurred_at,
    )


def _kind(operation: str, source: str, *, is_purchase: bool, body: dict[str, Any]) -> Kind:
    if operation == "claim":
        return "link"
    if source.startswith(_COMMANDS):
        return "command"
    if source == SOURCE:
        return "schedule"
    if is_purchase:
        return "purchase"
    return "activity" if body else "registration"  # nothing of a registration's body is kept
