"""The platform's own history: what was accepted of purchases, returns and activities, read from accrual's database by a role that may only read.

Customers are accounts, so nobody's name or card leaves the database. What was corrected is read as it stands now; what moved with a claim belongs to
whoever has it now.
"""

import asyncio
from datetime import UTC, datetime
from urllib.parse import urlsplit

import asyncpg
import orjson
from pydantic import TypeAdapter

from accrual.domain.facts import Activity
from accrual.domain.returns import AskedLine, AskedReturn
from contracts.purchases import PurchaseRecorded
from loyalty.console import COULD_NOT, Advance, Failure
from loyalty.history.cloud import bought
from loyalty.history.events import Bought, Brought, Did, Event

CONNECT_SECONDS = 10
#: Rows fetched at once.
FETCHED = 5_000

_PURCHASES = """
select p.key, coalesce(a.moved_to, p.account_id)::text as customer, p.body
from purchase p left join account a on a.id = p.account_id
where ($1::text is null or p.programme = $1) and p.revision = (select max(q.revision) from purchase q where q.key = p.key)
"""
_RETURNS = """
select r.purchase_key, r.occurred_at, r.returned
from reversal r where r.kind in ('return', 'cancellation')
order by r.purchase_key, r.number
"""
_ACTIVITIES = """
select coalesce(a.moved_to, d.account_id)::text as customer, d.programme, d.occurred_at, d.body
from activity d join account a on a.id = d.account_id
where $1::text is null or d.programme = $1
"""
_BODIES = TypeAdapter(PurchaseRecorded)


def is_database(text: str) -> bool:
    """Tell whether a text names a database instead of a file."""
    return text.startswith(("postgresql://", "postgres://"))


def name_of(url: str) -> str:
    """Name a database without the password in its address."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'local'}{parts.path}"


def read_platform(url: str, *, programme: str | None, advance: Advance) -> list[Event]:
    """Read what was accepted for a programme, or for all. Fails where the database cannot be read."""
    try:
        return asyncio.run(_read(url, programme, advance))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError) as error:
        advice = "Give the address of accrual's database with a role that may read it, as postgresql://verify@host/accrual."
        raise Failure(f"The history cannot be read from {name_of(url)}: {error}", advice=advice, code=COULD_NOT) from error


async def _read(url: str, programme: str | None, advance: Advance) -> list[Event]:
    settings = {"application_name": "loyalty history", "default_transaction_read_only": "on", "timezone": "UTC"}
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS, server_settings=settings)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):  # everything as of one moment
            purchases: dict[bytes, Bought] = {}
            async for row in connection.cursor(_PURCHASES, programme, prefetch=FETCHED):
                purchases[row["key"]] = _bought(row["customer"], row["body"])
                advance(len(purchases))
            brought = [_brought(purchases[row["purchase_key"]], row) async for row in connection.cursor(_RETURNS) if row["purchase_key"] in purchases]
            did = [_did(row) async for row in connection.cursor(_ACTIVITIES, programme)]
            return [*purchases.values(), *brought, *did]
    finally:
        await connection.close()


def _bought(customer: str | None, body: bytes) -> Bought:
    event = bought(_BODIES.validate_json(body))
    return event._replace(customer=customer, purchase=event.purchase._replace(identified=customer is not None))


def _brought(purchase: Bought, row: asyncpg.Record) -> Brought:
    """Read what came back with one return; line by line, as accrual found it."""
    told = orjson.loads(row["returned"])
    lines = tuple(AskedLine(quantity, amount, line_id=line_id) for line_id, (quantity, amount) in told["lines"].items())
    asked = AskedReturn(purchase.purchase.currency, lines, told["delivery_amount"])
    return Brought(row["occurred_at"].astimezone(UTC), purchase.customer, asked, purchase.purchase.purchase_id)


def _did(row: asyncpg.Record) -> Did:
    told, moment = orjson.loads(row["body"]), _utc(row["occurred_at"])
    return Did(moment, row["customer"], Activity(row["programme"], told["kind"], moment, told.get("zone", "UTC"), told.get("subject", "")))


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
