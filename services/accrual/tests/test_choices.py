"""Choices between rewards, and personal offers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.purchases import Line

from .benefits import CAFE, LIVE, ask, audited, lapse, told
from .builders import ANAS_CARD, BORIS_CARD, MEMBER_ANA, a_purchase, an_activity, linked, returned
from .conftest import Caller, Service

pytestmark = pytest.mark.usefixtures("cafe")


@pytest.fixture
async def cafe(service: Service) -> None:
    await service.publish(CAFE)


async def a_friend_came(service: Service, number: int = 1, holder: str = ANAS_CARD) -> str:
    """Somebody is thanked by a choice, whose code this is."""
    assert await service.hear(an_activity(f"a-{number}", kind="friend-came", programme="cafe", holder=holder)) != []
    return str((await service.fetch("select code from entitlement where state = 'open' order by code"))[0][0])


async def test_a_choice_is_made_once_and_takes_from_the_stock(service: Service, caller: Caller):
    code = await a_friend_came(service)
    (shown,) = (await caller.get(f"/v1/accounts/{ANAS_CARD}/rewards"))["programmes"][0]["entitlements"]
    assert (shown["state"], shown["choice"], shown["kind"]) == ("open", ["cake", "drink"], "choice")
    assert (await ask(caller, "/v1/entitlements/use", "a", code=code))[1]["code"] == "choice-open"
    assert (await ask(caller, "/v1/entitlements/choose", "b", code=code, reward="visits"))[1]["code"] == "not-in-choice"
    status, chosen = await ask(caller, "/v1/entitlements/choose", "c", code=code, reward="drink")
    assert (status, chosen["reward"], chosen["state"], chosen["code"], chosen["choice"]) == (200, "drink", "issued", code, [])
    assert (await ask(caller, "/v1/entitlements/choose", "d", code=code, reward="cake"))[1]["code"] in ("not-in-choice", "not-a-choice")
    assert await service.fetch("select value from shared_counter where rule = 'reward/drink'") == [(1,)]
    assert await told(service) == ["issued thanks 1", "chosen drink 2"]
    assert await audited(service) == []


async def test_who_does_not_choose_in_time_gets_the_default_or_else_what_there_is(service: Service):
    await a_friend_came(service)
    await a_friend_came(service, 2, BORIS_CARD)
    service.clock.now += timedelta(days=16)
    assert await lapse(service) == 2
    assert sorted(await service.fetch(LIVE)) == [("cake", "issued", 0), ("drink", "issued", 0)]
    assert await audited(service) == []


async def test_a_choice_of_which_nothing_is_left_expires(service: Service):
    for number in range(5):
        await a_friend_came(service, number, f"h1:{'ABCDE'[number] * 43}")
    service.clock.now += timedelta(days=16)
    await lapse(service)
    states = [each[:2] for each in await service.fetch(LIVE)]
    assert sorted(states) == [("cake", "issued"), ("drink", "issued"), ("drink", "issued"), ("drink", "issued"), ("thanks", "expired")]
    assert await audited(service) == []


@pytest.mark.parametrize("followed", ["returned", "corrected"])
async def test_what_was_chosen_of_what_a_purchase_gave_is_there_for_others_when_it_is_taken_back(service: Service, caller: Caller, followed: str):
    await service.publish(CAFE.replace("programme: cafe", "programme: bar").replace("[cafe]", "[bar]").replace("{reward: mug}}", "{reward: thanks}}"))
    cups = a_purchase(merchant="bar", lines=(Line(line_id="1", sku="cup", category="cup", paid_amount=9_00, quantity=3000),))
    assert await service.hear(cups) == ["granted"]
    ((code,),) = await service.fetch("select code from entitlement")
    assert (await ask(caller, "/v1/entitlements/choose", code=code, reward="cake"))[0] == 200
    fewer = a_purchase(merchant="bar", revision=2, lines=(Line(line_id="1", sku="cup", category="cup", paid_amount=6_00, quantity=2000),))
    assert await service.hear(returned(merchant="bar") if followed == "returned" else fewer) == ["reversed"]
    assert await service.fetch(LIVE) == [("cake", "reversed", 0)]
    assert await service.fetch("select value from shared_counter where rule = 'reward/cake'") == [(0,)]
    assert await audited(service) == []


@pytest.mark.parametrize("followed", ["returned", "corrected", "corrected up"])
async def test_what_was_chosen_counts_for_its_limit_in_the_month_of_the_choice_until_it_is_taken_back(service: Service, caller: Caller, followed: str):
    """It was given at the end of March, and chosen in April."""
    await service.publish(CAFE.replace("programme: cafe", "programme: bar").replace("[cafe]", "[bar]").replace("{reward: mug}}", "{reward: thanks}}"))
    day = {"merchant": "bar", "at": datetime(2025, 3, 31, 12, tzinfo=UTC)}
    service.clock.now = datetime(2025, 4, 2, 12, tzinfo=UTC)
    await service.hear(a_purchase(lines=(Line(line_id="1", sku="cup", category="cup", paid_amount=9_00, quantity=3000),), **day))
    ((code,),) = await service.fetch("select code from entitlement")
    assert (await ask(caller, "/v1/entitlements/choose", code=code, reward="drink"))[0] == 200
    counted = "select value from counter where rule = 'reward/drink' and period = 'times/month:2025-04'"
    assert await service.fetch(counted) == [(1,)]
    quantity = 2000 if followed == "corrected" else 3500
    other = a_purchase(revision=2, lines=(Line(line_id="1", sku="cup", category="cup", paid_amount=9_00, quantity=quantity),), **day)
    await service.hear(returned(merchant="bar") if followed == "returned" else other)
    kept = followed == "corrected up"
    assert await service.fetch(counted) == [(int(kept),)]
    assert await service.fetch(LIVE) == [("drink", "issued" if kept else "reversed", 0)]
    assert await audited(service) == []


async def often(service: Service, holder: str = ANAS_CARD) -> None:
    """Somebody buys a loaf three times."""
    await service.hear(*(a_purchase(f"{holder}-{number}", merchant="cafe", holder=holder) for number in range(3)))


async def offers(caller: Caller, key: str = "k", holder: str = ANAS_CARD) -> list[dict[str, Any]]:
    status, answer = await ask(caller, "/v1/offers", key, holder=holder, programme="cafe")
    assert status == 201
    made: list[dict[str, Any]] = answer["items"]
    return made


async def test_what_is_bought_often_is_offered_for_less_and_only_once_at_a_time(service: Service, caller: Caller):
    await often(service)
    (offer,) = await offers(caller)
    assert (offer["goods"], offer["percent"], offer["reason"], offer["way"]) == ("loaf", "20", "bought at least 3 times within 90 days", "offer")
    assert await offers(caller, "again") == []
    await ask(caller, "/v1/entitlements/use", "used", code=offer["code"])
    (second,) = await offers(caller, "later")
    assert second["code"] != offer["code"]
    assert await audited(service) == []


async def test_offers_end_with_their_budget_and_none_is_made_of_what_came_back(service: Service, caller: Caller):
    for holder in (ANAS_CARD, BORIS_CARD, "h1:" + "C" * 43):
        await often(service, holder)
    await service.hear(returned(f"{BORIS_CARD}-0", merchant="cafe", holder=BORIS_CARD))
    assert await offers(caller, "boris", BORIS_CARD) == []
    assert len(await offers(caller, "ana")) == 1
    assert len(await offers(caller, "third", "h1:" + "C" * 43)) == 1
    service.clock.now += timedelta(days=20)
    await lapse(service)
    assert await offers(caller, "spent") == []


async def test_an_offer_whose_last_day_is_over_makes_room_before_the_clock_comes_by(service: Service, caller: Caller):
    await often(service)
    assert len(await offers(caller)) == 1
    service.clock.now += timedelta(days=20)
    assert len(await offers(caller, "again")) == 1
    assert await audited(service) == []


async def test_cards_with_the_same_offer_come_together_and_neither_is_lost(service: Service, caller: Caller):
    for holder in (ANAS_CARD, BORIS_CARD):
        await often(service, holder)
        assert len(await offers(caller, holder, holder)) == 1
    assert await service.hear(linked(), linked(BORIS_CARD)) == ["applied", "applied"]
    (programme,) = (await caller.get(f"/v1/accounts/{MEMBER_ANA}/rewards"))["programmes"]
    assert [(each["way"], each["state"]) for each in programme["entitlements"]] == [("offer", "issued")] * 2
    assert await offers(caller, "more", MEMBER_ANA) == []
    assert await audited(service) == []
