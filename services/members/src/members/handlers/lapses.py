"""Forgets what nobody proved in time."""

from datetime import datetime, timedelta

from contracts.verdicts import Verdict
from members.store import Connection, attempts
from shared import inbox

PROOF_DAYS = 30
#: One transaction's worth: it locks no more than this, and there is always another.
_AT_ONCE = 500


async def forget(connection: Connection, now: datetime) -> int:
    """Delete attempts and claims that waited too long, some at a time; return how many. Their events end as refused."""
    too_old = now - timedelta(days=PROOF_DAYS)
    events = await attempts.forget_unproven(connection, opened_before=too_old, limit=_AT_ONCE)
    await inbox.resolve(connection, dict.fromkeys(events, (Verdict.REFUSED, "unproven")), now=now)
    return len(events) + await attempts.forget_old_claims(connection, claimed_before=too_old, limit=_AT_ONCE)
