"""Whatever is on the topic gets one verdict; nothing stops, nobody beside it is hurt."""

import json
import os
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from contracts.envelope import Record, encode
from e2e.builders import SHOP, Cast
from e2e.system import System, eventually
from shared.kafka import read_topic
from shared.local import start_postgres

TOPIC = "loyalty.purchases.v1"
DEAD_LETTERS = "loyalty.purchases.v1.accrual.dlq"


def _with(record: Record, *, value: bytes | None = None, key: bytes | None = None, **headers: bytes) -> Record:
    changed = {**dict(record.headers), **headers}
    return Record(record.topic, key if key is not None else record.key, value if value is not None else record.value, tuple(changed.items()))


def rubbish_of(plain: Record) -> dict[str, Record]:
    """Spoil one good purchase in every way that somebody might send it."""
    body = plain.value or b""
    fields = json.loads(body)

    def changed(**other: object) -> bytes:
        return json.dumps(fields | other).encode()

    line = fields["lines"][0]
    return {
        "not json": _with(plain, value=b"{oops"),
        "undecodable bytes": _with(plain, value=bytes(range(256))),
        "bad utf-8": _with(plain, value=body.replace(b"coffee", b"\xff\xfe")),
        "nul character": _with(plain, value=changed(receipt_number="a\0b")),
        "repeated key": _with(plain, value=body[:-1] + b',"currency":"USD"}'),
        "deep nesting": _with(plain, value=body[:-1] + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}"),
        "wrong schema": _with(plain, value=b'{"merchant":"e2e-shop"}'),
        "not an object": _with(plain, value=b"[]"),
        "negative amount": _with(plain, value=changed(lines=[line | {"paid_amount": -1}])),
        "2^63": _with(plain, value=changed(lines=[line | {"paid_amount": 2**63}])),
        "nan": _with(plain, value=body.replace(b'"paid_amount":1200', b'"paid_amount":NaN')),
        "float money": _with(plain, value=changed(lines=[line | {"paid_amount": 12.5}])),
        "nearly a megabyte": _with(plain, value=changed(padding="x" * 950_000)),
        "unknown type": _with(plain, ce_type=b"loyalty.purchase.imagined.v1"),
        "unknown version": _with(plain, ce_type=b"loyalty.purchase.recorded.v99"),
        "key against content": _with(plain, key=b"h1:" + b"A" * 43),
    }


async def test_rubbish_is_dead_lettered_and_neighbours_are_unhurt(system: System, cast: Cast):
    holder = cast.holder("gia")
    neighbours = [cast.a_purchase(holder, total_cents=1_00) for _ in range(40)]
    spoiled = [cast.a_purchase(holder) for _ in rubbish_of(encode(neighbours[0]))]
    kinds = list(rubbish_of(encode(neighbours[0])))
    broken = [rubbish_of(encode(event))[kind] for kind, event in zip(kinds, spoiled, strict=True)]
    mixed = [encode(event) for event in neighbours]
    for place, record in enumerate(broken):
        mixed.insert(2 * place + 1, record)
    await system.publish_records(mixed)

    await eventually(lambda: _all(system, neighbours, "granted"))
    assert await system.available(cast.email("gia")) == 40
    await eventually(lambda: _all(system, spoiled, "dead-lettered"))
    letters = await eventually(lambda: _letters(system, {event.id.encode() for event in spoiled}, wanted=len(spoiled)))
    for letter in letters:
        assert {"dlq_topic", "dlq_partition", "dlq_offset", "dlq_code", "dlq_reason"} <= letter.keys()
        assert letter["dlq_topic"] == TOPIC.encode()
    assert system.verify()["violations"] == 0


async def test_a_record_without_readable_id_gets_a_verdict_too(system: System, cast: Cast):
    """Its identity is its place: nothing that was on the topic is without one."""
    marker = f"nobody {cast.token}".encode()
    neighbour = cast.a_purchase(cast.holder("hugo"), total_cents=2_00)
    await system.publish_records([Record(TOPIC, neighbour.data.holder.encode(), marker, ()), encode(neighbour)])
    await eventually(lambda: _all(system, [neighbour], "granted"))

    async def letter() -> bool:
        return marker in [record.value async for record in read_topic(system.bootstrap_servers, DEAD_LETTERS)]

    assert await eventually(letter)


@pytest.mark.parametrize(
    ("reason", "other"),
    [
        ("unknown-currency", {"currency": "XTS"}),
        ("unknown-merchant", {"merchant": "nobody-knows"}),
        ("too-old", {"days": -2000}),
        ("in-the-future", {"days": 3}),
    ],
)
async def test_what_a_rule_can_name_is_refused_by_name_and_no_dead_letter(system: System, cast: Cast, reason: str, other: dict[str, object]):
    if "days" in other:
        other = {"occurred_at": cast.now + timedelta(days=other["days"])}
    refused = cast.a_purchase(cast.holder("iris"), **other)
    await system.publish(refused)
    verdict = await eventually(lambda: system.verdict(SHOP, refused.id))
    assert (verdict["verdict"], verdict["reason"]) == ("refused", reason)
    assert await system.available(cast.email("iris")) == 0
    assert await _letters(system, {refused.id.encode()}, wanted=1) is None


async def test_one_changed_byte_in_the_ledger_is_found(system: System, cast: Cast):
    purchase = cast.a_purchase(cast.holder("jon"))
    await system.publish(purchase)
    await eventually(lambda: _all(system, [purchase], "granted"))
    assert system.verify()["exit"] == 0
    connection = await asyncpg.connect(_superuser(system))
    victim = "select account_id, version from entry where version is not null order by account_id, version limit 1"
    tamper = f"update entry set occurred_at = occurred_at + $1 where (account_id, version) = ({victim})"
    try:
        await connection.execute("set session_replication_role = replica")  # even the triggers are not asked
        await connection.execute(tamper, timedelta(microseconds=1))
        found = system.verify()
        await connection.execute(tamper, timedelta(microseconds=-1))
    finally:
        await connection.close()
    assert found["exit"] == 1
    assert "I16" in {each["invariant"] for each in found["invariants"] if each["violations"]}
    assert found["first"]["key"]
    assert system.verify()["exit"] == 0


def _superuser(system: System) -> str:
    """Name the ledger's database for the one role that could change an entry. The embedded server that runs here is found, not started."""
    given = os.environ.get("DATABASE_URL")
    return urlunsplit(urlsplit(given)._replace(path="/accrual")) if given else start_postgres(system.folder / "postgres").database_url("accrual")


async def _all(system: System, events: list, verdict: str) -> bool:
    return set(await system.verdicts(events)) == {verdict}


async def _letters(system: System, ids: set[bytes], *, wanted: int) -> list[dict[str, bytes]] | None:
    found = [headers async for record in read_topic(system.bootstrap_servers, DEAD_LETTERS) if (headers := dict(record.headers)).get("ce_id") in ids]
    return found if len(found) >= wanted else None
