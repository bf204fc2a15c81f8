"""What rules may ask about a member: segments at the time of a purchase, since when somebody has been one, and a seed that stays."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from contracts.envelope import Event
from contracts.segments import SegmentEntered, SegmentLeft

from .builders import ANA, ANAS_CARD, BORIS, MEMBER_ANA, MEMBER_BORIS, MEMBERS, NOON, a_purchase, an_event, linked, registered
from .conftest import NewService, Service
from .test_checks import audit

SHOP = "record-shop"
#: One point for 10 roubles; one more for those who love jazz, two more for those who have been members for thirty days.
RECORDS = """
programme: records
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [record-shop]
points: {name: {en: grooves}, worth: 0.50}
earning:
  - {id: base, give: {points: 1, per: 10.00}}
  - {id: jazz, when: {segment: [loves-jazz]}, give: {fixed: 100}}
  - {id: loyal, when: {member_for: 30 days}, give: {fixed: 1000}}
"""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def records(new_service: NewService) -> Service:
    made = await new_service()
    await made.publish(RECORDS)
    return made


def entered(version: int = 1, *, at: datetime = NOON, member: UUID = ANA, segment: str = "loves-jazz", event_id: str | None = None) -> Event[Any]:
    data = SegmentEntered(member_id=member, segment=segment, segment_version=version, entered_at=at)
    return an_event(data, event_id=event_id or f"{segment}/{member}/{version}", source=MEMBERS)


def left(version: int = 2, *, at: datetime = NOON) -> Event[Any]:
    data = SegmentLeft(member_id=ANA, segment="loves-jazz", segment_version=version, left_at=at)
    return an_event(data, event_id=f"left/{version}", source=MEMBERS)


def bought(purchase_id: str, *, holder: str = MEMBER_ANA, at: datetime = NOON) -> Event[Any]:
    return a_purchase(purchase_id, merchant=SHOP, holder=holder, at=at)


async def points(service: Service) -> dict[str, int]:
    return {holder: available for (holder, _), (_, available) in (await service.balances()).items()}


async def test_a_member_in_a_segment_is_given_what_it_is_for_and_others_are_not(records: Service):
    assert await records.hear(entered(at=NOON - HOUR)) == ["applied"]
    await records.hear(bought("1"), bought("2", holder=MEMBER_BORIS), bought("3", holder=ANAS_CARD))
    assert await points(records) == {MEMBER_ANA: 110, MEMBER_BORIS: 10, ANAS_CARD: 10}


async def test_segments_are_those_of_the_purchases_own_time(records: Service):
    await records.hear(entered(at=NOON - 3 * HOUR), left(at=NOON - 2 * HOUR), entered(3, at=NOON - HOUR))
    for number, hours in enumerate((4, 3, 2, 1, 0)):
        before = (await points(records)).get(MEMBER_ANA, 0)
        await records.hear(bought(str(number), at=NOON - hours * HOUR))
        assert (await points(records))[MEMBER_ANA] - before == (110 if hours in (3, 1, 0) else 10), hours


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_segment_events_repeated_and_out_of_order_end_alike(records: Service, order: tuple[int, ...]):
    events = [entered(at=NOON - 3 * HOUR), left(at=NOON - 2 * HOUR), entered(3, at=NOON - HOUR)]
    verdicts = await records.hear(*(events[number] for number in order))
    assert verdicts == ["applied" if number == max(order[: place + 1]) else "stale" for place, number in enumerate(order)]
    again = [entered(at=NOON - 3 * HOUR, event_id="again"), entered(3, at=NOON - HOUR, event_id="and again")]
    assert await records.hear(*again, events[1]) == ["duplicate", "duplicate", "duplicate"]
    await records.hear(*(bought(str(hours), at=NOON - hours * HOUR) for hours in (4, 3, 2, 1)))
    assert await points(records) == {MEMBER_ANA: 2 * 110 + 2 * 10}


async def test_a_member_may_enter_a_segment_before_having_an_account_or_being_registered(records: Service):
    await records.hear(bought("0", holder=ANAS_CARD), entered(at=NOON - HOUR))
    await records.hear(linked(), bought("1", holder=ANAS_CARD), registered(programme="records"))
    assert await points(records) == {MEMBER_ANA: 10 + 110}


async def test_a_programme_that_asks_for_no_segments_does_not_read_them(records: Service, service: Service, monkeypatch: pytest.MonkeyPatch):
    from accrual.handlers import surroundings  # noqa: PLC0415  what is replaced

    async def forbidden(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(surroundings.segments, "of_accounts", forbidden)
    assert await service.hear(a_purchase()) == ["granted"]
    assert await records.hear(bought("1")) == ["dead-lettered internal-error"]


async def test_time_as_a_member_counts_from_registering_whatever_was_bought_before(records: Service):
    await records.hear(bought("0", at=NOON - 40 * DAY), registered(programme="records", at=NOON - 31 * DAY))
    await records.hear(bought("1"), bought("2", at=NOON - 2 * DAY), bought("3", holder=MEMBER_BORIS))
    assert await points(records) == {MEMBER_ANA: 3 * 10 + 1000, MEMBER_BORIS: 10}
    assert await audit(records) == []


async def test_whoever_bought_as_a_guest_keeps_the_seed_as_a_member(records: Service):
    await records.hear(bought("0", holder=ANAS_CARD))
    ((guest,),) = await records.fetch("select id from account where kind = 'unclaimed'")
    await records.hear(registered(programme="records"), linked())
    assert await records.fetch("select seed from account where kind = 'member'") == [(guest.bytes,)]
    assert await audit(records) == []


async def test_a_member_who_has_bought_keeps_the_seed_when_a_card_is_found(records: Service):
    await records.hear(registered(BORIS, programme="records"), bought("0", holder=MEMBER_BORIS), bought("1", holder=ANAS_CARD), linked(member=BORIS))
    ((member, seed),) = await records.fetch("select id, seed from account where kind = 'member'")
    assert seed == member.bytes
