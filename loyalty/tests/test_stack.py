"""A whole stack, as its user meets it: up, fed, asked, checked, down, and nothing left behind."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from loyalty.stack import state
from loyalty.stack.places import Places
from shared.ids import random_id
from shared.local import start_postgres

EXAMPLES = Path(__file__).parents[1] / "examples"
START_SECONDS = 240
Eventually = Callable[..., Awaitable[object]]


def loyalty(*arguments: str, code: int = 0, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does; the servers it starts are its own, whatever the tests run on."""
    environment = {name: value for name, value in os.environ.items() if name not in {"KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"}}
    command = [sys.executable, "-m", "loyalty", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_SECONDS, input=given, env=environment)
    assert done.returncode == code, f"{' '.join(arguments)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def last_object(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="loyalty-stack-") as name:
        Path(name).chmod(0o711)  # PostgreSQL may run as another user
        yield Path(name) / "stack"


@pytest.fixture(scope="module")
def up() -> Iterator[Path]:
    """A stack on the small broker, in the background."""
    with tempfile.TemporaryDirectory(prefix="loyalty-stack-") as name:
        Path(name).chmod(0o711)
        folder = Path(name) / "stack"
        loyalty("up", "--detach", "--broker", "tansu", "--data", str(folder))
        try:
            yield folder
        finally:
            loyalty("down", "--data", str(folder))


def a_purchase(identity: str, **fields: object) -> str:
    data = {
        "merchant": "corner-shop",
        "purchase_id": identity,
        "lines": [{"line_id": "1", "sku": "tea", "paid_amount": 12_00}],
        "currency": "USD",
        "occurred_at": "2026-11-02T09:12:00Z",
        **fields,
    }
    return json.dumps({"specversion": "1.0", "id": identity, "source": "urn:corner-shop:till-1", "type": "loyalty.purchase.recorded.v1", "data": data})


def verdicts(folder: Path) -> dict[str, int]:
    stack = state.running(Places(folder))
    with psycopg.connect(stack.verify_urls["accrual"]) as connection:
        row = connection.execute(
            "select sum(granted), sum(nothing_earned), sum(duplicate), sum(dead_lettered) from consumer_offset where topic = 'loyalty.purchases.v1'"
        ).fetchone()
    return dict(zip(("granted", "nothing-earned", "duplicate", "dead-lettered"), (int(count or 0) for count in row or (0, 0, 0, 0)), strict=True))


def test_second_up_says_that_it_runs_and_where(up: Path):
    again = loyalty("up", "--data", str(up))
    assert "It runs already" in again.stderr
    found = last_object(loyalty("status", "--json", "--data", str(up)))
    assert found["ready"] is True
    services = found["services"]
    assert isinstance(services, dict)
    assert services["gateway"]["url"] in again.stdout.replace("\n", "")
    assert set(services) == {"accrual", "members", "gateway"}
    assert "verify_urls" not in found


async def test_published_purchase_earns_once_is_explained_and_audited(up: Path, eventually: Eventually):
    identity = random_id().hex
    before = verdicts(up)
    event = a_purchase(identity, holder=f"h1:{identity.ljust(43, '0')}")
    nobody = a_purchase(f"{identity}-nobody")
    first = last_object(loyalty("publish", "-", "--json", "--data", str(up), given=f"{event}\n{event}\n{nobody}\n"))
    assert first["published"] == 3
    await eventually(lambda: sum(verdicts(up).values()) == sum(before.values()) + 3, deadline_seconds=60)
    after = verdicts(up)
    assert {verdict: after[verdict] - before[verdict] for verdict in after} == {"granted": 1, "nothing-earned": 1, "duplicate": 1, "dead-lettered": 0}
    explained = loyalty("member", "explain", f"corner-shop/{identity}", "--data", str(up)).stdout
    assert "granted" in explained
    assert "12 points" in explained
    assert "nothing-earned" in loyalty("member", "explain", f"corner-shop/{identity}-nobody", "--data", str(up)).stdout
    assert "Clean" in loyalty("verify", "--data", str(up)).stdout


async def test_card_in_a_csv_file_finds_its_guest(up: Path, eventually: Eventually, tmp_path: Path):
    file = shutil.copy(EXAMPLES / "receipts.csv", tmp_path / "receipts.csv")
    mapping = EXAMPLES / "receipts.mapping.yaml"
    before = sum(verdicts(up).values())
    assert last_object(loyalty("publish", str(file), "--mapping", str(mapping), "--json", "--data", str(up)))["published"] == 2
    assert not file.with_name("receipts.csv.progress").exists()
    await eventually(lambda: sum(verdicts(up).values()) == before + 2, deadline_seconds=60)
    shown = loyalty("member", "show", "card:9000 1234 1234 1233", "--data", str(up)).stdout
    assert "A guest" in shown
    assert "quickstart" in shown


def test_changed_byte_of_a_ledger_row_is_found_and_named(up: Path):
    server = start_postgres(Places(up).postgres, die_with_parent=False)  # it runs: this only finds it
    with psycopg.connect(server.database_url("accrual")) as connection:
        connection.execute("set session_replication_role = replica")  # past the triggers that refuse any change
        changed = connection.execute(
            "update entry set cause_event = cause_event || '!' where hash is not null and transaction_id in"
            " (select transaction_id from entry where hash is not null limit 1) returning account_id, cause_event"
        ).fetchone()
        assert changed is not None
        connection.commit()
        try:
            damaged = loyalty("verify", "--json", "--data", str(up), code=1)
            first = last_object(damaged)["first"]
            assert isinstance(first, dict)
            assert first["table"] == "entry"
            assert str(changed[0]) in first["key"]
            assert f"row {first['key']}" in loyalty("verify", "--data", str(up), code=1).stdout.replace("\n", " ")
        finally:
            connection.execute("update entry set cause_event = rtrim(cause_event, '!') where account_id = %s", [changed[0]])
            connection.commit()
    assert last_object(loyalty("verify", "--json", "--data", str(up)))["clean"] is True


async def test_killed_service_comes_back(up: Path, eventually: Eventually):
    before = state.running(Places(up)).services["accrual"]
    assert before.pid is not None
    psutil.Process(before.pid).kill()

    def again() -> bool:
        now = state.running(Places(up)).services["accrual"]
        return now.pid not in {None, before.pid} and now.restarts == before.restarts + 1

    await eventually(again, deadline_seconds=60)
    assert last_object(loyalty("status", "--json", "--data", str(up)))["ready"] is True


def test_nothing_is_left_when_the_supervisor_is_killed(folder: Path):
    loyalty("up", "--detach", "--broker", "tansu", "--data", str(folder))
    places = Places(folder)
    stack = state.running(places)
    supervisor = psutil.Process(stack.pid)
    family = [psutil.Process(service.pid) for service in stack.services.values() if service.pid] + supervisor.children(recursive=True)
    supervisor.kill()
    gone, alive = psutil.wait_procs(family, timeout=60)
    assert not alive
    assert len(gone) >= 5
    loyalty("status", "--data", str(folder), code=3)
    loyalty("up", "--detach", "--broker", "tansu", "--data", str(folder))
    assert "nothing is left running" in loyalty("down", "--data", str(folder)).stdout
    assert "Nothing runs" in loyalty("down", "--data", str(folder)).stdout
