"""Who brings a friend: both are given something for a purchase that stayed bought, or neither is, once, and it is undone exactly."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from accrual.handlers.referrals import Referring
from contracts.envelope import Event, decode
from contracts.identifiers import member_holder
from contracts.members import MemberRegistered

from .builders import ANA, ANAS_CARD, BORIS, BORIS_CARD, BREAD, MEMBER_ANA, MEMBER_BORIS, MEMBERS, NOON, a_purchase, an_event, back, cancelled, linked, returned
from .conftest import Caller, NewService, Service
from .spending import capture, held
from .test_checks import audit, unfound

SHOP, DAY, VERA = "tea-room", timedelta(days=1), UUID(int=0xC, version=4)
#: One point for 10 roubles; for a friend who spends 100 roubles within 30 days and keeps the goods for 14, 500 and 200.
ROOM = """
programme: room
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [tea-room]
points: {name: {en: cups}, worth: 1.00}
earning:
  - {id: base, give: {points: 1, per: 10.00}}
referrals: {give: {inviter: 500, friend: 200}, minimum: 100.00, cap: {times: 2, per: month}}
returns: {spent: debt}
"""
PAID = {(MEMBER_ANA, "room"): (0, 500), (MEMBER_BORIS, "room"): (0, 210)}


@pytest.fixture
async def service(new_service: NewService) -> Service:
    """A service with the programme in which friends are invited; Ana joined long ago."""
    made = await new_service()
    await made.publish(ROOM)
    await made.hear(joins(ANA, at=NOON - 20 * DAY))
    return made


def joins(member: UUID = BORIS, by: str | None = None, *, at: datetime = NOON, programme: str = "room") -> Event[MemberRegistered]:
    data = MemberRegistered(member_id=member, programme=programme, registered_at=at, referred_by=by)
    return an_event(data, event_id=f"joined/{member}", source=MEMBERS)


def buys(purchase_id: str = "p-1", *, holder: str = MEMBER_BORIS, day: int = 1, **fields: Any) -> Event[Any]:
    return a_purchase(purchase_id, merchant=SHOP, zone="UTC", holder=holder, at=NOON + day * DAY, **fields)


def brings_back(purchase_id: str = "p-1", *lines: Any, return_id: str = "r-1", day: int = 2) -> Event[Any]:
    return returned(purchase_id, *lines, return_id=return_id, merchant=SHOP, holder=None, occurred_at=NOON + day * DAY)


async def on_day(service: Service, day: int) -> int:
    """Let the clock look at everything that is due at the noon of a day."""
    service.clock.now, total, clock = NOON + day * DAY, 0, Referring(service.catalogue)
    while True:
        async with service.pool.acquire() as connection, connection.transaction():
            done = await clock.turn(connection, service.clock())
        total += done
        if not done:
            return total


async def hear(service: Service, day: int, *events: Event[Any]) -> list[str]:
    service.clock.now = NOON + day * DAY
    return await service.hear(*events)


async def states(service: Service) -> list[tuple[Any, ...]]:
    return await service.fetch("select state, reason from referral order by joined_at, friend_id")


async def paid(service: Service) -> None:
    """Boris was invited by Ana, bought something, and kept it."""
    await hear(service, 1, joins(by=MEMBER_ANA), buys())
    await on_day(service, 16)


async def test_both_are_given_points_when_the_purchase_can_hardly_come_back(service: Service):
    await hear(service, 1, joins(by=MEMBER_ANA), buys())
    await on_day(service, 15)
    assert await service.balances() == {(MEMBER_BORIS, "room"): (0, 10)}
    await on_day(service, 16)
    assert await service.balances() == PAID
    granted = [decode(record) for record in (await service.said())[-2:]]
    assert [(each.data.holder, each.data.points, each.data.cause.kind) for each in granted] == [
        (MEMBER_ANA, 500, "schedule"),
        (MEMBER_BORIS, 200, "schedule"),
    ]
    assert granted[0].data.explanation.steps[0].text == "for a friend who joined and bought"
    assert await on_day(service, 100) == 0
    assert await service.balances() == PAID
    assert await audit(service) == []


async def test_a_first_purchase_that_came_back_is_passed_over_and_the_next_one_counts(service: Service):
    await hear(service, 3, joins(by=MEMBER_ANA), buys(), buys("p-2", day=3), brings_back(day=3))
    await on_day(service, 16)
    assert await states(service) == [("open", None)]
    await on_day(service, 18)
    assert await service.balances() == PAID
    assert await audit(service) == []


async def test_a_friend_who_keeps_nothing_in_time_brings_nothing(service: Service):
    await hear(service, 40, joins(by=MEMBER_ANA), buys(), buys("small", kopecks=99_99), buys("late", day=31), brings_back())
    await on_day(service, 45)
    assert await states(service) == [("refused", "no-purchase-in-time")]
    assert await on_day(service, 100) == 0
    assert await audit(service) == []


@pytest.mark.parametrize("gone", ["returned", "cancelled", "mostly returned", "corrected"])
async def test_a_purchase_that_comes_back_after_all_costs_both_what_they_were_given(service: Service, gone: str):
    await paid(service)
    events = {
        "returned": brings_back(day=20),
        "cancelled": cancelled("p-1", merchant=SHOP, holder=None, occurred_at=NOON + 20 * DAY),
        "mostly returned": brings_back("p-1", back(90_00, thousandths=900), day=20),
        "corrected": buys(kopecks=10_00, revision=2),
    }
    await hear(service, 20, events[gone])
    await on_day(service, 20)
    left = 0 if gone in {"returned", "cancelled"} else 1
    assert await service.balances() == ({(MEMBER_BORIS, "room"): (0, left)} if left else {})
    assert await states(service) == [("undone", "purchase-returned")]
    taken = [decode(record).data for record in (await service.said())[-2:]]
    assert {(each.holder, each.points, each.points_kept) for each in taken} == {(MEMBER_ANA, 500, 0), (MEMBER_BORIS, 200, 0)}
    assert await on_day(service, 100) == 0
    assert await audit(service) == []


async def test_a_purchase_that_turns_out_to_be_older_than_the_friend_costs_both_what_they_were_given(service: Service):
    await paid(service)
    await hear(service, 20, buys(day=-1, revision=2))
    await on_day(service, 20)
    assert (await states(service), await service.balances()) == ([("undone", "purchase-returned")], {(MEMBER_BORIS, "room"): (0, 10)})
    assert await audit(service) == []


async def test_what_a_member_has_spent_of_it_meanwhile_is_owed(service: Service):
    await paid(service)
    await capture(service, await held(service, 450, holder=MEMBER_ANA, merchant=SHOP, purchase_id="anas"))
    await hear(service, 20, brings_back(day=20))
    await on_day(service, 20)
    assert await service.fetch("select available, debt from account join holder on account_id = account.id where holder = $1", MEMBER_ANA) == [(0, -450)]
    assert await audit(service) == []


async def test_a_part_that_comes_back_leaves_a_purchase_that_is_still_enough(service: Service):
    await hear(service, 1, joins(by=MEMBER_ANA), buys(kopecks=300_00))
    await on_day(service, 16)
    await hear(service, 20, brings_back("p-1", back(100_00, thousandths=300), day=20))
    await on_day(service, 20)
    assert await states(service) == [("paid", None)]
    assert await audit(service) == []


async def test_another_purchase_takes_the_place_of_the_one_that_comes_back(service: Service):
    await paid(service)
    await hear(service, 20, buys("p-2", day=20), brings_back(day=20))
    await on_day(service, 20)
    assert (await states(service), await service.balances()) == ([("paid", None)], PAID)
    await hear(service, 21, brings_back("p-2", return_id="r-2", day=21))
    await on_day(service, 21)
    assert (await states(service), await service.balances()) == ([("undone", "purchase-returned")], {})
    await hear(service, 22, buys("p-3", day=22))
    await on_day(service, 60)
    assert await service.balances() == {(MEMBER_BORIS, "room"): (0, 10)}
    assert await audit(service) == []


async def test_nobody_invites_themselves_by_name_or_by_card(service: Service):
    await hear(service, 1, linked(BORIS_CARD, BORIS), a_purchase(merchant=SHOP, zone="UTC", holder=BORIS_CARD, at=NOON + DAY))
    assert await hear(service, 1, joins(by=MEMBER_BORIS)) == ["nothing-earned"]
    await hear(service, 1, joins(ANA, by=MEMBER_BORIS))
    veras_card = "h1:" + "V" * 43
    await hear(service, 2, buys("v", holder=veras_card, day=2), joins(VERA, by=veras_card, at=NOON + 2 * DAY))
    await hear(service, 3, linked(veras_card, VERA), buys("v-2", holder=veras_card, day=3))
    await on_day(service, 30)
    assert await states(service) == [("refused", "same-person"), ("refused", "same-person")]
    assert await audit(service) == []


async def test_a_friend_has_one_inviter_for_ever_and_a_ring_leads_nowhere(service: Service):
    await hear(service, 2, joins(by=member_holder(VERA)), joins(VERA, by=MEMBER_BORIS, at=NOON + DAY), buys(), buys("v", holder=member_holder(VERA), day=2))
    assert await hear(service, 2, an_event(joins(by=MEMBER_ANA).data, event_id="again", source=MEMBERS)) == ["duplicate"]
    await on_day(service, 30)
    assert await states(service) == [("refused", "inviter-joined-later"), ("paid", None)]
    assert await service.balances() == {(MEMBER_BORIS, "room"): (0, 510), (member_holder(VERA), "room"): (0, 210)}
    assert await audit(service) == []


async def test_the_member_whose_card_was_named_is_the_one_who_invited(service: Service):
    await hear(service, 0, buys("guest", holder=ANAS_CARD, day=-1))
    await hear(service, 1, joins(by=ANAS_CARD), buys(), linked())
    await on_day(service, 16)
    assert await service.balances() == {(MEMBER_ANA, "room"): (0, 510), (MEMBER_BORIS, "room"): (0, 210)}
    assert await audit(service) == []


@pytest.mark.parametrize(("by", "reason"), [(ANAS_CARD, "inviter-not-a-member"), (member_holder(UUID(int=0xD, version=4)), "inviter-not-a-member")])
async def test_somebody_unknown_invites_nobody(service: Service, by: str, reason: str):
    await hear(service, 1, joins(by=by), buys())
    await on_day(service, 16)
    assert (await states(service), await service.balances()) == ([("refused", reason)], {(MEMBER_BORIS, "room"): (0, 10)})
    assert await audit(service) == []


async def test_a_guest_who_bought_before_joining_is_no_new_friend(service: Service):
    await hear(service, 1, buys("guest", holder=BORIS_CARD, day=-1), joins(by=MEMBER_ANA), buys(), linked(BORIS_CARD, BORIS))
    await on_day(service, 16)
    assert await states(service) == [("refused", "friend-known-before")]


async def test_one_member_is_given_points_for_so_many_friends_a_month_and_a_lost_one_makes_room(service: Service):
    friends = [UUID(int=0xF0 + number, version=4) for number in range(4)]
    for number, friend in enumerate(friends):
        at = NOON - 9 * DAY if number < 3 else NOON
        await hear(
            service,
            1,
            joins(friend, by=MEMBER_ANA, at=at + timedelta(hours=number)),
            buys(f"{number}", holder=member_holder(friend), day=-8 + 9 * (number == 3)),
        )
    await on_day(service, 8)
    assert await states(service) == [("paid", None), ("paid", None), ("refused", "too-many-friends"), ("open", None)]
    await hear(service, 8, brings_back("0", day=8))
    await on_day(service, 8)
    await on_day(service, 16)
    assert await states(service) == [("undone", "purchase-returned"), ("paid", None), ("refused", "too-many-friends"), ("paid", None)]
    assert (await service.balances())[MEMBER_ANA, "room"] == (0, 1000)
    assert await audit(service) == []


async def test_somebody_who_was_forgotten_is_given_nothing_and_nor_is_the_other(service: Service):
    await hear(service, 1, joins(by=MEMBER_ANA), buys())
    await service.pool.execute("delete from holder where holder = $1", MEMBER_ANA)
    await on_day(service, 16)
    assert await states(service) == [("refused", "forgotten")]


async def test_a_programme_without_referrals_keeps_nothing_of_who_invited_whom(service: Service):
    await service.publish(BREAD)
    await service.hear(joins(by=member_holder(VERA), programme="bread"))
    assert await service.fetch("select from referral") == []
    assert await service.fetch("select holder from holder where programme = 'bread'") == [(MEMBER_BORIS,)]


async def test_clocks_that_turn_at_once_and_a_return_meanwhile_give_and_take_once(service: Service):
    await hear(service, 1, joins(by=MEMBER_ANA), buys())
    service.clock.now = NOON + 16 * DAY

    async def turn() -> None:
        async with service.pool.acquire() as connection, connection.transaction():
            await Referring(service.catalogue).turn(connection, NOON + 16 * DAY)

    await asyncio.gather(turn(), turn(), turn(), service.hear(brings_back(day=16)))
    await on_day(service, 16)
    assert await service.balances() == {}
    assert await audit(service) == []


async def test_any_changed_byte_of_a_referral_is_found(service: Service, administrator: asyncpg.Connection):
    await paid(service)
    await hear(service, 20, joins(VERA, by=MEMBER_BORIS, at=NOON + DAY), buys("v", holder=member_holder(VERA)))
    await on_day(service, 20)
    await hear(service, 21, brings_back("v", day=21))
    await on_day(service, 21)
    assert sorted(await states(service)) == [("paid", None), ("undone", "purchase-returned")]
    rows = {"referral": ("state = 'paid'", "state = 'undone'"), "referral_grant": ("side = 'inviter'",), "referral_reversal": ("true",)}
    assert [each for table, of_table in rows.items() for row in of_table for each in await unfound(service, administrator, table, row)] == []


async def test_a_member_may_ask_what_came_of_each_invitation_and_is_not_told_who_the_others_are(caller: Caller):
    service = caller.service
    await paid(service)
    await hear(service, 16, joins(VERA, by=MEMBER_ANA, at=NOON - DAY), buys("v", holder=member_holder(VERA), day=-2))
    await hear(service, 16, buys("v-2", holder=member_holder(VERA), day=0))
    await on_day(service, 16)
    shown = (await caller.get(f"/v1/accounts/{MEMBER_ANA}/referrals"))["items"]
    assert [(each["side"], each["state"], each["points"], each["paid_on"], each["reason"], each["text"]) for each in shown] == [
        ("inviter", "paid", 500, "2025-03-26", None, ""),
        ("inviter", "refused", 500, None, "friend-known-before", "the friend had bought something before joining"),
    ]
    assert str(VERA) not in str(shown)
    (mine,) = (await caller.get(f"/v1/accounts/{MEMBER_BORIS}/referrals"))["items"]
    assert (mine["side"], mine["state"], mine["points"]) == ("friend", "paid", 200)
    assert await caller.refused(f"/v1/accounts/{ANAS_CARD}/referrals") == (404, "unknown-holder")
    (grant_id,) = await service.fetch("select grant_id from referral_grant where side = 'inviter'")
    grant = await caller.get(f"/v1/grants/{grant_id[0]}")
    assert (grant["holder"], grant["points"], grant["cause"]["activity"]) == (MEMBER_ANA, 500, "referral")
    history = (await caller.get(f"/v1/accounts/{MEMBER_ANA}/history", programme="room"))["items"]
    assert [step["text"] for step in history[0]["explanation"]["steps"]] == ["for a friend who joined and bought"]
