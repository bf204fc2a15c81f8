"""A version that begins with `transition: better_of`: members who were there get the better of both, and everything is counted by the one that decided."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.envelope import Event, decode
from contracts.purchases import Line

from .builders import ANA, BORIS, MEMBER_ANA, MEMBER_BORIS, NOON, a_purchase, an_activity, back, registered, returned
from .conftest import Caller, Service
from .test_checks import audit
from .test_returns import points

OLD = """
programme: soup
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [soup-bar]
points: {name: {en: spoons}, worth: 1.00}
earning:
  - {id: base, give: {points: 1, per: 10.00}, cap: {points: 40, per: day}}
  - {id: visit, on: activity, when: {activity: visit}, give: {fixed: 10}}
campaigns:
  - {id: spring, budget: {points: 16}, earning: [{id: extra, give: {fixed: 7}}]}
"""
NEW = """
programme: soup
version: 2
effective_from: 2025-03-12
zone: UTC
currency: RUB
merchants: [soup-bar]
points: {name: {en: spoons}, worth: 1.00}
earning:
  - {id: base, give: {points: 1, per: 20.00}, cap: {points: 40, per: day}}
  - {id: tea, when: {category: tea}, give: {points: 1, per: 2.00}}
transition: {existing: better_of, until: 2025-04-30}
"""
LATER = NOON + timedelta(days=5)
USED = "select sum(value)::int from shared_counter"


@pytest.fixture
async def bar(service: Service) -> Service:
    """Ana joined before the new terms began, Boris after."""
    await service.publish(OLD, NEW)
    service.clock.now = LATER
    await service.hear(registered(ANA, programme="soup"), registered(BORIS, programme="soup", at=NOON + timedelta(days=3)))
    return service


def a_soup(purchase_id: str = "p-1", *, holder: str = MEMBER_ANA, roubles: int = 100, category: str = "soup", **fields: Any) -> Event[Any]:
    lines = (Line(line_id="1", sku="bowl", category=category, paid_amount=roubles * 100),)
    return a_purchase(purchase_id, holder=holder, merchant="soup-bar", lines=lines, zone="UTC", at=LATER, **fields)


async def decided_by(service: Service) -> list[tuple[str, int, int]]:
    """Every purchase with the version that decided each revision, and the points of its lot."""
    rows = "select revision, programme_version, coalesce(amount, 0) from purchase left join lot on lot.id = grant_id order by purchase.occurred_at, revision"
    return await service.fetch(rows)


async def test_who_was_there_gets_the_better_of_both_and_who_was_not_the_new_terms(bar: Service):
    assert (
        await bar.hear(a_soup("1"), a_soup("2", holder=MEMBER_BORIS), an_activity(kind="visit", programme="soup", holder=MEMBER_ANA, at=LATER))
        == ["granted"] * 3
    )
    assert (await points(bar, MEMBER_ANA, "soup"), await points(bar, MEMBER_BORIS, "soup")) == ((0, 27), (0, 5))
    granted = [event.data for event in map(decode, await bar.said()) if event.type == "loyalty.reward.granted.v1"]
    said = [(each.programme_version, [silent.text for silent in each.explanation.not_given if silent.reason == "other-version"]) for each in granted]
    assert said == [(1, ["version 2 would give 5"]), (2, []), (1, ["version 2 would give 0"])]
    assert await bar.fetch(USED) == [(7,)]
    assert await audit(bar) == []


async def test_budgets_and_caps_hold_whichever_version_decides(bar: Service):
    """The campaign's 16 points last for two and a bit; the base rule's 40 a day are one cap for both versions."""
    for number in range(5):
        await bar.hear(a_soup(str(number)))
    assert [amount for *_, amount in await decided_by(bar)] == [17, 17, 12, 10, 0]
    assert await bar.fetch(USED) == [(16,)]
    await bar.hear(a_soup("tea", category="tea"))
    assert max(await decided_by(bar))[1:] == (2, 50)
    assert await audit(bar) == []


@pytest.mark.parametrize("apart", [True, False])
async def test_what_comes_back_is_undone_by_the_version_that_decided(bar: Service, *, apart: bool):
    steps = [a_soup(), returned("p-1", back(50_00, thousandths=500), merchant="soup-bar", holder=MEMBER_ANA, occurred_at=LATER)]
    steps.append(returned("p-1", back(50_00, thousandths=500), merchant="soup-bar", holder=MEMBER_ANA, occurred_at=LATER, return_id="r-2"))
    kept = []
    for batch in [[step] for step in steps] if apart else [steps]:
        await bar.hear(*batch)
        kept.append((await points(bar, MEMBER_ANA, "soup"))[1])
    assert kept == ([17, 12, 0] if apart else [0])
    assert await bar.fetch(USED) == [(0,)]
    assert await audit(bar) == []


@pytest.mark.parametrize("apart", [True, False])
async def test_a_correction_is_decided_by_both_anew(bar: Service, *, apart: bool):
    steps = [a_soup(), a_soup(category="tea", revision=2), a_soup(roubles=200, revision=3)]
    for batch in [[step] for step in steps] if apart else [steps]:
        await bar.hear(*batch)
    assert [version for _, version, _ in await decided_by(bar)] == [1, 2, 1]
    assert await points(bar, MEMBER_ANA, "soup") == (0, 27)
    assert await bar.fetch(USED) == [(7,)]
    assert await bar.fetch("select period, value from counter where rule = 'base' and value > 0") == [("points/day:2025-03-15", 20)]
    assert await audit(bar) == []


async def test_levels_and_contests_of_the_new_terms_count_what_the_old_ones_decide(service: Service):
    levels = "tiers: {by: money_spent, window: forever, levels: [{id: guest, from: 0}, {id: regular, from: 150.00}]}\n"
    contest = "contests: [{id: spoons, from: 2025-03-12, until: 2025-03-31, score: [{score: 1, per: 10.00}], prizes: {places: 1, points: 5}}]\n"
    await service.publish(OLD, NEW + levels + contest)
    service.clock.now = LATER
    await service.hear(registered(ANA, programme="soup"), a_soup("1"), a_soup("2"))
    assert [version for _, version, _ in await decided_by(service)] == [1, 1]
    assert await service.fetch("select money, purchases from tier_progress") == [(200_00, 2)]
    assert await service.fetch("select level from tier_standing") == [("regular",)]
    await service.hear(returned("1", back(50_00, thousandths=500), merchant="soup-bar", holder=MEMBER_ANA, occurred_at=LATER))
    await service.hear(a_soup("2", roubles=80, revision=2))
    assert await service.fetch("select money, purchases from tier_progress") == [(130_00, 2)]
    assert await service.fetch("select sum(score)::int from contest_score") == [(13,)]
    assert await audit(service) == []


async def test_a_quote_promises_what_the_purchase_gets(bar: Service, caller: Caller):
    cart = {"merchant": "soup-bar", "currency": "RUB", "lines": [{"line_id": "1", "sku": "bowl", "category": "soup", "paid_amount": 100_00}]}
    for holder, expected in ((MEMBER_ANA, 17), (MEMBER_BORIS, 5)):
        quote = (await caller.post("/v1/quotes", {"holder": holder, "purchase": cart})).json()
        assert quote["points"] == expected
        await bar.hear(a_soup(holder, holder=holder))
        assert await points(bar, holder, "soup") == (0, expected)


@pytest.mark.parametrize(("given_back", "left"), [("true", (0, 0)), ("false", (1, 1))])
async def test_a_coupon_that_lowered_a_price_comes_back_as_the_new_terms_say(service: Service, *, given_back: str, left: tuple[int, int]):
    coupon = f"coupons: [{{id: ten, code: TEN, per_member: 1, uses: 5, give_back: {given_back}}}]\n"
    await service.publish(OLD, NEW + "discounts: [{id: ten, percent: 10, when: {coupon: ten}}]\n" + coupon)
    service.clock.now = LATER
    await service.hear(registered(ANA, programme="soup"), a_soup(coupons=("TEN",)))
    assert [version for _, version, _ in await decided_by(service)] == [1]
    await service.hear(returned("p-1", merchant="soup-bar", holder=MEMBER_ANA, occurred_at=LATER))
    used = "select (select value from shared_counter where rule = 'coupon/ten'), (select value from counter where rule = 'coupon/ten')"
    assert await service.fetch(used) == [left]
    assert await audit(service) == []


async def test_an_exchange_is_decided_as_its_first_purchase_was(bar: Service):
    await bar.hear(a_soup(), returned("p-1", merchant="soup-bar", holder=MEMBER_ANA, occurred_at=LATER))
    bar.clock.now = LATER + timedelta(days=60)
    exchange = a_soup("p-2", exchanged_purchase_id="p-1").data.model_copy(update={"occurred_at": bar.clock()})
    await bar.hear(Event("exchange", "urn:test:till", exchange.type, bar.clock(), exchange))
    assert await points(bar, MEMBER_ANA, "soup") == (0, 17)
    assert await audit(bar) == []
