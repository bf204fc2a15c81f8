"""Rewards that are not points, from points and from purchases: given, kept, used, taken back, expired."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from contracts.purchases import Line

from .benefits import CAFE, LIVE, ask, audited, lapse, redeem, told
from .builders import ANA, ANAS_CARD, BORIS_CARD, MEMBER_ANA, NOON, a_purchase, an_activity, back, cancelled, linked, registered, returned
from .conftest import Caller, NewService, Service

pytestmark = pytest.mark.usefixtures("cafe")


@pytest.fixture
async def cafe(service: Service) -> None:
    await service.publish(CAFE)


async def visit(service: Service, purchase_id: str = "p-1", *, kopecks: int = 400_00, **more: object) -> None:
    assert await service.hear(a_purchase(purchase_id, merchant="cafe", kopecks=kopecks, **more)) == ["granted"]


async def test_points_become_a_reward_and_are_gone(service: Service, caller: Caller):
    await visit(service)
    status, drink = await redeem(caller, "drink")
    assert (status, drink["state"], drink["name"], drink["uses_left"], drink["points"]) == (201, "issued", {"en": "A drink"}, 1, 250)
    assert await service.balances() == {(ANAS_CARD, "cafe"): (0, 150)}
    assert await told(service) == ["issued drink 1"]
    assert await redeem(caller, "drink") == (201, drink)
    assert await service.fetch(LIVE) == [("drink", "issued", 0)]


async def test_who_has_too_few_points_is_told_how_many_are_missing(service: Service, caller: Caller):  # T-58
    await visit(service, kopecks=50_00)
    status, problem = await redeem(caller, "drink")
    assert (status, problem["code"], problem["detail"]) == (409, "insufficient-balance", "200 points are missing")
    shown = {each["reward"]: each for each in (await caller.get(f"/v1/accounts/{ANAS_CARD}/rewards"))["programmes"][0]["catalogue"]}
    assert (shown["drink"]["available"], shown["drink"]["reason"], shown["drink"]["missing"]) == (False, "insufficient-balance", 200)
    assert (shown["back"]["available"], shown["lounge"]["reason"], shown["lounge"]["missing"]) == (True, "tier-needed", 0)
    assert "cake" not in shown
    assert await service.balances() == {(ANAS_CARD, "cafe"): (0, 50)}


@pytest.mark.parametrize(
    ("reward", "status", "code"),
    [("cake", 409, "not-for-points"), ("nothing", 404, "unknown-reward"), ("lounge", 409, "tier-needed")],
)
async def test_what_cannot_be_had_is_refused_by_name(service: Service, caller: Caller, reward: str, status: int, code: str):
    await visit(service)
    answered = await redeem(caller, reward)
    assert (answered[0], answered[1]["code"]) == (status, code)


async def test_points_of_a_new_member_buy_nothing_while_the_programme_lets_them_wait(service: Service, caller: Caller):
    await service.publish(CAFE.replace("programme: cafe", "programme: pub").replace("[cafe]", "[pub]") + "fraud: {hold_spending: 24 hours}\n")
    service.clock.now = NOON
    await service.hear(registered(programme="pub"), a_purchase(merchant="pub", holder=MEMBER_ANA, kopecks=400_00))
    body = {"holder": MEMBER_ANA, "programme": "pub"}
    assert (await redeem(caller, "drink", "a", **body))[1]["code"] == "account-too-new"
    service.clock.now += timedelta(hours=25)
    assert (await redeem(caller, "drink", "b", **body))[0] == 201


async def test_points_of_a_programme_that_is_over_buy_nothing_even_before_the_clock_takes_them(service: Service, caller: Caller):
    service.clock.now = NOON
    await visit(service)
    later = CAFE.replace("version: 1", "version: 2").replace("2024-01-01", "2025-03-11")
    await service.publish(later + "close: {earn_until: 2025-03-12, spend_until: 2025-03-14}\n")
    service.clock.now = NOON + timedelta(days=4)
    assert (await redeem(caller, "ticket", "a"))[0] == 201
    service.clock.now = NOON + timedelta(days=5)
    status, problem = await redeem(caller, "ticket", "b")
    assert (status, problem["code"]) == (422, "spending-closed")


async def test_a_member_has_a_reward_as_often_as_the_limit_says(service: Service, caller: Caller):
    await visit(service, kopecks=2000_00)
    answers = [await redeem(caller, "drink", key) for key in "abc"]
    assert [status for status, _ in answers] == [201, 201, 409]
    assert answers[2][1]["code"] == "limit-reached"
    service.clock.now += timedelta(days=31)
    assert (await redeem(caller, "drink", "d"))[0] == 201
    assert (await redeem(caller, "drink", "e"))[1]["code"] == "out-of-stock"


async def test_stock_is_exact_when_many_ask_at_once(service: Service, caller: Caller):
    cards = [f"h1:{letter * 43}" for letter in "ABCDEFGHIJ"]
    for card in cards:
        await visit(service, card, holder=card)
    answers = await asyncio.gather(*(redeem(caller, "drink", f"{card}-{number}", holder=card) for card in cards for number in range(2)))
    assert sorted(status for status, _ in answers) == [201] * 3 + [409] * 17
    assert await service.fetch("select value from shared_counter where rule = 'reward/drink'") == [(3,)]
    assert await service.fetch("select sum(amount)::int from entry where operation = 'spend' and version is not null") == [(-750,)]


async def test_what_is_handed_over_is_used_once_by_one_of_two_tills(service: Service, caller: Caller):
    await visit(service)
    _, drink = await redeem(caller, "drink")
    typed = f"{drink['code'][:4]}-{drink['code'][4:]}".lower()
    answers = await asyncio.gather(
        *(ask(caller, "/v1/entitlements/use", key, code=typed, handed_by="cashier-12", place="cafe-3", merchant="cafe", purchase_id="p-2") for key in "ab")
    )
    assert sorted(status for status, _ in answers) == [200, 409]
    assert [problem["code"] for status, problem in answers if status == 409] == ["already-used"]
    steps = "select number, step, ends, handed_by, place, merchant, purchase_id from entitlement_step order by number"
    assert await service.fetch(steps) == [(1, "issued", False, None, None, None, None), (2, "used", True, "cashier-12", "cafe-3", "cafe", "p-2")]
    assert await told(service) == ["issued drink 1", "used drink 2"]


async def test_what_has_ten_uses_is_used_ten_times(service: Service, caller: Caller):
    await visit(service)
    _, visits = await redeem(caller, "visits")
    for number in range(10):
        _, used = await ask(caller, "/v1/entitlements/use", f"visit-{number}", entitlement_id=visits["entitlement_id"])
        assert used["uses_left"] == 9 - number
    assert (await ask(caller, "/v1/entitlements/use", "again", entitlement_id=visits["entitlement_id"]))[1]["code"] == "already-used"


async def test_cashback_is_paid_out_by_whoever_may_and_by_nobody_else(service: Service, caller: Caller):
    await visit(service)
    _, money = await redeem(caller, "back")
    assert (money["kind"], money["amount"]) == ("cashback", {"RUB": 5000})
    named = {"entitlement_id": money["entitlement_id"]}
    assert (await ask(caller, "/v1/entitlements/use", "a", **named))[1]["code"] == "paid-out"
    refused = await caller.client.post("/v1/entitlements/pay", json=named, headers={**caller.headers(["rewards:write"]), "idempotency-key": "b"})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    assert (await ask(caller, "/v1/entitlements/pay", "c", **named))[1]["state"] == "used"
    assert await service.fetch("select handed_by from entitlement_step where step = 'used'") == [("till-7",)]
    _, visits = await redeem(caller, "visits", "v")
    assert (await ask(caller, "/v1/entitlements/pay", "d", entitlement_id=visits["entitlement_id"]))[1]["code"] == "not-paid-out"


async def test_a_reservation_lapses_and_what_nobody_uses_expires(service: Service, caller: Caller):
    await visit(service)
    _, drink = await redeem(caller, "drink")
    named = {"entitlement_id": drink["entitlement_id"]}
    status, held = await ask(caller, "/v1/entitlements/reserve", "r", **named, reserved_for="cafe/p-2", expires_in_seconds=600)
    assert (status, held["state"], held["reserved_for"]) == (200, "reserved", "cafe/p-2")
    assert (await ask(caller, "/v1/entitlements/use", "u", **named))[1]["code"] == "reserved"
    service.clock.now += timedelta(minutes=10)
    shown = (await caller.get(f"/v1/accounts/{ANAS_CARD}/rewards"))["programmes"][0]["entitlements"]
    assert [each["state"] for each in shown] == ["issued"]
    assert (await lapse(service), await lapse(service)) == (1, 0)
    service.clock.now += timedelta(days=31)
    assert (await caller.get(f"/v1/accounts/{ANAS_CARD}/rewards"))["programmes"][0]["entitlements"] == []
    assert (await ask(caller, "/v1/entitlements/use", "late", **named))[1]["code"] == "expired"
    assert (await lapse(service), await lapse(service)) == (1, 0)
    assert await told(service) == ["issued drink 1", "reserved drink 2", "released drink 3", "expired drink 4"]
    (over,) = (await caller.get(f"/v1/accounts/{ANAS_CARD}/rewards", ended=True))["programmes"][0]["entitlements"]
    assert over["state"] == "expired"


async def test_what_a_return_leaves_nothing_of_takes_its_gift_back(service: Service):
    await visit(service, kopecks=500_00)
    assert await service.fetch(LIVE) == [("sticker", "issued", 0)]
    await service.hear(returned("p-1", back(100_00, thousandths=200), merchant="cafe", return_id="r-1"))
    assert await service.fetch(LIVE) == [("sticker", "issued", 0)]
    await service.hear(returned("p-1", merchant="cafe", return_id="r-2"))
    assert await service.fetch(LIVE) == [("sticker", "reversed", 0)]
    assert await service.fetch("select value from shared_counter where rule = 'reward/sticker'") == [(0,)]
    assert await service.fetch("select value from counter where rule = 'reward/sticker'") == [(0,)]
    assert await told(service) == ["issued sticker 1", "reversed sticker 2"]


def cups(purchase_id: str, number: int) -> Any:
    """A receipt of so many cups at a rouble, on two lines."""
    lines = tuple(
        Line(line_id=line, sku="cup", category="cup", paid_amount=100 * count, quantity=1000 * count) for line, count in (("1", 1), ("2", number - 1))
    )
    return a_purchase(purchase_id, merchant="cafe", lines=lines)


async def test_each_third_cup_brings_a_mug_whatever_receipts_they_are_on(service: Service):
    await service.hear(cups("p-1", 2), cups("p-2", 2), cups("p-3", 5))
    assert await service.fetch(LIVE) == [("mug", "issued", 0)] * 3
    assert await told(service) == ["issued mug 1"] * 3


async def test_gifts_are_kept_while_something_is_left_of_what_they_were_given_for(service: Service):
    await service.hear(cups("p-1", 7))
    assert await service.fetch(LIVE) == [("mug", "issued", 0)] * 2
    await service.hear(returned("p-1", back(1_00), merchant="cafe", return_id="r-1"))
    assert await service.fetch(LIVE) == [("mug", "issued", 0)] * 2
    await service.hear(returned("p-1", merchant="cafe", return_id="r-2"))
    assert await service.fetch(LIVE) == [("mug", "reversed", 0)] * 2
    assert await service.hear(cups("p-2", 3)) == ["granted"]
    assert [state for _, state, _ in await service.fetch(LIVE)].count("issued") == 1


async def test_an_activity_may_bring_a_gift_once(service: Service):
    verdicts = await service.hear(an_activity(programme="cafe"), an_activity(programme="cafe", event_id="again"), an_activity("a-2", programme="cafe"))
    assert verdicts[1] == "duplicate"
    assert await service.fetch(LIVE) == [("sticker", "issued", 0)]


@pytest.mark.parametrize("handed_over", [False, True])
async def test_a_surprise_that_comes_back_is_in_its_budget_again_and_one_handed_over_stays_counted(service: Service, caller: Caller, *, handed_over: bool):
    await service.publish(CAFE.replace("programme: cafe", "programme: bar").replace("[cafe]", "[bar]").replace("minimum: 500.00}", "budget: 1}"))
    assert await service.hear(a_purchase("p-1", merchant="bar"), a_purchase("p-2", merchant="bar", holder=BORIS_CARD)) == ["granted"] * 2
    ((code,),) = await service.fetch("select code from entitlement")
    if handed_over:
        assert (await ask(caller, "/v1/entitlements/use", code=code))[0] == 200
    await service.hear(returned("p-1", merchant="bar"))
    assert await service.fetch("select value from shared_counter where rule = 'surprise/lucky'") == [(int(handed_over),)]
    await service.hear(a_purchase("p-3", merchant="bar", holder=BORIS_CARD))
    given = {each[:2] for each in await service.fetch(LIVE)}
    assert given == ({("sticker", "used")} if handed_over else {("sticker", "reversed"), ("sticker", "issued")})
    assert await audited(service) == []


async def test_what_was_used_stays_used_when_its_purchase_is_cancelled(service: Service, caller: Caller):
    await visit(service, kopecks=500_00)
    ((id_,),) = await service.fetch("select id from entitlement")
    await ask(caller, "/v1/entitlements/use", entitlement_id=str(id_))
    assert await service.hear(cancelled("p-1", merchant="cafe")) == ["reversed"]
    assert await service.fetch(LIVE) == [("sticker", "used", 1)]


async def test_purchases_of_one_batch_take_no_more_than_there_is(service: Service):
    cards = [f"h1:{letter * 43}" for letter in "ABCDE"]
    assert await service.hear(*(a_purchase(card, merchant="cafe", kopecks=500_00, holder=card) for card in cards for _ in range(1))) == ["granted"] * 5
    assert await service.fetch(LIVE) == [("sticker", "issued", 0)] * 2
    decisions = await service.fetch("select convert_from(decision, 'utf8')::json -> 'not_given' -> -1 ->> 'reason' from purchase order by decided_at")
    assert [reason for (reason,) in decisions].count("out-of-stock") == 3


async def test_the_same_purchase_under_another_event_id_gives_nothing_more(service: Service):
    await visit(service, kopecks=500_00)
    assert await service.hear(a_purchase("p-1", merchant="cafe", kopecks=500_00, event_id="again")) == ["duplicate"]
    assert await service.fetch(LIVE) == [("sticker", "issued", 0)]


async def test_a_correction_gives_what_was_not_given_and_takes_what_is_no_longer_due(service: Service):
    await visit(service, kopecks=400_00)
    assert await service.hear(a_purchase("p-1", merchant="cafe", kopecks=600_00, revision=2)) == ["granted"]
    assert await service.fetch(LIVE) == [("sticker", "issued", 0)]
    assert await service.hear(a_purchase("p-1", merchant="cafe", kopecks=700_00, revision=3)) == ["granted"]
    assert await service.fetch(LIVE) == [("sticker", "issued", 0)]
    assert await service.hear(a_purchase("p-1", merchant="cafe", kopecks=300_00, revision=4)) == ["reversed"]
    assert await service.fetch(LIVE) == [("sticker", "reversed", 0)]
    assert await service.fetch("select value from shared_counter where rule = 'reward/sticker'") == [(0,)]
    assert await service.fetch("select value from counter where rule = 'reward/sticker'") == [(0,)]


async def used(service: Service, caller: Caller) -> None:
    ((id_,),) = await service.fetch("select id from entitlement where state = 'issued'")
    assert (await ask(caller, "/v1/entitlements/use", entitlement_id=str(id_)))[0] == 200


async def test_what_was_used_stays_used_and_counted_when_its_purchase_is_corrected(service: Service, caller: Caller):
    await visit(service, kopecks=500_00)
    await used(service, caller)
    assert await service.hear(a_purchase("p-1", merchant="cafe", kopecks=100_00, revision=2)) == ["reversed"]
    assert await service.fetch(LIVE) == [("sticker", "used", 1)]
    assert await service.fetch("select value from shared_counter where rule = 'reward/sticker'") == [(1,)]
    assert await service.fetch("select value from counter where rule = 'reward/sticker'") == [(1,)]
    assert await audited(service) == []


async def test_a_correction_gives_no_more_than_there_is_beside_what_was_used(service: Service, caller: Caller):
    rules = "".join(f"  - {{id: with-{goods}, when: {{category: {goods}}}, give: {{reward: badge}}}}\n" for goods in ("pie", "bun"))
    shop = CAFE.replace("programme: cafe", "programme: shop").replace("[cafe]", "[shop]").replace("rewards:\n", f"{rules}rewards:\n", 1)
    await service.publish(shop.replace("  - {id: mug", "  - {id: badge, kind: gift, stock: 1}\n  - {id: mug"))
    pie, bun = (Line(line_id="1", sku=goods, category=goods, paid_amount=100_00) for goods in ("pie", "bun"))
    assert await service.hear(a_purchase("p-1", merchant="shop", lines=(pie,))) == ["granted"]
    await used(service, caller)
    assert await service.hear(a_purchase("p-1", merchant="shop", lines=(bun,), revision=2)) == ["applied no-difference"]
    assert await service.fetch(LIVE) == [("badge", "used", 1)]
    assert await audited(service) == []


async def test_a_guests_gift_is_the_members_who_proves_the_card(service: Service, caller: Caller):
    await visit(service, kopecks=500_00)
    await service.hear(linked(member=ANA))
    assert await told(service) == ["issued sticker 1", "moved sticker 2", "moved sticker 2"]
    (gift,) = (await caller.get(f"/v1/accounts/{MEMBER_ANA}/rewards"))["programmes"][0]["entitlements"]
    assert gift["reward"] == "sticker"
    status, _ = await ask(caller, "/v1/entitlements/use", code=gift["code"], holder=MEMBER_ANA)
    assert status == 200
    assert await audited(service) == []


@pytest.mark.parametrize("apart", [True, False])
async def test_what_one_correction_took_back_another_gives_again(service: Service, *, apart: bool):
    """A till mistypes the amount, twice, and puts it right; what is counted is what is there."""
    steps = [a_purchase(merchant="cafe", kopecks=roubles * 100, revision=number) for number, roubles in enumerate((600, 100, 700, 100, 800), start=1)]
    for batch in [[step] for step in steps] if apart else [steps]:
        await service.hear(*batch)
    assert sorted(await service.fetch(LIVE)) == [("sticker", "issued", 0), ("sticker", "reversed", 0), ("sticker", "reversed", 0)]
    assert await service.fetch("select value from counter where rule = 'reward/sticker'") == [(1,)]
    assert await service.fetch("select value from shared_counter where rule = 'reward/sticker'") == [(1,)]
    assert await audited(service) == []


async def test_what_a_return_took_back_is_not_counted_again_by_a_correction(service: Service):
    """Three cups bring a sticker, two of them come back, and then the receipt gets another number."""
    rules = CAFE.replace("every: 3, unit: item}, give: {reward: mug}", "minimum: 20.00}, give: {reward: sticker}")
    await service.publish(rules.replace("programme: cafe", "programme: bar").replace("[cafe]", "[bar]") + "returns: {recheck: true}\n")
    cups = Line(line_id="1", sku="cup", category="cup", paid_amount=30_00, quantity=3000)
    told = [a_purchase(merchant="bar", lines=(cups,), revision=number, receipt_number=f"{number}") for number in (1, 2, 3)]
    assert (await service.hear(told[0], returned("p-1", back(20_00, thousandths=2000), merchant="bar"), *told[1:]))[:2] == ["granted", "reversed"]
    assert await service.fetch(LIVE) == [("sticker", "reversed", 0)]
    assert await service.fetch("select value from counter where rule = 'reward/sticker'") == [(0,)]
    assert await service.fetch("select value from shared_counter where rule = 'reward/sticker'") == [(0,)]
    assert await audited(service) == []


async def a_life(service: Service, caller: Caller) -> None:
    """Everything that can happen to entitlements."""
    await visit(service, kopecks=2000_00)
    await service.hear(cups("p-2", 7), an_activity(programme="cafe"))
    _, drink = await redeem(caller, "drink", "1")
    _, visits = await redeem(caller, "visits", "2")
    _, second = await redeem(caller, "drink", "3")
    await ask(caller, "/v1/entitlements/reserve", "4", code=drink["code"], reserved_for="x", expires_in_seconds=60)
    await ask(caller, "/v1/entitlements/use", "5", code=visits["code"])
    await ask(caller, "/v1/entitlements/use", "6", code=second["code"])
    await service.hear(returned("p-1", merchant="cafe"))
    service.clock.now += timedelta(days=40)
    await lapse(service)


async def test_the_audit_finds_nothing_in_what_was_kept(service: Service, caller: Caller):
    await a_life(service, caller)
    assert {state for _, state, _ in await service.fetch(LIVE)} == {"issued", "used", "expired", "reversed"}
    assert await audited(service) == []


@pytest.mark.parametrize(
    ("damage", "table"),
    [
        ("update entitlement set used = used + 1 where reward = 'visits'", "entitlement"),
        ("update entitlement set state = 'issued' where state = 'reversed'", "entitlement"),
        ("delete from entitlement_step where step = 'used'", "entitlement"),
        ("delete from entitlement where state = 'used'", "entitlement"),
        ("update entitlement set cost = 0 where reward = 'visits'", "entitlement"),
        ("update shared_counter set value = value - 1 where rule = 'reward/drink'", "shared_counter"),
    ],
)
async def test_the_audit_finds_what_was_damaged(service: Service, caller: Caller, administrator: asyncpg.Connection, damage: str, table: str):
    await a_life(service, caller)
    await administrator.execute(damage)
    assert table in {where for where, _ in await audited(service)}


async def test_an_entitlement_of_somebody_else_is_unknown(service: Service, caller: Caller):
    await visit(service, kopecks=500_00)
    await visit(service, "p-2", holder=BORIS_CARD)
    ((code,),) = await service.fetch("select code from entitlement")
    status, problem = await ask(caller, "/v1/entitlements/use", code=code, holder=BORIS_CARD)
    assert (status, problem["code"]) == (404, "unknown-entitlement")


async def test_a_gift_is_the_same_after_a_restore(service: Service, new_service: NewService):
    restored = await new_service()
    await restored.publish(CAFE)
    for each in (service, restored):
        each.clock.now = NOON
        await visit(each, kopecks=500_00)
    ids = "select id, code from entitlement"
    assert await service.fetch(ids) == await restored.fetch(ids)
