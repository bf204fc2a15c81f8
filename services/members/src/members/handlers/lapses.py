"""Forgets what nobody proved in time."""

from datetime import datetime, timedelta

from contracts.verdicts import Verdict
from members.store import Connection, attempts, identifiers, members
from shared import inbox

PROOF_DAYS = 30
#: One transaction's worth: it locks no more than this, and there is always another.
_AT_ONCE = 500


async def forget(connection: Connection, now: datetime) -> int:
    """Delete attempts and claims that waited too long, some at a time; return of how many attempts. Their events end as refused."""
    waiting_since = now - timedelta(days=PROOF_DAYS)
    lapsed = await attempts.lock_lapsed(connection, waiting_since=waiting_since, limit=_AT_ONCE)
    names = await attempts.claimed_under(connection, [each.attempt for each in lapsed])
    await identifiers.lock(connection, names)
    unproven = [each for each in lapsed if not each.proven]
    await attempts.forget(connection, [each.attempt for each in unproven])
    await members.drop_keys(connection, [each.member_id for each in unproven])
    await attempts.forget_claims(connection, [each.attempt for each in lapsed if each.proven], waiting_since=waiting_since)
    await identifiers.forget(connection, names)
    await inbox.resolve(connection, {each.event: (Verdict.REFUSED, "unproven") for each in unproven}, now=now)
    return len(lapsed)
