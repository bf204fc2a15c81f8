"""What an operator does when something went wrong: see it, mend it, send it again; nothing is lost and nothing counts twice."""

import contextlib
import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from contracts.envelope import encode
from e2e.builders import SHOP, Cast
from e2e.system import System, command, eventually
from shared.local import start_postgres

TOPIC = "loyalty.purchases.v1"


def loyalty(system: System, *arguments: str, code: int = 0) -> Any:
    """Run the command as an operator does, and read what it prints."""
    done = command(*arguments, "--json", data=system.folder)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout) if code == 0 else done.stderr


async def letter(system: System, event_id: str) -> dict[str, Any]:
    """Look up a dead letter as the auditor may."""
    connection = await asyncpg.connect(system.verify_urls["accrual"])
    try:
        row = await connection.fetchrow("select encode(key, 'hex') as key, state, code, attempts, changed_by from dead_letter where event_id = $1", event_id)
    finally:
        await connection.close()
    return dict(row) if row is not None else {}


@contextlib.asynccontextmanager
async def a_bad_deploy(system: System, points: int) -> AsyncIterator[None]:
    """Make the ledger refuse grants of so many points, for a while."""
    given = os.environ.get("DATABASE_URL")
    url = urlunsplit(urlsplit(given)._replace(path="/accrual")) if given else start_postgres(system.folder / "postgres").database_url("accrual")
    connection = await asyncpg.connect(url)
    await connection.execute(f"alter table lot add constraint bad_deploy check (amount <> {points}) not valid")
    try:
        yield
    finally:
        await connection.execute("alter table lot drop constraint bad_deploy")
        await connection.close()


async def test_a_purchase_that_died_of_our_fault_is_mended_redriven_and_earns_once(system: System, cast: Cast):
    purchase, neighbour = cast.a_purchase(cast.holder("kim"), total_cents=7_77_00), cast.a_purchase(cast.holder("kim"), total_cents=1_00)
    async with a_bad_deploy(system, points=777):
        await system.publish(purchase, neighbour)
        await eventually(lambda: _has_verdict(system, purchase.id, "dead-lettered"))
        await eventually(lambda: _has_verdict(system, neighbour.id, "granted"))
        listed = loyalty(system, "dlq", "list", "--service", "accrual", "--code", "internal-error", "--since", "1h")["items"]
        key = next(item["key"] for item in listed if item["id"] == purchase.id)
        shown = loyalty(system, "dlq", "show", key)
        assert json.loads(shown["value"]["content"])["purchase_id"] == purchase.data.purchase_id
        assert loyalty(system, "dlq", "redrive", "--key", key, "--yes")["count"] == 1  # too early
        await eventually(lambda: _stands(system, purchase.id, state="waiting", attempts=2))
    loyalty(system, "dlq", "redrive", "--key", key, "--yes")
    await eventually(lambda: _has_verdict(system, purchase.id, "granted"))
    assert await _stands(system, purchase.id, state="settled", changed_by="local-operator")
    assert loyalty(system, "dlq", "redrive", "--key", key, "--yes")["services"]["accrual"]["skipped"] == {"settled": 1}
    assert await system.available(cast.email("kim")) == 778


async def test_a_record_that_nobody_can_mend_is_discarded_and_one_that_is_sent_right_settles_itself(system: System, cast: Cast):
    bad, late = cast.a_purchase(cast.holder("lena")), cast.a_purchase(cast.holder("lena"))
    await system.publish_records([replace(encode(event), value=b"{oops") for event in (bad, late)])
    await eventually(lambda: _has_verdict(system, late.id, "dead-lettered"))

    refused = command("dlq", "discard", "--code", "not-json", "--source", SHOP, data=system.folder)
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    key = (await letter(system, bad.id))["key"]
    assert loyalty(system, "dlq", "discard", "--key", key, "--yes")["count"] == 1
    assert await _stands(system, bad.id, state="discarded", changed_by="local-operator")
    await system.publish(late)
    await eventually(lambda: _has_verdict(system, late.id, "granted"))
    assert await _stands(system, late.id, state="settled")


async def test_consumers_are_shown_and_resuming_what_runs_changes_nothing(system: System):
    partitions = loyalty(system, "consumer", "list", "--topic", TOPIC)["items"]
    assert {item["partition"] for item in partitions if item["service"] == "accrual"} == set(range(12))
    assert not any(item["paused_at"] for item in partitions)
    assert loyalty(system, "consumer", "resume", "--all") == {"resumed": []}


async def _stands(system: System, event_id: str, **wanted: object) -> bool:
    found = await letter(system, event_id)
    return {name: found.get(name) for name in wanted} == wanted


async def _has_verdict(system: System, event_id: str, verdict: str) -> bool:
    found = await system.verdict(SHOP, event_id)
    return found is not None and found["verdict"] == verdict
