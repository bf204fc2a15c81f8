"""A raffle is promised, drawn once, and can be repeated from what is published."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accrual.domain.rewards.raffles import faults

from .benefits import CAFE, LIVE, ask, audited, lapse, redeem
from .builders import a_purchase, returned
from .conftest import Caller, Service

RAFFLE = "/v1/raffles/cafe/spring"
CARDS = [f"h1:{letter * 43}" for letter in "ABCDE"]
AFTER = datetime(2025, 4, 2, tzinfo=UTC)


@pytest.fixture
async def promised(service: Service, caller: Caller) -> dict[str, Any]:
    """The café's raffle with five tickets."""
    await service.publish(CAFE)
    status, promise = await ask(caller, f"{RAFFLE}/commitment")
    assert (status, promise["seed"], promise["tickets"]) == (200, None, [])
    for card in CARDS:
        await service.hear(a_purchase(card, merchant="cafe", holder=card))
        assert (await redeem(caller, "ticket", card, holder=card))[0] == 201
    return promise


async def test_a_draw_is_what_was_promised_and_the_prizes_are_there(service: Service, caller: Caller, promised: dict[str, Any]):
    assert (await ask(caller, f"{RAFFLE}/draw", "early"))[1]["code"] == "too-early"
    service.clock.now = AFTER
    status, draw = await ask(caller, f"{RAFFLE}/draw", "now", beacon="1041.27")
    assert status == 200
    assert faults(draw, commitment=promised["commitment"]) == []
    assert [winner["reward"] for winner in draw["winners"]] == ["mug", "drink", "drink"]
    assert await caller.get(RAFFLE) == draw
    won = await service.fetch(
        "select prize.reward from entitlement as prize join entitlement as ticket using (account_id) where prize.way = 'prize' and ticket.state = 'used'"
    )
    assert sorted(won) == [("drink",), ("drink",), ("mug",)]
    assert await audited(service) == []


async def test_a_raffle_is_promised_and_drawn_once(service: Service, caller: Caller, promised: dict[str, Any]):
    assert (await ask(caller, f"{RAFFLE}/commitment", "again"))[1]["commitment"] == promised["commitment"]
    service.clock.now = AFTER
    first = await ask(caller, f"{RAFFLE}/draw", "now")
    assert await ask(caller, f"{RAFFLE}/draw", "now") == first
    assert (await ask(caller, f"{RAFFLE}/draw", "later"))[1]["code"] == "already-drawn"
    assert (await ask(caller, f"{RAFFLE}/commitment", "too-late"))[1]["code"] == "too-late"
    assert len([each for each in await service.fetch(LIVE) if each[0] in ("mug", "drink")]) == 3


async def test_a_later_version_changes_neither_time_nor_prizes_of_a_draw_that_was_promised(service: Service, caller: Caller, promised: dict[str, Any]):
    later = CAFE.replace("version: 1", "version: 2").replace("2024-01-01", "2025-03-20")
    await service.publish(later.replace("draw: 2025-04-01, prizes: [{reward: mug}, {reward: drink, count: 2}]", "draw: 2025-03-25, prizes: [{reward: mug}]"))
    service.clock.now = datetime(2025, 3, 26, tzinfo=UTC)
    assert (await ask(caller, f"{RAFFLE}/draw", "early"))[1]["code"] == "too-early"
    service.clock.now = AFTER
    _, draw = await ask(caller, f"{RAFFLE}/draw", "now")
    assert faults(draw, commitment=promised["commitment"]) == []
    assert [winner["reward"] for winner in draw["winners"]] == ["mug", "drink", "drink"]


async def test_late_tickets_and_those_taken_back_are_not_drawn(service: Service, caller: Caller, promised: dict[str, Any]):
    service.clock.now = AFTER
    await service.hear(a_purchase("late", merchant="cafe", holder=CARDS[0], at=AFTER), returned(CARDS[1], merchant="cafe", holder=CARDS[1]))
    assert (await redeem(caller, "ticket", "late", holder=CARDS[0]))[0] == 201
    await ask(caller, "/v1/entitlements/use", "used", code=(await service.fetch("select code from entitlement order by issued_at, code limit 1"))[0][0])
    _, draw = await ask(caller, f"{RAFFLE}/draw", "now")
    assert len(draw["tickets"]) == 4


async def test_a_ticket_that_was_good_at_its_time_is_drawn_however_late_somebody_draws(service: Service, caller: Caller):
    await service.publish(CAFE.replace("kind: ticket, cost: 10", "kind: ticket, cost: 10, valid: 22 days"))
    await ask(caller, f"{RAFFLE}/commitment")
    await service.hear(a_purchase(merchant="cafe"))
    assert (await redeem(caller, "ticket"))[1]["expires_at"] == "2025-04-01T21:00:00Z"
    service.clock.now = AFTER
    assert await lapse(service) == 1
    _, draw = await ask(caller, f"{RAFFLE}/draw", "now")
    assert [winner["reward"] for winner in draw["winners"]] == ["mug"]
    assert await service.fetch(LIVE) == [("ticket", "expired", 0), ("mug", "issued", 0)]
    assert await audited(service) == []


async def test_what_was_not_promised_is_not_drawn(service: Service, caller: Caller):
    await service.publish(CAFE)
    assert await caller.refused(RAFFLE) == (404, "unknown-raffle")
    assert (await ask(caller, "/v1/raffles/cafe/summer/commitment", "a"))[1]["code"] == "unknown-raffle"
    service.clock.now = AFTER
    assert (await ask(caller, f"{RAFFLE}/draw", "b"))[1]["code"] == "not-promised"


async def test_the_seed_is_hidden_from_the_auditor(service: Service, promised: dict[str, Any]):
    allowed = "select has_column_privilege('verify', 'raffle', 'seed', 'select'), has_column_privilege('verify', 'raffle', 'commitment', 'select')"
    assert await service.fetch(allowed) == [(False, True)]
