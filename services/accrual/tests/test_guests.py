"""What a card has that nobody registered: kept for the days that the programme says, used only where it lets anybody, and safe once it is somebody's."""

from datetime import UTC, datetime

import pytest

from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from contracts.envelope import decode
from contracts.rewards import RewardExpired

from .builders import ANAS_CARD, MEMBER_ANA, a_purchase, linked, registered
from .conftest import NewService, Service
from .spending import SHOP, hold
from .test_checks import audit


async def shop(new_service: NewService, joining: str) -> Service:
    """A guest bought on 10 March 2025."""
    service = await new_service()
    await service.publish(SHOP + f"joining: {{{joining}}}\n")
    await service.hear(a_purchase(merchant="shop", zone="UTC"))
    return service


async def forget(service: Service, *at: int) -> int:
    """Let the clock look for what guests have lost at this moment."""
    service.clock.now = datetime(*at, tzinfo=UTC)
    async with service.pool.acquire() as connection, connection.transaction():
        return await service.clockwork.guests(connection, service.clock())


async def test_what_a_guest_earned_is_kept_for_so_many_whole_days(new_service: NewService):
    service = await shop(new_service, "guests: 90 days")
    assert await forget(service, 2025, 6, 8, 23, 59, 59) == 0
    assert await forget(service, 2025, 6, 9) == 1
    assert await forget(service, 2025, 6, 10) == 0
    said = decode((await service.said())[-1]).data
    assert isinstance(said, RewardExpired)
    assert (said.holder, said.points, said.balance.available) == (ANAS_CARD, 100, 0)
    assert await audit(service) == []


async def test_what_became_a_members_stays(new_service: NewService):
    service = await shop(new_service, "guests: 90 days")
    await service.hear(registered(programme="shop"), linked())
    assert await forget(service, 2026, 1, 1) == 0
    assert await service.balances() == {(MEMBER_ANA, "shop"): (0, 100)}


async def test_newer_points_of_a_guest_stay_when_older_ones_go(new_service: NewService):
    service = await shop(new_service, "guests: 90 days")
    service.clock.now = datetime(2025, 5, 1, tzinfo=UTC)
    await service.hear(a_purchase("p-2", merchant="shop", zone="UTC", kopecks=7_00, at=service.clock()))
    assert await forget(service, 2025, 6, 9) == 1
    assert await service.balances() == {(ANAS_CARD, "shop"): (0, 7)}


async def test_only_members_use_points_where_the_programme_says_so(new_service: NewService):
    service = await shop(new_service, "spend: members")
    declined = await hold(service, 50)
    assert "registering" in getattr(declined, "text", "")
    await service.hear(registered(programme="shop"), linked())
    assert not hasattr(await hold(service, 50), "text")


@pytest.mark.parametrize(
    ("joining", "message"),
    [
        ("{guests: 0 days}", "keeps nothing for guests"),
        ("{guests: 60 days}", "points live for 60 days anyway"),
        ("{spend: friends}", "unknown value `friends`"),
    ],
)
def test_what_means_nothing_for_guests_is_found(joining: str, message: str):
    with pytest.raises(DocumentError) as refused:
        read(SHOP + f"expiry: {{after: 60 days}}\njoining: {joining}\n")
    assert message in refused.value.problems[0].message
