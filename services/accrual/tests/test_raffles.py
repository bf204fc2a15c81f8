"""A raffle is promised, closed, drawn once, and can be repeated from what is published."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from accrual.domain.rewards.raffles import faults
from contracts.purchases import Line
from shared.problems import Problem

from .benefits import CAFE, LIVE, ask, audited, close, lapse, redeem
from .builders import ANAS_CARD, a_purchase, an_activity, returned
from .conftest import Caller, Service

RAFFLE = "/v1/raffles/cafe/spring"
CARDS = [f"h1:{letter * 43}" for letter in "ABCDE"]
CLOSED = datetime(2025, 3, 31, 21, tzinfo=UTC)
AFTER = datetime(2025, 4, 2, tzinfo=UTC)
STOCK = "select value from shared_counter where rule = 'reward/drink'"


@pytest.fixture
async def promised(service: Service, caller: Caller) -> dict[str, Any]:
    """The café's raffle with five tickets."""
    await service.publish(CAFE)
    status, promise = await ask(caller, f"{RAFFLE}/commitment")
    assert (status, promise["seed"], promise["digest"], promise["tickets"]) == (200, None, None, [])
    for card in CARDS:
        await service.hear(a_purchase(card, merchant="cafe", holder=card))
        assert (await redeem(caller, "ticket", card, holder=card))[0] == 201
    return promise


async def closed(service: Service, caller: Caller) -> Any:
    """What is published once the clock has closed the tickets."""
    service.clock.now = CLOSED
    assert await close(service) == 1
    return await caller.get(RAFFLE)


async def test_a_draw_is_what_was_promised_and_the_prizes_are_there(service: Service, caller: Caller, promised: dict[str, Any]):
    assert (await ask(caller, f"{RAFFLE}/draw", "early", beacon="x"))[1]["code"] == "too-early"
    listed = await closed(service, caller)
    assert (len(listed["tickets"]), listed["seed"], listed["winners"]) == (5, None, [])
    assert (await ask(caller, f"{RAFFLE}/draw", "unknown", beacon="x"))[1]["code"] == "too-early"
    service.clock.now = AFTER
    assert (await ask(caller, f"{RAFFLE}/draw", "lines", beacon="a\nb"))[0] == 422
    status, draw = await ask(caller, f"{RAFFLE}/draw", "now", beacon="1041.27")
    assert status == 200
    assert faults(draw, commitment=promised["commitment"], digest=listed["digest"]) == []
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
    assert (await ask(caller, f"{RAFFLE}/draw", "unclosed", beacon="1"))[1]["code"] == "not-closed"
    await close(service)
    first = await ask(caller, f"{RAFFLE}/draw", "now", beacon="1")
    assert faults(first[1]) == ["the tickets were closed only when the beacon could be known"]
    assert await ask(caller, f"{RAFFLE}/draw", "now", beacon="1") == first
    assert (await ask(caller, f"{RAFFLE}/draw", "later", beacon="1"))[1]["code"] == "already-drawn"
    assert (await ask(caller, f"{RAFFLE}/commitment", "too-late"))[1]["code"] == "too-late"
    assert len([each for each in await service.fetch(LIVE) if each[0] in ("mug", "drink")]) == 3


async def test_prizes_are_put_aside_and_counted_as_given(service: Service, caller: Caller, promised: dict[str, Any]):
    """Three drinks, of which two are to be won."""
    assert await service.fetch(STOCK) == [(2,)]
    for card in CARDS[:2]:
        await service.hear(a_purchase(f"rich {card}", merchant="cafe", holder=card, kopecks=300_00))
    assert (await redeem(caller, "drink", "a", holder=CARDS[0]))[0] == 201
    assert (await redeem(caller, "drink", "b", holder=CARDS[1]))[1]["code"] == "out-of-stock"
    service.clock.now = AFTER
    await close(service)
    await ask(caller, f"{RAFFLE}/draw", "now", beacon="1")
    assert await service.fetch(STOCK) == [(3,)]
    assert await service.fetch("select sum(value)::int from counter where rule = 'reward/drink'") == [(3,)]
    assert await audited(service) == []


async def test_prizes_that_nobody_wins_are_there_for_others(service: Service, caller: Caller):
    await service.publish(CAFE)
    await ask(caller, f"{RAFFLE}/commitment")
    assert await service.fetch(STOCK) == [(2,)]
    service.clock.now = AFTER
    await close(service)
    assert (await ask(caller, f"{RAFFLE}/draw", "now", beacon="1"))[1]["winners"] == []
    assert await service.fetch(STOCK) == [(0,)]
    assert await audited(service) == []


async def test_no_ticket_is_sold_for_a_raffle_that_is_over(service: Service, caller: Caller):
    """Nor is it before the clock has come by."""
    await service.publish(CAFE)
    await service.hear(a_purchase(merchant="cafe"))
    service.clock.now = CLOSED
    assert (await redeem(caller, "ticket"))[1]["code"] == "raffle-closed"
    (shown,) = [each for each in (await caller.get(f"/v1/accounts/{ANAS_CARD}/rewards"))["programmes"][0]["catalogue"] if each["reward"] == "ticket"]
    assert (shown["available"], shown["reason"]) == (False, "raffle-closed")


async def test_what_is_not_there_is_not_promised(service: Service, caller: Caller):
    await service.publish(CAFE.replace("count: 2}]", "count: 2}, {reward: drink, count: 2}]"))
    status, refused = await ask(caller, f"{RAFFLE}/commitment")
    assert (status, refused["code"], refused["detail"]) == (409, "out-of-stock", "drink: 3 are left of 4 prizes")
    assert await caller.refused(RAFFLE) == (404, "unknown-raffle")


@pytest.mark.parametrize(
    ("said", "instead", "told"),
    [
        ("closes: 2025-04-01", "closes: 2025-03-25", "promised otherwise"),
        ("{reward: mug}, ", "", "promised otherwise"),
        ("April", "May", "promised otherwise"),
        ("id: spring", "id: summer", "its tickets are not closed when this version begins"),
    ],
)
async def test_a_version_that_breaks_a_promise_is_not_published(service: Service, promised: dict[str, Any], said: str, instead: str, told: str):
    later = CAFE.replace("version: 1", "version: 2").replace("2024-01-01", "2025-03-20")
    with pytest.raises(Problem) as refused:
        await service.publish(later.replace(said, instead))
    assert told in str(refused.value.extra["errors"])
    assert promised == promised | {"closes_at": "2025-03-31T21:00:00Z"}
    await service.publish(later)
    await service.publish(later.replace("version: 2", "version: 3").replace("2025-03-20", "2025-04-01").replace("id: spring", "id: summer"))


async def test_tickets_used_or_taken_back_win_nothing_before_and_after_they_are_closed(service: Service, caller: Caller, promised: dict[str, Any]):
    codes = await service.fetch("select code from entitlement order by id")
    await ask(caller, "/v1/entitlements/use", "used", code=codes[0][0])
    listed = await closed(service, caller)
    assert len(listed["tickets"]) == 4
    await ask(caller, "/v1/entitlements/use", "used-later", code=codes[1][0])
    service.clock.now = AFTER
    await service.hear(a_purchase("late", merchant="cafe", holder=CARDS[0], at=AFTER))
    assert (await redeem(caller, "ticket", "late", holder=CARDS[0]))[1]["code"] == "raffle-closed"
    _, draw = await ask(caller, f"{RAFFLE}/draw", "now", beacon="1")
    assert faults(draw, digest=listed["digest"]) == []
    assert draw["withdrawn"] == [listed["tickets"][0]]
    assert draw["withdrawn"][0] not in {winner["ticket"] for winner in draw["winners"]}
    assert await audited(service) == []


#: Each cake brings a ticket.
BAKERY = (
    CAFE.replace("programme: cafe", "programme: bakery")
    .replace("[cafe]", "[bakery]")
    .replace("when: {category: cup, every: 3, unit: item}, give: {reward: mug}", "when: {sku: cake}, give: {reward: ticket, per: unit}")
    .replace("activity: newsletter}, give: {reward: sticker}", "activity: newsletter}, give: {reward: ticket}")
)


def cakes(purchase_id: str, number: int, **more: Any) -> Any:
    line = Line(line_id="1", sku="cake", paid_amount=100 * number, quantity=1000 * number)
    return a_purchase(purchase_id, merchant="bakery", lines=(line,), **more)


async def test_what_is_told_after_the_tickets_were_closed_brings_none_and_takes_none_that_are_due(service: Service, caller: Caller):
    await service.publish(BAKERY)
    await ask(caller, "/v1/raffles/bakery/spring/commitment")
    await service.hear(cakes("p-1", 2))
    service.clock.now = CLOSED
    assert await close(service) == 1
    live = "select count(*)::int from entitlement where reward = 'ticket' and state = 'issued'"
    late = an_activity("a-1", kind="newsletter", programme="bakery", at=CLOSED.replace(hour=12))
    await service.hear(cakes("p-2", 5, at=CLOSED.replace(hour=12)), late)
    assert await service.fetch(live) == [(2,)]
    await service.hear(cakes("p-1", 3, revision=2))
    assert await service.fetch(live) == [(2,)]
    await service.hear(cakes("p-1", 1, revision=3))
    assert await service.fetch(live) == [(1,)]
    await service.hear(cakes("p-3", 1, at=CLOSED))
    assert await service.fetch(live) == [(2,)]
    assert len((await caller.get("/v1/raffles/bakery/spring"))["tickets"]) == 2
    await service.hear(returned("p-1", merchant="bakery"))
    assert await service.fetch(live) == [(1,)]
    assert await audited(service) == []


async def test_tickets_given_while_they_are_closed_are_in_the_list_or_not_given(service: Service, caller: Caller):
    await service.publish(BAKERY)
    await ask(caller, "/v1/raffles/bakery/spring/commitment")
    service.clock.now = CLOSED
    told = [service.hear(cakes(f"p-{number}", 1, holder=CARDS[number], at=CLOSED.replace(hour=12)), partition=number) for number in range(5)]
    await asyncio.gather(*told[:2], close(service), *told[2:])
    listed = (await caller.get("/v1/raffles/bakery/spring"))["tickets"]
    assert sorted(listed) == sorted(str(row[0]) for row in await service.fetch("select id from entitlement where reward = 'ticket'"))
    assert await audited(service) == []


async def test_a_ticket_that_was_good_at_its_time_is_drawn_however_late_somebody_draws(service: Service, caller: Caller):
    await service.publish(CAFE.replace("kind: ticket, cost: 10", "kind: ticket, cost: 10, valid: 22 days"))
    await ask(caller, f"{RAFFLE}/commitment")
    await service.hear(a_purchase(merchant="cafe"))
    assert (await redeem(caller, "ticket"))[1]["expires_at"] == "2025-04-01T21:00:00Z"
    await closed(service, caller)
    service.clock.now = AFTER
    assert await lapse(service) == 1
    _, draw = await ask(caller, f"{RAFFLE}/draw", "now", beacon="1")
    assert [winner["reward"] for winner in draw["winners"]] == ["mug"]
    assert await service.fetch(LIVE) == [("ticket", "expired", 0), ("mug", "issued", 0)]
    assert await audited(service) == []


async def test_what_was_not_promised_is_not_drawn(service: Service, caller: Caller):
    await service.publish(CAFE)
    assert await caller.refused(RAFFLE) == (404, "unknown-raffle")
    assert (await ask(caller, "/v1/raffles/cafe/summer/commitment", "a"))[1]["code"] == "unknown-raffle"
    service.clock.now = AFTER
    assert (await ask(caller, f"{RAFFLE}/draw", "b", beacon="1"))[1]["code"] == "not-promised"


async def test_secret_seeds_are_hidden_from_the_auditor(service: Service):
    allowed = "select has_column_privilege('verify', name, 'seed', 'select'), has_column_privilege('verify', name, 'commitment', 'select')"
    assert await service.fetch(f"{allowed} from unnest(array['raffle', 'surprise']) as name") == [(False, True)] * 2
