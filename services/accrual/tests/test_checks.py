"""The audit finds nothing in a ledger that was kept, and the place in one that was not."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from accrual.store.checks import CHECKS
from shared.checks import Violation

from .builders import (
    ANAS_PHONE,
    BORIS,
    BORIS_CARD,
    JAM,
    NOON,
    PARCEL_SHOP,
    PARCELS,
    TEA,
    TEA_HOUSE,
    a_purchase,
    an_activity,
    back,
    cancelled,
    confirmed,
    linked,
    registered,
    returned,
)
from .conftest import Service
from .spending import SHOP, by_hand, capture, handed_on, held, spend


async def audit(service: Service) -> list[Violation]:
    """Ask every question, as the auditor's own role."""
    connection = await asyncpg.connect(service.database.urls.verify)
    try:
        return [violation for check in CHECKS async for violation in check.run(connection)]
    finally:
        await connection.close()


async def a_life(service: Service) -> None:
    """Everything that can happen to a ledger."""
    await service.publish(TEA, PARCELS, JAM)
    await service.hear(a_purchase("1"), a_purchase("2"), a_purchase("1", event_id="again"), a_purchase("3", currency="USD"), a_purchase("4", holder=None))
    await service.hear(a_purchase("5", merchant=TEA_HOUSE), a_purchase("6", merchant=PARCEL_SHOP), confirmed("6"))
    await service.hear(registered(), linked(), a_purchase("7"), a_purchase("8", kopecks=100), an_activity(), a_purchase("14", merchant="jam-shop"))
    await service.hear(linked(version=2, released=True), a_purchase("9"), linked(ANAS_PHONE))
    service.clock.advance(days=90)
    await service.turn()
    service.clock.now = NOON + timedelta(days=90)
    await service.hear(a_purchase("10"))
    await things_come_back(service)


async def things_come_back(service: Service) -> None:
    """Returns, corrections and cancellations, of points that are there, waiting, used or owed."""
    at = service.clock()
    await service.publish(SHOP + "returns: {spent: debt}\n")
    given: dict[str, Any] = {"merchant": "shop", "zone": "UTC", "at": at, "holder": BORIS_CARD}
    await service.hear(returned("10", back(50_00, thousandths=500), occurred_at=at), returned("early", return_id="early", merchant="shop", occurred_at=at))
    await service.hear(a_purchase("11", kopecks=300_00, receipt_number="7", **given), a_purchase("early", exchanged_purchase_id="11", **given))
    await spend(service, 200)
    await service.hear(returned("11", merchant="shop", return_id="all", occurred_at=at), a_purchase("12", **given), a_purchase("13", kopecks=200_00, **given))
    await service.hear(a_purchase("12", revision=2, kopecks=170_00, **given), a_purchase("12", revision=3, kopecks=90_00, **given))
    await service.hear(cancelled("13", merchant="shop", occurred_at=at), returned("never", return_id="never", merchant="shop", occurred_at=at))


async def test_a_ledger_that_was_kept_is_clean(service: Service):
    await a_life(service)
    operations = await service.fetch("select distinct operation from entry where hash is not null order by 1")
    assert [name for (name,) in operations] == ["activate", "capture", "claim", "expire", "grant", "hold", "pay-debt", "reverse"]
    assert await audit(service) == []


#: How to change a value a little, by its type, so that only an audit can tell.
_ANOTHER = {
    "uuid": "gen_random_uuid()",
    "bigint": "{0} + 1",
    "integer": "{0} + 1",
    "text": "overlay({0} placing 'x' from 1 for 1)",
    "boolean": "not {0}",
    "ARRAY": "{0} || gen_random_uuid()",
    "date": "{0} + 1",
    "bytea": "set_byte({0}, 1, get_byte({0}, 1) # 1)",
    "timestamp with time zone": "{0} + interval '1 microsecond'",
}
#: What decides what may happen yet, not what has.
_OF_THE_FUTURE = frozenset({"confirmable", "receipt_key", "decided_as", "return_key", "event_key"})
_COLUMNS = "select column_name, data_type from information_schema.columns where table_name = $1 and table_schema = 'public' order by ordinal_position"


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("entry", "operation = 'grant'"),
        ("entry", "operation = 'claim'"),
        ("entry", "operation = 'expire'"),
        ("entry", "operation = 'reverse'"),
        ("entry", "operation = 'pay-debt'"),
        ("entry", "bucket = 'debt' and lot_id is null"),
        ("entry", "version is not null and hash is null"),
        ("entry", "bucket = 'system'"),
        ("lot", "remaining > 0"),
        ("lot", "remaining = 0"),
        ("account", "kind = 'member' and version > 1"),
        ("purchase", "verdict = 'granted'"),
        ("activity", "verdict = 'granted'"),
        ("reversal", "transaction_id is not null"),
        ("confirmation", "true"),
        ("shared_counter", "value > 0"),
        ("shared_use", "amount > 0"),
    ],
)
async def test_any_changed_byte_is_found(service: Service, administrator: asyncpg.Connection, table: str, row: str):
    await a_life(service)
    assert await unfound(service, administrator, table, row) == []
    assert await audit(service) == []


async def test_any_changed_byte_of_what_was_used_is_found(service: Service, administrator: asyncpg.Connection):
    """One life for all of these tables: each is small, and has few columns."""
    await points_are_used(service)
    assert await audit(service) == []
    rows = {
        "hold": ("state = 'captured'", "state = 'expired' and owed > 0"),
        "spend": ("hold_id is not null",),
        "restoral": ("points > 0",),
        "allocation": ("transaction_id in (select id from restoral)",),
        "adjustment": ("forfeit and booked_at is not null",),
        "transfer": ("true",),
        "entry": ("operation = 'transfer'",),
        "lot": ("id in (select id from transfer)",),
    }
    found = [each for table, of_table in rows.items() for row in of_table for each in await unfound(service, administrator, table, row)]
    assert found == []
    assert await audit(service) == []


async def points_are_used(service: Service) -> None:
    """Everything that can happen to points that are put aside, used, given, taken and handed on."""
    await service.publish(SHOP + "spending: {transfer: keep}\nexpiry: {after: 1 month}\nreturns: {spent: debt}\n")
    of_shop: dict[str, Any] = {"merchant": "shop", "zone": "UTC"}
    await service.hear(registered(programme="shop"), linked(), registered(BORIS, programme="shop"), a_purchase("20", kopecks=300_00, **of_shop))
    await by_hand(service, 40)
    await by_hand(service, -10, forfeit=True)
    await handed_on(service, 30)
    late, first = await held(service, 200, expires_in_seconds=60), await held(service, 30, purchase_id="21")
    service.clock.advance(seconds=60)
    await service.overdue()
    await service.hear(a_purchase("21", hold_id=str(first), hold_points=20, **of_shop), returned("21", merchant="shop", occurred_at=service.clock()))
    await capture(service, await held(service, 200, purchase_id="22"))
    await capture(service, late)
    await service.hear(a_purchase("23", kopecks=500_00, **of_shop))
    await held(service, 10, purchase_id="24")


async def unfound(service: Service, administrator: asyncpg.Connection, table: str, row: str) -> list[tuple[str, str]]:
    """Change each column of a row a little, and back, and tell which change no audit has found."""
    missed = []
    for column, kind in await service.fetch(_COLUMNS, table):
        found = await administrator.fetchrow(f"select tableoid, ctid, {column} from {table} where {row} and {column} is not null limit 1")
        if found is None:
            continue
        place, write = found[:2], f"update {table} set {column} = {{}} where tableoid = $1 and ctid = $2 returning tableoid, ctid"
        try:
            place = (await administrator.fetchrow(write.format(_ANOTHER[kind].format(column)), *place))[:2]
        except asyncpg.IntegrityConstraintViolationError:
            continue  # the database itself refuses it
        if not await audit(service) and column not in _OF_THE_FUTURE:
            missed.append((table, column))
        await administrator.execute(write.format("$3"), *place, found[2])
    return missed
