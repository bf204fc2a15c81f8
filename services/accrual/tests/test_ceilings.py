"""The most points that somebody may have, at the service: within a batch, across batches, with waiting, reserved and corrected points."""

from datetime import timedelta

from accrual.handlers.referrals import Referring
from accrual.handlers.settling import Settling
from contracts.members import MemberRegistered

from .builders import ANAS_CARD, BORIS, BREAD, MEMBER_ANA, MEMBER_BORIS, MEMBERS, NOON, a_purchase, an_activity, an_event, cancelled, linked, registered
from .conftest import NewService, Service
from .spending import SHOP, held
from .test_checks import audit

MOST = "balance: 150\n"
WON_AND_GIVEN = """
referrals: {give: {inviter: 200, friend: 160}}
contests: [{id: march, from: 2025-03-01, until: 2025-03-31, score: {score: 1}, prizes: {places: 1, points: 500}}]
"""


async def made(new_service: NewService, document: str) -> Service:
    service = await new_service()
    await service.publish(document + MOST)
    return service


async def available(service: Service) -> list[tuple[int, ...]]:
    return [tuple(row) for row in await service.fetch("select pending, available, held from account where kind <> 'system' and pending + available + held > 0")]


async def test_purchases_of_one_batch_see_what_those_before_gave(new_service: NewService):
    service = await made(new_service, SHOP)
    receipts = [a_purchase(f"p-{number}", merchant="shop", zone="UTC", kopecks=70_00) for number in range(3)]
    assert await service.hear(*receipts) == ["granted", "granted", "granted"]
    assert await available(service) == [(0, 150, 0)]
    assert await service.hear(a_purchase("p-9", merchant="shop", zone="UTC")) == ["nothing-earned"]
    assert await audit(service) == []


async def test_what_was_taken_back_a_moment_ago_makes_room_within_the_batch(new_service: NewService):
    service = await made(new_service, SHOP)
    first, second = (a_purchase(name, merchant="shop", zone="UTC", kopecks=140_00) for name in ("p-1", "p-2"))
    assert await service.hear(first, cancelled("p-1", merchant="shop"), second) == ["granted", "reversed", "granted"]
    assert await available(service) == [(0, 140, 0)]


async def test_what_waits_and_what_is_put_aside_counts(new_service: NewService):
    service = await made(new_service, SHOP + "pending: {until: 14 days, on: [activity]}\n")
    await service.hear(an_activity(programme="shop"), a_purchase("p-1", merchant="shop", zone="UTC"))
    await held(service, 60)
    assert await service.hear(a_purchase("p-2", merchant="shop", zone="UTC")) == ["granted"]
    assert await available(service) == [(25, 65, 60)]


async def test_a_correction_is_measured_without_what_it_corrects(new_service: NewService):
    service = await made(new_service, SHOP)
    await service.hear(a_purchase("p-1", merchant="shop", zone="UTC", kopecks=140_00))
    await service.hear(a_purchase("p-1", merchant="shop", zone="UTC", kopecks=145_00, revision=2))
    assert await available(service) == [(0, 145, 0)]
    await service.hear(a_purchase("p-1", merchant="shop", zone="UTC", kopecks=900_00, revision=3))
    assert await available(service) == [(0, 150, 0)]
    await service.hear(cancelled("p-1", merchant="shop"))
    assert await available(service) == []
    assert await audit(service) == []


async def test_what_is_promised_for_a_friend_or_won_in_a_contest_comes_on_top(new_service: NewService):
    service = await made(new_service, SHOP + WON_AND_GIVEN)
    friend = MemberRegistered(member_id=BORIS, programme="shop", registered_at=NOON - timedelta(days=1), referred_by=MEMBER_ANA)
    await service.hear(registered(at=NOON - timedelta(days=2), programme="shop"), an_event(friend, event_id="friend", source=MEMBERS))
    assert await service.hear(a_purchase(holder=MEMBER_BORIS, merchant="shop", zone="UTC", kopecks=900_00)) == ["granted"]
    service.clock.advance(days=30)
    async with service.pool.acquire() as connection, connection.transaction():
        assert await Referring(service.catalogue).turn(connection, service.clock()) == 1
        assert await Settling(service.catalogue).turn(connection, service.clock()) == 1
    assert sorted(await available(service)) == [(0, 200, 0), (0, 150 + 160 + 500, 0)]
    assert await audit(service) == []


async def test_points_that_move_to_a_member_are_not_earned_and_are_all_kept(new_service: NewService):
    service = await made(new_service, BREAD)
    await service.hear(a_purchase(kopecks=1_000_00), registered())
    await service.hear(linked(ANAS_CARD))
    assert await available(service) == [(0, 205, 0)]
    assert await service.hear(a_purchase("p-2")) == ["nothing-earned"]
