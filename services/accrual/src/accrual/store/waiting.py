"""Events that came before the purchase they are about."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from accrual.store import Connection


class Waiter(NamedTuple):
    """An event that waits under an anchor: the key of a purchase, or of a receipt."""

    event_key: bytes
    anchor: bytes
    return_key: bytes | None
    occurred_at: datetime
    source: str
    event_id: str
    type: str
    traceparent: str | None
    body: bytes
    holder: str | None  #: whose purchase it must be, where only a number on a receipt is named; kept while it waits


class Resolution(NamedTuple):
    """What came of one of them."""

    event_key: bytes
    verdict: str
    reason: str | None


class Shown(NamedTuple):
    """An event that waits, as it is shown to an operator."""

    number: int
    source: str
    event_id: str
    type: str
    arrived_at: datetime
    occurred_at: datetime
    body: bytes


_COLUMNS = "event_key, anchor, return_key, occurred_at, source, event_id, type, traceparent, body, holder"
_UNDER = f"select {_COLUMNS} from waiting where anchor = any($1::bytea[]) and resolved_at is null order by number"  # noqa: S608  a constant
_ADD = f"insert into waiting (arrived_at, {_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"  # noqa: S608  a constant
_RESOLVE = """
    update waiting set resolved_at = $1, verdict = new.verdict, reason = new.reason, holder = null
    from unnest($2::bytea[], $3::text[], $4::text[]) as new (event_key, verdict, reason)
    where waiting.event_key = new.event_key
"""
_BODIES = """
    select distinct on (return_key) return_key, body from waiting
    where return_key = any($1::bytea[]) and verdict is distinct from 'refused' order by return_key, number
"""
#: What waits for an operator is shown with the social actions.
_FOR_A_PURCHASE = "resolved_at is null and not exists (select from social_action where social_action.event_key = waiting.event_key)"
_COUNT = f"select count(*) from waiting where {_FOR_A_PURCHASE}"  # noqa: S608  a constant
_SHOWN = f"""
    select number, source, event_id, type, arrived_at, occurred_at, body from waiting
    where {_FOR_A_PURCHASE} and arrived_at <= $1 and number > $2 order by number limit $3
"""  # noqa: S608  a constant


async def under(connection: Connection, anchors: Iterable[bytes]) -> list[Waiter]:
    """Read what waits under these anchors, in the order in which it came."""
    wanted = list(anchors)
    return [Waiter(*row) for row in await connection.fetch(_UNDER, wanted)] if wanted else []


async def add(connection: Connection, waiters: Collection[Waiter], *, arrived_at: datetime) -> None:
    """Write what waits from now on, in the order in which it came."""
    if waiters:
        await connection.executemany(_ADD, [(arrived_at, *each) for each in waiters])


async def resolve(connection: Connection, resolutions: Collection[Resolution], *, resolved_at: datetime) -> None:
    """Write what came of these."""
    if resolutions:
        await connection.execute(_RESOLVE, resolved_at, *zip(*resolutions, strict=True))


async def bodies(connection: Connection, return_keys: Collection[bytes]) -> dict[bytes, bytes]:
    """Read what returns say that wait under these keys, or have waited and were not refused."""
    return {row[0]: row[1] for row in await connection.fetch(_BODIES, list(return_keys))} if return_keys else {}


async def count(connection: Connection) -> int:
    """Count what waits."""
    found: int = await connection.fetchval(_COUNT)
    return found


async def since(connection: Connection, moment: datetime, *, after: int, limit: int) -> list[Shown]:
    """Read what has waited since then or longer, in the order in which it came, from the one after `after` on."""
    return [Shown(*row) for row in await connection.fetch(_SHOWN, moment, after, limit)]
