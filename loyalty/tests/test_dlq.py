"""Dead letters and consumers from the command line, against the routes that every service has."""

import asyncio
import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from loyalty.console import Failure
from loyalty.dlq import view
from loyalty.dlq.options import choice_of, moment
from loyalty.main import app
from loyalty.operators import Operator
from shared import migrations, operations
from shared.auth import Verifier, issue, read_private_key
from shared.clock import utc_now
from shared.ids import event_key, random_id
from shared.local.keys import make_keys
from shared.outbox.table import pack
from shared.postgres import create_pool, provision
from shared.service import build_api
from shared.service.server import listen, serve
from shared.settings import HttpSettings
from shared.testing import Server

NOON = datetime(2025, 3, 10, 12, tzinfo=UTC)
TOPIC = "loyalty.purchases.v1"
KEY = event_key("urn:shop", "0").hex()


class Terminal(io.StringIO):
    """Somebody at a terminal, who types this."""

    def isatty(self) -> bool:
        return True


@dataclass
class Desk:
    """A service's operators' routes on an address of their own, and its database."""

    url: str
    database: str
    sign: Callable[..., str]

    def run(self, *arguments: str, code: int = 0, scopes: tuple[str, ...] = ("operations:read", "operations:write")) -> None:
        with pytest.raises(SystemExit) as ended:
            app([*arguments, "--address", f"accrual={self.url}", "--token", self.sign(*scopes)])
        assert int(ended.value.code or 0) == code, arguments

    def put(self, *numbers: int, code: str = "internal-error", value: bytes = b'{"lines":[]}', failed_at: datetime = NOON) -> None:
        with psycopg.connect(self.database) as connection:
            for number in numbers:
                key = event_key("urn:shop", str(number))
                connection.execute("insert into inbox values (%s, %s, 'dead-lettered', %s)", (key, failed_at, code))
                connection.execute(
                    "insert into dead_letter values (%s, 'waiting', %s, 'urn:shop', 'loyalty.purchase.recorded.v1', %s, 'words', %s, 3, %s, 1,"
                    " %s, %s, %s, null, 'holder', %s, %s)",
                    (key, str(number), code, TOPIC, number, failed_at, failed_at, failed_at, pack((("ce_id", str(number).encode()),)), value),
                )

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database) as connection:
            return connection.execute(query.encode()).fetchall()

    def states(self) -> dict[str, int]:
        return {str(state): count for state, count in self.ask("select state, count(*) from dead_letter group by state")}


@pytest.fixture(scope="module")
def served(postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    urls = provision(postgres_server.url, service="shared", database=f"test_dlq_{random_id().hex[:12]}")
    migrations.apply(urls.owner)
    keys = make_keys(tmp_path_factory.mktemp("keys"))
    http = HttpSettings(port=0)
    listening = listen(http)
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def work() -> None:
        pool = await create_pool(urls.app, application_name="desk", size=2)
        desk = operations.Desk(pool=pool, clock=utc_now, verifier=Verifier.from_file(keys.jwt_public, "loyalty"), nudge=asyncio.Event())
        await serve(build_api("desk", [operations.routes(desk)]), listening, http, stop)
        await pool.close()

    def sign(*scopes: str) -> str:
        return issue(read_private_key(keys.jwt_private), subject="ana", scopes=scopes, audience="loyalty", now=utc_now())

    thread = threading.Thread(target=loop.run_until_complete, args=(work(),))
    thread.start()
    try:
        yield Desk(f"http://127.0.0.1:{listening.getsockname()[1]}", urls.owner, sign)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


@pytest.fixture
def desk(served: Desk) -> Desk:
    with psycopg.connect(served.database) as connection:
        connection.execute("truncate dead_letter, inbox, outbox, consumer_offset")
    return served


def test_dead_letters_are_listed_and_shown_with_what_is_wrong(desk: Desk, capsys: pytest.CaptureFixture[str]):
    desk.put(0, 1)
    desk.put(2, code="not-json", value=b"\xff{", failed_at=utc_now())
    desk.run("dlq", "list", "--json")
    listed = json.loads(capsys.readouterr().out)
    assert listed["items"][0]["id"] == "2"
    assert (len(listed["items"]), listed["more"], listed["items"][0]["service"]) == (3, False, "accrual")
    desk.run("dlq", "list", "--since", "2h", "--json")
    assert [item["code"] for item in json.loads(capsys.readouterr().out)["items"]] == ["not-json"]
    desk.run("dlq", "list", "--limit", "1", "--code", "internal-error")
    shown = capsys.readouterr()
    assert "internal-error" in shown.out
    assert "There are more" in shown.err
    desk.run("dlq", "show", KEY)
    shown = capsys.readouterr()
    for part in (f"{TOPIC}/3:0", "internal-error: words", '"lines": []', "header ce_id", "waiting"):
        assert part in shown.out
    desk.run("dlq", "show", event_key("urn:shop", "2").hex(), "--json")
    assert json.loads(capsys.readouterr().out)["value"] == {"encoding": "base64", "content": "/3s="}
    desk.run("dlq", "show", "0" * 32, code=1)
    desk.run("dlq", "list", "--state", "settled")
    assert "No dead letters that match (settled)." in capsys.readouterr().out


def test_a_dry_run_says_what_is_then_done(desk: Desk, capsys: pytest.CaptureFixture[str]):
    desk.put(*range(1200))
    desk.put(1200, value=b"x" * 1_000_001)
    desk.run("dlq", "redrive", "--dry-run", "--limit", "1100", "--json")
    dry = json.loads(capsys.readouterr().out)["services"]["accrual"]
    assert (dry["chosen"], dry["matching"], dry["skipped"]) == (1100, {"internal-error": 1200}, {"too-large": 1})
    desk.run("dlq", "redrive", "--dry-run")
    assert "accrual: 1,200 to redrive (1,200 internal-error); 1 not: too-large" in capsys.readouterr().out
    assert desk.states() == {"waiting": 1201}
    desk.run("dlq", "redrive", "--limit", "1100", "--yes", "--json")
    done = json.loads(capsys.readouterr().out)
    assert (done["count"], done["services"]["accrual"]["by_code"]) == (1100, {"internal-error": 1100})
    assert desk.states() == {"redriven": 1100, "waiting": 101}
    assert desk.ask("select count(*), min(id::int), max(id::int) from outbox") == [(1100, 0, 1099)]


def test_what_fails_again_meanwhile_is_left_for_the_next_time(desk: Desk, capsys: pytest.CaptureFixture[str]):
    desk.put(*range(3))
    desk.put(3, failed_at=utc_now() + timedelta(minutes=1))  # as of then it had not failed
    desk.run("dlq", "redrive", "--rate", "200", "--yes")
    assert "accrual: 3 redriven (3 internal-error)" in capsys.readouterr().out
    assert desk.states() == {"redriven": 3, "waiting": 1}


def test_named_ones_are_repaired_and_unknown_ones_are_said(desk: Desk, capsys: pytest.CaptureFixture[str]):
    desk.put(0, 1)
    desk.run("dlq", "discard", "--key", KEY, "--yes")
    assert "accrual: 1 discarded (1 internal-error)" in capsys.readouterr().out
    desk.run("dlq", "redrive", "--key", KEY, "--key", event_key("urn:shop", "1").hex(), "--yes")
    assert "accrual: 1 redriven (1 internal-error); 1 not: discarded" in capsys.readouterr().out
    desk.run("dlq", "redrive", "--key", "f" * 32, "--yes", code=1)
    assert f"No service knows {'f' * 32}." in capsys.readouterr().err
    assert desk.states() == {"discarded": 1, "redriven": 1}
    desk.run("dlq", "show", KEY)
    assert "not kept any more" in capsys.readouterr().out


def test_nothing_is_done_unless_somebody_says_yes(desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    desk.put(0)
    desk.run("dlq", "discard", code=2)
    assert "Add --yes" in capsys.readouterr().err
    for answer, code in (("n", 1), ("y", 0)):
        assert desk.states() == {"waiting": 1}
        monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
        desk.run("dlq", "discard", code=code)
    assert desk.states() == {"discarded": 1}
    desk.run("dlq", "redrive")  # nothing matches, so there is nothing to ask


def test_stopped_partitions_are_shown_and_resumed(desk: Desk, capsys: pytest.CaptureFixture[str]):
    row = "insert into consumer_offset (incarnation, topic, partition, first, next, dead_lettered, paused_at, pause_reason, updated_at) values "
    with psycopg.connect(desk.database) as connection:
        connection.execute(f"{row} ('b', '{TOPIC}', 3, 0, 49, 49, now(), 'dead-letters-in-a-row', now())".encode())
        connection.execute(f"{row} ('a', '{TOPIC}', 4, 0, 7, 7, null, null, now() - interval '1 day')".encode())
    desk.run("consumer", "list", "--json")
    (item,) = json.loads(capsys.readouterr().out)["items"]
    assert (item["partition"], item["next"], item["verdicts"]["dead-lettered"]) == (3, 49, 49)
    desk.run("consumer", "list", "--former")
    shown = capsys.readouterr().out
    assert "stopped:" in shown
    assert "reads" in shown
    desk.run("consumer", "resume", "--topic", TOPIC, "--partition", "4")
    assert "No such partition stands still." in capsys.readouterr().out
    desk.run("consumer", "resume", "--all")
    assert f"accrual: {TOPIC}/3 goes on from 49 (was stopped: dead-letters-in-a-row)" in capsys.readouterr().out
    desk.run("consumer", "resume", code=2)
    desk.run("consumer", "resume", "--partition", "4", code=2)
    desk.run("consumer", "resume", "--all", "--topic", TOPIC, code=2)


def test_what_stands_in_the_way_is_said(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def fails(words: str, *arguments: str, code: int) -> None:
        with pytest.raises(SystemExit) as ended:
            app(arguments)
        assert ended.value.code == code
        assert words in " ".join(capsys.readouterr().err.split())

    fails("Start it with `loyalty up`", "dlq", "list", "--data", str(tmp_path), code=2)
    fails("--address needs --token", "consumer", "list", "--address", f"accrual={desk.url}", code=2)
    fails("is not SERVICE=URL", "dlq", "list", "--address", desk.url, "--token", "x", code=2)
    fails("does not answer", "dlq", "list", "--address", "accrual=http://127.0.0.1:1", "--token", "x", code=2)
    fails("There is no service mars", "dlq", "list", "--service", "mars", "--address", f"accrual={desk.url}", "--token", "x", code=2)
    fails("token-invalid", "dlq", "list", "--address", f"accrual={desk.url}", "--token", "x", code=1)
    desk.run("dlq", "redrive", "--yes", code=1, scopes=("operations:read",))
    assert "operations:read and operations:write" in capsys.readouterr().err
    desk.run("dlq", "redrive", "--key", KEY, "--code", "x", code=2)
    desk.run("dlq", "redrive", "--key", KEY, "--limit", "1", code=2)
    desk.run("dlq", "show", "5d7b", code=2)
    assert "no key of a dead letter" in capsys.readouterr().err


async def test_a_command_whose_answer_got_lost_is_asked_again_under_the_same_key():
    keys = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        if len(keys) < 3:
            raise httpx.ReadError("cut")
        return httpx.Response(200, json={"count": 1})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        assert await Operator("accrual", "http://accrual", client).post("/v1/dead-letters/redrive", {}) == {"count": 1}
    assert len(set(keys)) == 1


def test_times_are_read_as_people_write_them():
    assert moment("2h", now=NOON) == NOON - timedelta(hours=2)
    assert moment("7d", now=NOON) == NOON - timedelta(days=7)
    assert moment("2025-03-10T12:00:00Z", now=NOON) == NOON
    for bad in ("yesterday", "2025-03-10T12:00:00", "999999d", "", "2 h"):
        with pytest.raises(Failure, match="is no time"):
            moment(bad, now=NOON)
    assert choice_of(NOON, code="x", since="30m").filter == {"code": "x", "since": "2025-03-10T11:30:00+00:00"}


def test_odd_contents_are_shown_as_they_are():
    odd = {"encoding": "utf-8", "content": "[" * 100_000}
    assert view._indented(odd) == odd["content"]
    assert view._indented(None) == "none"
