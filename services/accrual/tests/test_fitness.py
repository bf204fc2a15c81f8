"""The fitness club's programme, as it is published: services by level and for points, used at receptions."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from contracts.purchases import Line

from .benefits import LIVE, ask, audited, lapse
from .builders import ANA, ANAS_CARD, MEMBER_ANA, a_purchase, an_activity, linked, registered
from .conftest import Caller, Service

DOCUMENT = Path(__file__).parents[3] / "programmes" / "fitness-privileges.yaml"
SPRING = datetime(2026, 4, 6, 9, tzinfo=UTC)


async def train(service: Service, *, number: int, sessions: int) -> None:
    """Somebody pays for so many trainings at 3,000 roubles each."""
    lines = (Line(line_id="1", sku="training", category="trainer", quantity=1000 * sessions, paid_amount=3000_00 * sessions),)
    await service.hear(a_purchase(f"t-{number}", merchant="fitness-club", lines=lines, at=service.clock()))


async def test_a_season_at_the_fitness_club(service: Service, caller: Caller):
    service.clock.now = SPRING
    await service.publish(DOCUMENT.read_text())
    await train(service, number=1, sessions=4)
    assert await service.fetch(LIVE) == []
    await train(service, number=2, sessions=6)
    assert await service.fetch(LIVE) == [("massage", "issued", 0)]
    await service.hear(registered(programme="fitness-privileges", at=SPRING), linked(ANAS_CARD, ANA))
    uses = [await ask(caller, "/v1/privileges/use", f"s-{n}", holder=MEMBER_ANA, programme="fitness-privileges", privilege="sauna") for n in range(5)]
    assert [status for status, _ in uses] == [200] * 4 + [409]
    guest = await ask(caller, "/v1/privileges/use", "g", holder=MEMBER_ANA, programme="fitness-privileges", privilege="guest")
    assert guest[1]["code"] == "tier-needed"
    await service.hear(an_activity(kind="friend-came", programme="fitness-privileges", holder=MEMBER_ANA, at=SPRING))
    service.clock.now += timedelta(days=15)
    await lapse(service)
    status, shirt = await ask(caller, "/v1/rewards/redeem", "shirt", holder=MEMBER_ANA, programme="fitness-privileges", reward="shirt")
    assert (status, shirt["points"]) == (201, 800)
    has = [(each["reward"], each["uses_left"]) for each in (await caller.get(f"/v1/accounts/{MEMBER_ANA}/rewards"))["programmes"][0]["entitlements"]]
    assert sorted(has) == [("cocktail", 1), ("massage", 1), ("shirt", 1)]
    assert await audited(service) == []
