"""What waits for its purchase, from the command line, against accrual's own routes."""

import asyncio
import json
import threading
from collections.abc import Iterator

import psycopg
import pytest

from accrual import api, app
from accrual.api.parts import Desk
from accrual.handlers.catalogue import Catalogue
from loyalty.main import app as command
from shared import migrations
from shared.auth import Verifier, issue, read_private_key
from shared.clock import utc_now
from shared.ids import random_id
from shared.local.keys import make_keys
from shared.postgres import create_pool, provision
from shared.service import build_api
from shared.service.server import listen, serve
from shared.settings import HttpSettings
from shared.testing import Server

RETURN = "loyalty.purchase.returned.v1"
BODY = '{"merchant": "shop", %s, "return_id": "r", "currency": "USD", "occurred_at": "2025-03-10T12:00:00Z"}'


@pytest.fixture(scope="module")
def asked(postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Where accrual answers, and an operator's token. One event has waited for ten days, 150 since just now."""
    urls = provision(postgres_server.url, service="accrual", database=f"test_waiting_{random_id().hex[:12]}")
    migrations.apply(urls.owner, [app.MIGRATIONS])
    with psycopg.connect(urls.owner) as connection:
        for number in range(151):
            named = '"receipt_number": "17", "store": "s-1"' if number == 0 else f'"purchase_id": "p-{number}"'
            connection.execute(
                "insert into waiting (event_key, anchor, arrived_at, occurred_at, source, event_id, type, body)"
                " values (%s, 'a', now() - %s * interval '1 day', now(), 'urn:shop:till', %s, %s, %s)",
                (str(number).encode(), 0 if number else 10, f"return/{number}", RETURN, (BODY % named).encode()),
            )
    keys, http = make_keys(tmp_path_factory.mktemp("keys")), HttpSettings(port=0)
    listening = listen(http)
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def work() -> None:
        pool = await create_pool(urls.app, application_name="desk", size=2)
        verifier = Verifier.from_file(keys.jwt_public, "loyalty")
        desk = Desk(pool=pool, clock=utc_now, verifier=verifier, nudge=asyncio.Event(), catalogue=Catalogue())
        await serve(build_api("accrual", api.routers(desk)), listening, http, stop)
        await pool.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(work(),))
    thread.start()
    token = issue(read_private_key(keys.jwt_private), subject="ana", scopes=["operations:read"], audience="loyalty", now=utc_now())
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", token
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


def run(asked: tuple[str, str], *arguments: str, code: int = 0) -> None:
    with pytest.raises(SystemExit) as ended:
        command(["waiting", "list", *arguments, "--address", f"accrual={asked[0]}", "--token", asked[1]])
    assert int(ended.value.code or 0) == code


def test_what_has_waited_long_is_listed_with_what_it_waits_for(asked: tuple[str, str], capsys: pytest.CaptureFixture[str]):
    run(asked)
    shown = capsys.readouterr().out
    for part in ("return/0", RETURN, "urn:shop:till", "receipt number 17 at s-1 of shop"):
        assert part in shown
    assert "return/1" not in shown
    run(asked, "--days", "20")
    assert "Nothing has waited so long." in capsys.readouterr().out


def test_everything_that_waits_is_listed_page_by_page(asked: tuple[str, str], capsys: pytest.CaptureFixture[str]):
    run(asked, "--days", "0", "--json")
    told = json.loads(capsys.readouterr().out)
    assert ([item["event_id"] for item in told["items"]], told["more"]) == ([f"return/{number}" for number in range(151)], False)
    run(asked, "--days", "0", "--limit", "120")
    shown = capsys.readouterr()
    assert (shown.out.count("since "), "There are more" in shown.err) == (120, True)
    assert "purchase p-119 of shop" in shown.out


def test_another_service_has_nothing_that_waits(asked: tuple[str, str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        command(["waiting", "list", "--address", f"members={asked[0]}", "--token", asked[1]])
    assert ended.value.code == 2
    assert "There is no service accrual here." in capsys.readouterr().err
