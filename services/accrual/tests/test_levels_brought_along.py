"""Discount cards with their totals become levels: what another system counted counts here, from the day it says, until it is taken back."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from contracts.envelope import decode

from .builders import ANAS_CARD, BORIS, BORIS_CARD, MEMBER_ANA, MEMBER_BORIS, NOON, linked, registered
from .conftest import Caller
from .test_checks import audit
from .test_migrations import ask, code
from .test_tiers import a_climb, a_ladder, levels_told

PATH = "/v1/migrations/ladder/old-cards"
ANA = {"name": "1", "holder": ANAS_CARD, "spent": 120_00, "purchases": 4}
BEN = {"name": "2", "holder": BORIS_CARD, "points": 30, "level": "gold", "level_until": "2025-12-31"}
ANNOUNCED = {"openings": 2, "points": 30, "levels": 1, "totals": 120_04}
FLOORS = "select level, since, until from tier_assignment join account on account.id = account_id where moved_to is null order by number"


@pytest.fixture
async def desk(caller: Caller) -> Caller:
    await caller.service.publish(a_ladder())
    return caller


async def load(desk: Caller, *rows: dict[str, Any], announced: dict[str, int] | None = None, key: str = "1") -> Any:
    assert (await ask(desk, body=ANNOUNCED if announced is None else announced, by="mara", path=PATH, key=key)).status_code == 201
    return await ask(desk, "/openings", {"rows": list(rows)}, path=PATH, key=key)


async def test_totals_and_levels_of_another_system_are_levels_here(desk: Caller):
    assert (await load(desk, ANA, BEN)).json() == {"rows": 2, "points": 30, "known": 0}
    assert await levels_told(desk.service) == [("silver", "bronze", "command", ANAS_CARD), ("gold", "bronze", "command", BORIS_CARD)]
    assert await desk.service.fetch("select day, points, money, purchases from tier_progress") == [((NOON).date(), 0, 120_00, 4)]
    assert await desk.service.fetch(FLOORS) == [("gold", NOON.date(), NOON.date().replace(month=12, day=31))]
    adjusted = [event.data for event in map(decode, await desk.service.said()) if event.type == "loyalty.reward.adjusted.v1"]
    assert [each.points for each in adjusted] == [30]  # who brings no points is booked none
    state = await desk.client.get(PATH, headers=desk.headers(["migrations:write"]))
    assert {name: state.json()[name] for name in ("loaded", "loaded_points", "loaded_levels", "loaded_totals")} == {
        "loaded": 2,
        "loaded_points": 30,
        "loaded_levels": 1,
        "loaded_totals": 120_04,
    }
    assert await desk.service.hear(a_climb("1", 20)) == ["granted"]
    assert await desk.service.fetch("select amount from lot order by amount") == [(10,), (30,)]  # Ana is silver
    assert await audit(desk.service) == []


async def test_what_was_done_counts_on_its_day_and_no_longer_than_the_window(desk: Caller):
    await load(desk, {**ANA, "counted_on": str(NOON.date() - timedelta(days=60))})
    assert [level for level, *_ in await levels_told(desk.service)] == ["silver"]
    desk.service.clock.advance(days=45)
    assert await desk.service.turn() == 1
    assert [level for level, *_ in await levels_told(desk.service)] == ["silver", "bronze"]
    assert await audit(desk.service) == []


async def test_a_row_counts_once_and_does_not_change(desk: Caller):
    await load(desk, ANA)
    assert (await ask(desk, "/openings", {"rows": [ANA]}, path=PATH, key="again")).json() == {"rows": 0, "points": 0, "known": 1}
    assert code(await ask(desk, "/openings", {"rows": [{**ANA, "spent": 1}]}, path=PATH, key="other")) == (409, "other-row")
    assert await desk.service.fetch("select money from tier_progress") == [(120_00,)]


@pytest.mark.parametrize("less", [{"totals": 120_03}, {"levels": 0}, {"points": 29}, {"openings": 1}])
async def test_never_more_is_loaded_than_was_announced(desk: Caller, less: dict[str, int]):
    assert code(await load(desk, ANA, BEN, announced={**ANNOUNCED, **less})) == (409, "over-announced")
    assert await desk.service.fetch("select count(*) from tier_progress") == [(0,)]


@pytest.mark.parametrize(
    ("row", "refused"),
    [
        ({**BEN, "level": "platinum"}, "unknown-level"),
        ({**BEN, "level_until": "2025-03-09"}, "not-in-future"),
        ({**ANA, "counted_on": "2025-03-11"}, "in-the-future"),
        ({"name": "3", "holder": ANAS_CARD}, "invalid-request"),
        ({"name": "3", "holder": ANAS_CARD, "points": 1, "level_until": "2025-12-31"}, "invalid-request"),
        ({"name": "3", "holder": ANAS_CARD, "points": 1, "counted_on": "2025-03-01"}, "invalid-request"),
        ({**ANA, "spent": -1}, "invalid-request"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_loaded(desk: Caller, row: dict[str, Any], refused: str):
    assert code(await load(desk, {**ANA, "name": "0"}, row, announced={"openings": 9, "points": 99, "levels": 9, "totals": 10**9})) == (422, refused)
    assert await desk.service.fetch("select count(*) from opening") == [(0,)]


async def test_a_programme_without_levels_takes_points_alone(desk: Caller):
    answer = await ask(desk, body={"openings": 2, "totals": 10**6}, by="mara", path=PATH.replace("ladder", "bread"))
    assert answer.status_code == 201
    assert code(await ask(desk, "/openings", {"rows": [ANA]}, path=PATH.replace("ladder", "bread"))) == (422, "unknown-level")


async def test_everything_is_taken_back_until_it_counts(desk: Caller):
    await load(desk, ANA, BEN)
    await desk.service.hear(a_climb("1", 30))
    assert (await ask(desk, "/undo", path=PATH, key="u1")).json() == {"rows": 2, "points": 30, "known": 0}
    assert (await ask(desk, "/undo", path=PATH, key="u2")).json()["rows"] == 0
    assert await desk.service.fetch("select points, money, purchases from tier_progress") == [(11, 30_00, 1)]
    assert [told[0] for told in await levels_told(desk.service)] == ["silver", "gold", "bronze", "bronze"]
    assert await audit(desk.service) == []


async def test_a_level_that_somebody_set_since_stays_when_another_is_taken_back(desk: Caller):
    await load(desk, {**BEN, "holder": MEMBER_BORIS}, announced={"openings": 1, "points": 30, "levels": 1})
    order = {"programme": "ladder", "tier": "silver", "until": None, "reason": "a friend of the house"}
    await desk.service.hear(registered(BORIS, programme="ladder"))
    set_by_hand = await desk.client.post(f"/v1/accounts/{MEMBER_BORIS}/tier", json=order, headers=desk.headers(["tiers:write"]) | {"idempotency-key": "hand"})
    assert set_by_hand.status_code == 200, set_by_hand.text
    await ask(desk, "/undo", path=PATH, key="u1")
    assert (await desk.service.fetch(FLOORS))[-1][0] == "silver"
    assert await audit(desk.service) == []


@pytest.mark.parametrize("order", [1, -1])
async def test_of_two_old_cards_the_higher_level_stands(desk: Caller, order: int):
    cards = [{"name": name, "holder": BORIS_CARD, "level": level} for name, level in (("1", "gold"), ("2", "silver"))]
    await load(desk, *cards[::order], announced={"openings": 2, "points": 0, "levels": 2, "totals": 0})
    assert [level for level, *_ in await levels_told(desk.service)][-1] == "gold"
    assert (await ask(desk, "/undo", path=PATH, key="undo")).status_code == 200
    assert [level for level, *_ in await levels_told(desk.service)][-1] == "bronze"
    assert await audit(desk.service) == []


async def test_a_guest_brings_the_level_along_into_the_members_account(desk: Caller):
    await load(desk, ANA, {**BEN, "holder": ANAS_CARD})
    await desk.service.hear(registered(programme="ladder"), linked())
    assert (await levels_told(desk.service))[-1][0::3] == ("gold", MEMBER_ANA)
    assert [level for level, *_ in await desk.service.fetch(FLOORS)] == ["gold"]
    assert (await ask(desk, "/undo", path=PATH, key="u1")).json()["rows"] == 2  # wherever it is now
    assert (await levels_told(desk.service))[-1][0] == "bronze"
    assert await audit(desk.service) == []


async def test_the_audit_counts_what_was_brought_along(desk: Caller, administrator: asyncpg.Connection):
    await load(desk, ANA)
    await administrator.execute("update opening set spent = spent + 1")
    assert [(each.invariant, each.found) for each in await audit(desk.service)] == [("T1", "0 points, 12000 spent, 4 purchases")]
