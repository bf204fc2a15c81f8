"""Points from another system: announced by one, loaded by another, once, never more than announced, taken back until they count."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from contracts.envelope import decode
from shared.auth import issue

from .builders import ANAS_CARD, BORIS_CARD, NOON, a_purchase
from .conftest import KEY, Caller
from .spending import SHOP, held, release, spend
from .test_checks import audit
from .test_debts import bought, brought_back, debt

PATH = "/v1/migrations/bread/old-cards"
ROWS = [
    {"name": "1", "holder": ANAS_CARD, "points": 120, "expires_at": (NOON + timedelta(days=30)).isoformat()},
    {"name": "2", "holder": ANAS_CARD, "points": 30},
    {"name": "3", "holder": BORIS_CARD, "points": 50},
]


async def ask(caller: Caller, step: str = "", body: Any = None, *, by: str = "theo", key: str = "", path: str = PATH) -> httpx.Response:
    token = issue(KEY, subject=by, scopes=["migrations:write"], audience="loyalty", now=caller.service.clock())
    headers = {"authorization": f"Bearer {token}", "idempotency-key": key or f"{step}-{by}"}
    return await caller.client.post(f"{path}{step}", json=body, headers=headers)


async def announced(caller: Caller, points: int = 200, openings: int = 3) -> None:
    answer = await ask(caller, body={"points": points, "openings": openings}, by="mara")
    assert answer.status_code == 201, answer.text


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_points_that_live_to_the_end_of_a_day_live_to_its_end_in_the_programmes_zone(caller: Caller):
    await announced(caller, 5, 1)
    answer = await ask(caller, "/openings", {"rows": [{"name": "1", "holder": BORIS_CARD, "points": 5, "expires_at": "2025-04-30"}]})
    assert answer.status_code == 200, answer.text
    caller.service.clock.now = datetime(2025, 4, 30, 20, 59, tzinfo=UTC)  # a minute to midnight in Moscow
    await caller.service.turn()
    assert await caller.service.balances() == {(BORIS_CARD, "bread"): (0, 5)}
    caller.service.clock.now = datetime(2025, 4, 30, 21, tzinfo=UTC)
    await caller.service.turn()
    assert await caller.service.balances() == {}


async def test_each_row_opens_a_lot_with_its_own_end_once(caller: Caller):
    await announced(caller)
    answer = await ask(caller, "/openings", {"rows": ROWS})
    assert (answer.status_code, answer.json()) == (200, {"rows": 3, "points": 200, "known": 0})
    assert await caller.service.balances() == {(ANAS_CARD, "bread"): (0, 150), (BORIS_CARD, "bread"): (0, 50)}
    again = await ask(caller, "/openings", {"rows": ROWS}, key="again")
    assert again.json() == {"rows": 0, "points": 0, "known": 3}
    said = [decode(record) for record in await caller.service.said()]
    assert next(event.data.reason for event in said if event.type == "loyalty.reward.adjusted.v1") == "opened by the migration old-cards, row 1"
    assert not await audit(caller.service)
    caller.service.clock.now = NOON + timedelta(days=31)
    await caller.service.turn()
    assert await caller.service.balances() == {(ANAS_CARD, "bread"): (0, 30), (BORIS_CARD, "bread"): (0, 50)}
    assert not await audit(caller.service)


async def test_never_more_is_loaded_than_somebody_else_announced(caller: Caller):
    assert code(await ask(caller, "/openings", {"rows": ROWS})) == (404, "unknown-migration")
    await announced(caller, points=199)
    assert code(await ask(caller, "/openings", {"rows": ROWS}, key="2")) == (409, "over-announced")
    assert code(await ask(caller, "/openings", {"rows": ROWS[:1]}, by="mara")) == (403, "second-person")
    answers = await asyncio.gather(*(ask(caller, "/openings", {"rows": [row]}, key=f"row-{row['name']}") for row in ROWS))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409]
    assert not await audit(caller.service)


async def test_a_row_does_not_change_and_expired_points_are_not_loaded(caller: Caller):
    await announced(caller)
    await ask(caller, "/openings", {"rows": ROWS[:1]})
    assert code(await ask(caller, "/openings", {"rows": [{**ROWS[0], "points": 1}]}, key="2")) == (409, "other-row")
    assert code(await ask(caller, "/openings", {"rows": [{**ROWS[1], "expires_at": NOON.isoformat()}]}, key="3")) == (422, "expired-points")
    assert code(await ask(caller, "/openings", {"rows": [ROWS[1], ROWS[1]]}, key="4")) == (422, "repeated-row")
    assert await caller.service.balances() == {(ANAS_CARD, "bread"): (0, 120)}


async def test_everything_is_taken_back_until_it_counts(caller: Caller):
    await announced(caller)
    await ask(caller, "/openings", {"rows": ROWS})
    await caller.service.hear(a_purchase("1"))
    assert code(await ask(caller, "/undo", by="mara")) == (403, "second-person")
    assert (await ask(caller, "/undo", key="1")).json() == {"rows": 3, "points": 200, "known": 0}
    assert (await ask(caller, "/undo", key="2")).json() == {"rows": 0, "points": 0, "known": 0}
    assert await caller.service.balances() == {(ANAS_CARD, "bread"): (0, 15)}
    assert not await audit(caller.service)


async def test_what_is_live_is_not_taken_back(caller: Caller):
    await announced(caller)
    await ask(caller, "/openings", {"rows": ROWS})
    assert (await ask(caller, "/live")).json()["live_at"]
    assert code(await ask(caller, "/undo")) == (409, "migration-live")
    assert code(await ask(caller, "/openings", {"rows": ROWS}, key="late")) == (409, "migration-live")
    assert await caller.service.balances() == {(ANAS_CARD, "bread"): (0, 150), (BORIS_CARD, "bread"): (0, 50)}


async def test_what_was_taken_back_is_neither_loaded_again_nor_goes_live(caller: Caller):
    """Else its rows, known already, would agree with the file while nobody has their points."""
    await announced(caller)
    await ask(caller, "/openings", {"rows": ROWS})
    await ask(caller, "/undo")
    assert code(await ask(caller, "/openings", {"rows": ROWS}, key="again")) == (409, "taken-back")
    assert code(await ask(caller, "/live")) == (409, "taken-back")
    assert await caller.service.balances() == {}


async def test_points_at_a_till_are_not_forgotten_when_others_are_taken_back(caller: Caller):
    service = caller.service
    await announced(caller)
    await ask(caller, "/openings", {"rows": ROWS})
    hold_id = await held(service, 100, merchant="corner-bakery")
    assert (await ask(caller, "/undo", key="1")).json() == {"rows": 2, "points": 80, "known": 0}
    assert code(await ask(caller, "/undo", key="2")) == (409, "points-held")
    await release(service, hold_id)
    assert (await ask(caller, "/undo", key="3")).json() == {"rows": 1, "points": 120, "known": 0}
    assert await service.balances() == {}
    assert not await audit(service)


async def test_points_brought_along_pay_what_is_owed(caller: Caller):
    service = caller.service
    await service.publish(SHOP + "returns: {spent: debt}\n")
    await service.hear(bought("1", 150))
    await spend(service, 100)
    await service.hear(brought_back("1"))
    assert await debt(service) == [(0, -100)]
    await ask(caller, body={"points": 120, "openings": 1}, by="mara", path=PATH.replace("bread", "shop"))
    await ask(caller, "/openings", {"rows": ROWS[:1]}, path=PATH.replace("bread", "shop"))
    assert await debt(service) == [(20, 0)]
    assert not await audit(service)
