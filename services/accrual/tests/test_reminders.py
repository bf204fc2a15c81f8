"""Points that will soon be gone are told of on the days that the programme names: once each, whatever happens to the service or to the points."""

import asyncio
from datetime import UTC, date, datetime

import asyncpg
import pytest

from accrual.handlers.reminding import Reminding
from contracts.envelope import decode
from contracts.expiring import PointsExpiring

from .builders import ANAS_CARD, BORIS_CARD, BREAD, MEMBER_ANA, NOON, a_purchase, linked, registered, returned
from .conftest import NewService, Service
from .spending import held
from .test_checks import audit
from .test_races import waits

#: Bread of 10 March 2025 lives to the end of 31 March 2026, in Moscow.
REMINDING = BREAD.replace("to: end_of_month}", "to: end_of_month, remind: [30, 7, 1]}")


@pytest.fixture
async def reminding(new_service: NewService) -> Service:
    service = await new_service()
    await service.publish(REMINDING)
    return service


async def told(service: Service, *at: tuple[int, int]) -> list[tuple[str, int, int, date]]:
    """Let the clock look, in 2026, and return all reminders so far."""
    for month, day in at:
        service.clock.now = datetime(2026, month, day, 9, tzinfo=UTC)
        while True:
            async with service.pool.acquire() as connection, connection.transaction():
                if not await Reminding(service.catalogue).turn(connection, service.clock()):
                    break
    said = [decode(record).data for record in await service.said()]
    return [(each.holder, each.points, each.days, each.last_day) for each in said if isinstance(each, PointsExpiring)]


END = date(2026, 3, 31)


async def test_each_reminder_comes_on_its_day_and_once(reminding: Service):
    await reminding.hear(a_purchase("p-1"), a_purchase("p-2"), a_purchase("p-3", holder=BORIS_CARD))
    assert await told(reminding, (2, 28)) == []
    thirty = [(holder, points, 30, END) for holder, points in ((ANAS_CARD, 25), (BORIS_CARD, 15))]
    assert sorted(await told(reminding, (3, 1), (3, 1), (3, 20))) == thirty
    assert sorted(await told(reminding, (3, 24), (3, 25)))[1:3] == [(ANAS_CARD, 25, 30, END), (BORIS_CARD, 15, 7, END)]
    assert len(await told(reminding, (3, 30), (3, 31), (3, 31))) == 6
    assert len(await told(reminding, (4, 1), (4, 2))) == 6
    assert await reminding.fetch("select count(*) from reminder") == [(0,)]
    assert await audit(reminding) == []


async def test_a_service_that_stood_still_says_the_latest_only(reminding: Service):
    await reminding.hear(a_purchase())
    assert [days for _, _, days, _ in await told(reminding, (3, 27), (3, 28), (3, 31))] == [7, 1]


async def test_what_was_used_or_taken_back_is_not_told(reminding: Service):
    await reminding.hear(a_purchase("p-1"), a_purchase("p-2", holder=BORIS_CARD))
    await held(reminding, 15, merchant="corner-bakery")
    await reminding.hear(returned("p-2", holder=BORIS_CARD))
    assert await told(reminding, (3, 1)) == []


async def test_points_that_came_back_after_the_reminder_are_told_of_by_the_next_one(reminding: Service):
    await reminding.hear(a_purchase("p-1"))
    await told(reminding, (3, 1))
    await reminding.hear(a_purchase("p-2", at=NOON))
    assert await told(reminding, (3, 2), (3, 24)) == [(ANAS_CARD, 15, 30, END), (ANAS_CARD, 25, 7, END)]


async def test_a_guest_who_became_a_member_is_told_as_the_member(reminding: Service):
    await reminding.hear(a_purchase())
    await told(reminding, (3, 1))
    await reminding.hear(linked())
    assert await told(reminding, (3, 24)) == [(ANAS_CARD, 15, 30, END), (MEMBER_ANA, 15, 7, END)]


async def test_nobody_is_reminded_on_the_day_they_earn(new_service: NewService):
    service = await new_service()
    await service.publish(REMINDING.replace("12 months, to: end_of_month", "31 days"))
    service.clock.now = datetime(2026, 2, 27, 9, tzinfo=UTC)
    await service.hear(a_purchase(at=service.clock()))
    assert await told(service, (2, 27)) == []
    assert [days for _, _, days, _ in await told(service, (2, 28), (3, 23), (3, 29))] == [30, 7, 1]


async def test_a_programme_that_reminds_of_nothing_asks_nothing(service: Service):
    await service.hear(a_purchase())
    assert await told(service, (3, 1), (3, 30)) == []


async def test_points_end_with_their_programme_and_members_are_told_so(reminding: Service):
    await reminding.hear(a_purchase())
    closing = REMINDING.replace("version: 1", "version: 2").replace("2024-01-01", "2025-06-01")
    await reminding.publish(closing + "close: {earn_until: 2026-01-31, spend_until: 2026-03-15}\n")
    last = date(2026, 3, 15)
    assert await told(reminding, (2, 13), (3, 8), (3, 14), (3, 20)) == [(ANAS_CARD, 15, days, last) for days in (30, 7, 1)]


async def test_a_guest_is_told_of_the_day_until_which_a_guests_points_are_kept(new_service: NewService):
    service = await new_service()
    await service.publish(REMINDING + "joining: {guests: 360 days}\n")
    await service.hear(a_purchase(), a_purchase("p-2", holder=MEMBER_ANA), registered())
    assert await told(service, (2, 26), (3, 3)) == [(ANAS_CARD, 15, 7, date(2026, 3, 5)), (MEMBER_ANA, 115, 30, END)]


async def test_two_clocks_at_once_say_it_once(reminding: Service):
    await reminding.hear(a_purchase())
    reminding.clock.now = datetime(2026, 3, 1, 9, tzinfo=UTC)
    first = await asyncpg.connect(reminding.database.url)
    transaction = first.transaction()
    await transaction.start()
    assert await Reminding(reminding.catalogue).turn(first, reminding.clock()) == 1
    second = asyncio.create_task(told(reminding, (3, 1)))
    assert await waits(second, reminding)
    await transaction.commit()
    await first.close()
    assert await second == [(ANAS_CARD, 15, 30, END)]
